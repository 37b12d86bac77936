"""Learning from decided transfers how often a score is right (isotonic regression)."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import sqrt

from core.matching.scoring import Model

FEWEST_DECISIONS = 200
"""Decided transfers a company needs before its own calibration replaces the shipped one."""
BINS = 10
LEAST_BLOCK = 25
"""Decisions a step of the calibration rests on at least."""


def recalibrated(model: Model, decisions: Iterable[tuple[float, bool]]) -> Model:
    """The model with a calibration from a company's own decisions.

    Each decision is the share of the first suggestion before calibration and whether it was right.
    With fewer than 200 decisions the model stays as it was.
    """
    known = sorted(decisions)
    if len(known) < FEWEST_DECISIONS:
        return model
    return Model(model.weights, isotonic(known))


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float:
    """Mean distance of probability and share right over ten equal bins, by their size."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for probability, right in pairs:
        bins[min(int(probability * BINS), BINS - 1)].append((probability, right))
    gaps = (abs(sum(p for p, _ in part) - sum(hit for _, hit in part)) for part in bins)
    return sum(gaps) / max(len(pairs), 1)


def isotonic(decisions: Sequence[tuple[float, bool]]) -> list[tuple[float, float]]:
    """Rising (score, share right) pairs that fit sorted decisions best, pooling violators."""
    blocks: list[list[float]] = []
    for start in range(0, len(decisions), LEAST_BLOCK):
        part = decisions[start : start + LEAST_BLOCK]
        scores, right = sum(score for score, _ in part), sum(hit for _, hit in part)
        blocks.append([scores, float(right), float(len(part))])
        while len(blocks) > 1 and _share(blocks[-2]) >= _share(blocks[-1]):
            last = blocks.pop()
            blocks[-1] = [mine + its for mine, its in zip(blocks[-1], last, strict=True)]
    steps = [(round(scores / count, 6), round(right / count, 6)) for scores, right, count in blocks]
    ends = [(0.0, 0.0), *steps, (1.0, max(steps[-1][1], 0.0) if steps else 1.0)]
    kept = [ends[0]]
    kept += [after for before, after in pairwise(ends) if after[0] > before[0]]
    return kept


def _share(block: list[float]) -> float:
    return block[1] / block[2]


def wilson_lower(right: int, count: int, z: float = 1.96) -> float:
    """The lower end of the 95 % interval of a share."""
    if not count:
        return 0.0
    share, square = right / count, z * z
    middle = share + square / (2 * count)
    spread = z * sqrt(share * (1 - share) / count + square / (4 * count * count))
    return (middle - spread) / (1 + square / count)
