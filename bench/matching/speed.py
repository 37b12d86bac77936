"""Time and memory of the matching beside a scan of all invoices, each size in its own process."""

import gc
import json
import resource
import subprocess
import sys
import time
from typing import Any

from rapidfuzz import fuzz, process

from bench.matching.cases import cases
from bench.matching.world import Case, World, made_world
from core.matching.book import Book

SEED = 77
TRANSFERS = 2_000
SCANS = 10
ROUNDS = 2
"""Rounds over fresh transfers, of which the quickest counts."""


def measured(invoices: int) -> dict[str, Any]:
    """The measurements of one size, taken in a process of its own for its memory."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.matching", str(invoices)],
        check=True,
        capture_output=True,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure_here(invoices: int) -> dict[str, Any]:
    """The measurements, taken in this process."""
    world = made_world(SEED, invoices)
    asked = cases(world, TRANSFERS * ROUNDS)
    began = time.perf_counter()
    book = Book.of(world.invoices, world.history)
    loaded = time.perf_counter() - began
    gc.collect()
    gc.freeze()
    rounds = [_suggest(book, asked[turn::ROUNDS]) for turn in range(ROUNDS)]
    each = min(rounds, key=sum)
    ours = sum(each) / len(each)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    references, both = _scan(world, asked)
    return {
        "invoices": invoices,
        "load_seconds": round(loaded, 1),
        "peak_mib": round(peak),
        "microseconds": round(ours * 1e6, 1),
        "microseconds_median": round(sorted(each)[len(each) // 2] * 1e6, 1),
        "scan_microseconds": round(both * 1e6),
        "reference_scan_microseconds": round(references * 1e6),
        "times_faster": round(both / ours, 1),
        "times_faster_than_references_alone": round(references / ours, 1),
    }


def _suggest(book: Book, asked: list[Case]) -> list[float]:
    """Seconds of each transfer, of all kinds of case."""
    took = []
    for case in asked:
        began = time.perf_counter()
        book.suggest(case.transfer)
        took.append(time.perf_counter() - began)
    return took


def _scan(world: World, asked: list[Case]) -> tuple[float, float]:
    """Seconds a transfer to compare every reference, and every reference and name."""
    references = [invoice.ocr for invoice in world.invoices]
    names = [invoice.tenant_name for invoice in world.invoices]
    by_reference = by_name = 0.0
    for case in asked[:SCANS]:
        written = case.transfer.reference or case.transfer.text
        began = time.perf_counter()
        process.extract(written, references, scorer=fuzz.ratio, limit=5)
        middle = time.perf_counter()
        process.extract(
            case.transfer.counterparty_name, names, scorer=fuzz.token_set_ratio, limit=5
        )
        by_reference += middle - began
        by_name += time.perf_counter() - middle
    return by_reference / SCANS, (by_reference + by_name) / SCANS
