"""From facts to a probability: weights, competition between candidates, calibration (UNM.2)."""

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from math import exp
from pathlib import Path
from typing import Any

from core.matching.facts import BY_NAME

FILE = Path(__file__).with_name("model.json")
MOST_CACHED = 200_000
LEAST_SCORE = 0.02
"""Shares below this are not calibrated upwards, they say nothing."""
LEAST, MOST = 0.001, 0.999
"""Nothing is certain: probabilities stay within these."""


@dataclass(slots=True)
class Model:
    """Weights of the facts and the steps of the calibration, as `model.json` holds them.

    `calibration` are (score, probability) pairs, both rising, with straight lines between them.
    """

    weights: Mapping[str, float]
    calibration: Sequence[tuple[float, float]]
    _tables: list[list[float]] = field(init=False)
    _known: dict[int, float] = field(init=False, default_factory=dict)
    _steps: list[float] = field(init=False)

    def __post_init__(self) -> None:
        unknown = set(self.weights) - set(BY_NAME)
        assert not unknown, f"weights for unknown facts: {sorted(unknown)}"
        self._tables = _by_bytes({BY_NAME[name]: each for name, each in self.weights.items()})
        self._steps = [score for score, _ in self.calibration]

    def strength(self, facts: int) -> float:
        """The odds of a set of facts against "none of them"; facts weigh as exponents."""
        known = self._known.get(facts)
        if known is None:
            if len(self._known) >= MOST_CACHED:
                self._known.clear()
            total = 0.0
            for table, byte in zip(self._tables, facts.to_bytes(8, "little"), strict=True):
                total += table[byte]
            known = self._known[facts] = exp(min(max(total, -40.0), 40.0))
        return known

    def shares(self, facts: Sequence[int]) -> list[float]:
        """Each candidate's share among all of them and "none of them", which weighs 1."""
        strengths = [self.strength(each) for each in facts]
        whole = 1.0 + sum(strengths)
        return [each / whole for each in strengths]

    def alone(self, facts: int) -> float:
        """The share of a single candidate."""
        strength = self.strength(facts)
        return strength / (1.0 + strength)

    def calibrated(self, share: float) -> float:
        """The share of such candidates that were right, learnt from decided transfers."""
        place = bisect_right(self._steps, share)
        if place == 0 or place == len(self._steps):
            found = self.calibration[min(place, len(self._steps) - 1)][1]
        else:
            (low, below), (high, above) = self.calibration[place - 1 : place + 1]
            found = below + (above - below) * (share - low) / (high - low)
        return min(max(found, LEAST), MOST)


def _by_bytes(weights: Mapping[int, float]) -> list[list[float]]:
    """For each of the eight bytes of a set of facts the weight of its 256 values."""
    return [
        [
            sum(weight for bit, weight in weights.items() if (value << 8 * place) & bit)
            for value in range(256)
        ]
        for place in range(8)
    ]


@cache
def shipped_model() -> Model:
    """The model that was fitted on simulated companies (`bench/matching/`)."""
    return model_of(json.loads(FILE.read_text()))


def model_of(written: dict[str, Any]) -> Model:
    """A model from its JSON: `weights` by fact, `calibration` as pairs."""
    return Model(written["weights"], [(low, share) for low, share in written["calibration"]])


_THOUSANDTHS = tuple(Decimal(f"{each / 1_000:.3f}") for each in range(1_001))


def decimal_of(probability: float) -> Decimal:
    """A probability with three decimals, for files and pages."""
    return _THOUSANDTHS[int(probability * 1_000 + 0.5)]
