"""Fits `core/matching/model.json`: weights on some simulated companies, calibration on others.

Run it with `python -m bench.matching.fitting`; the benchmark then uses companies seen by neither.
"""

import json
import sys
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from bench.matching.cases import cases
from bench.matching.world import Case, made_world
from core.matching.book import Book
from core.matching.calibration import isotonic
from core.matching.candidates import Candidate
from core.matching.facts import BY_NAME
from core.matching.scoring import FILE, LEAST_SCORE, Model, model_of

WEIGHT_SEEDS = range(1_000, 1_040)
CALIBRATION_SEEDS = range(2_000, 2_030)
TRANSFERS = 1_500
SIZES = (80, 400, 1_500, 5_000, 12_000)
"""Invoices of the companies, in turn."""
ROUNDS = 600
PULL = 3e-5
"""How strongly weights are drawn to zero."""
BY_HAND = {"declined": -9.0}
"""What no simulated company can teach."""

Floats = NDArray[np.float64]
Weighed = list[tuple[Case, list[Candidate]]]


def weighed(seeds: Iterable[int], model: Model) -> Iterator[Weighed]:
    """For each company its transfers with all candidates."""
    for place, seed in enumerate(seeds):
        world = made_world(seed, SIZES[place % len(SIZES)])
        book = Book.of(world.invoices, world.history, model)
        yield [(case, book.weigh(case.transfer)) for case in cases(world, TRANSFERS)]
        sys.stderr.write(f"company {seed}\n")


def fitted(companies: Iterable[Weighed]) -> dict[str, float]:
    """Weights under which the true candidates, or "none of them", are most probable."""
    names = [name for name in BY_NAME if name not in BY_HAND]
    bits = np.array([BY_NAME[name] for name in names], dtype=np.int64)
    masks, owner, true, count = [], [], [], 0
    for company in companies:
        for case, candidates in company:
            truth = set(case.truth)
            for each in candidates:
                masks.append(each.facts)
                owner.append(count)
                true.append(bool(truth) and {i.invoice_id for i in each.invoices} == truth)
            count += 1
    given = ((np.array(masks, dtype=np.int64)[:, None] & bits) != 0).astype(np.float32)
    weights = _climb(given, np.array(owner), np.array(true, dtype=np.float64), count)
    found = {name: round(float(weight), 3) for name, weight in zip(names, weights, strict=True)}
    return found | BY_HAND


def _climb(
    given: NDArray[np.float32], owner: NDArray[np.int64], true: Floats, count: int
) -> Floats:
    """Adam on the likelihood of the true choices; "none" has the score 0."""
    weights, mean, spread = (np.zeros(given.shape[1]) for _ in range(3))
    for turn in range(1, ROUNDS + 1):
        strengths = np.exp(np.clip(given @ weights.astype(np.float32), -40, 40)).astype(np.float64)
        whole = 1.0 + np.bincount(owner, strengths, count)
        slope = (true - strengths / whole[owner]).astype(np.float32) @ given / count
        slope = slope - PULL * weights
        mean = 0.9 * mean + 0.1 * slope
        spread = 0.999 * spread + 0.001 * slope**2
        step = 0.08 * (1 - turn / (ROUNDS + 60))
        weights += step * (mean / (1 - 0.9**turn)) / (np.sqrt(spread / (1 - 0.999**turn)) + 1e-9)
        if turn % 100 == 0:
            chosen = np.bincount(owner, true * strengths, count)
            chosen[chosen == 0] = 1.0
            sys.stderr.write(f"{turn}: {np.mean(np.log(chosen / whole)):.5f}\n")
    return weights


def steps(companies: Iterable[Weighed]) -> list[tuple[float, float]]:
    """The calibration of the first candidate's share."""
    pairs = [
        (found[0].share, {i.invoice_id for i in found[0].invoices} == set(case.truth))
        for company in companies
        for case, found in company
        if found and found[0].share >= LEAST_SCORE
    ]
    return isotonic(sorted(pairs))


def main() -> None:
    """Fit and write the model."""
    flat = [(0.0, 0.0), (1.0, 1.0)]
    weights = fitted(weighed(WEIGHT_SEEDS, Model({}, flat)))
    calibration = steps(weighed(CALIBRATION_SEEDS, Model(weights, flat)))
    written = {"weights": weights, "calibration": calibration}
    model_of(written)
    FILE.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
