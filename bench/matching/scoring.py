"""Scores of suggestions against the truth: accuracy by kind, calibration, the automatic ones."""

from collections.abc import Iterable
from typing import Any

from bench.matching.world import Case
from core.matching.calibration import calibration_error, wilson_lower
from core.matching.records import Suggestion

Answered = tuple[Case, list[Suggestion]]


def scores(answered: Iterable[Answered], single_kinds: tuple[str, ...]) -> dict[str, Any]:
    """Everything the benchmark reports about answers; a set of invoices is right only whole."""
    kinds: dict[str, list[tuple[bool, bool]]] = {}
    first: list[tuple[float, bool]] = []
    every: list[tuple[float, bool]] = []
    autos, wrong, count = 0, [], 0
    for case, found in answered:
        count += 1
        truth = set(case.truth)
        hits = [bool(truth) and set(each.invoice_ids) == truth for each in found]
        silent = not truth and (not found or found[0].probability < 0.5)
        kinds.setdefault(case.kind, []).append((silent or hits[:1] == [True], silent or any(hits)))
        every += [(float(each.probability), hit) for each, hit in zip(found, hits, strict=True)]
        first += [(float(found[0].probability), hits[0])] if found else []
        for each, hit in zip(found, hits, strict=True):
            autos += each.auto
            if each.auto and not hit:
                wrong.append((case.kind, case.transfer.transfer_id))
    single = [pair for kind in single_kinds for pair in kinds.get(kind, [])]
    return {
        "transfers": count,
        "first": _share(hit for hit, _ in single),
        "within_five": _share(hit for _, hit in single),
        "calibration_error": round(calibration_error(first), 4),
        "calibration_error_all": round(calibration_error(every), 4),
        "auto": autos,
        "auto_wrong": len(wrong),
        "auto_right_lower": round(wilson_lower(autos - len(wrong), autos), 5),
        "auto_coverage": round(autos / max(count, 1), 4),
        "wrong": wrong,
        "kinds": {
            kind: {
                "transfers": len(pairs),
                "first": _share(hit for hit, _ in pairs),
                "within_five": _share(hit for _, hit in pairs),
            }
            for kind, pairs in sorted(kinds.items())
        },
    }


def _share(hits: Iterable[bool]) -> float:
    every = list(hits)
    return round(sum(every) / max(len(every), 1), 4)
