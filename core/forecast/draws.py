"""The range of receipts, from draws that are spread evenly and the same at every call; pure.

A customer draws once for all of its invoices, which are late or early together.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from core.forecast.invoices import Flags, Whole

DRAWS = 200
LOW, MIDDLE, HIGH = Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)
Numbers = NDArray[np.uint64]
_LEVELS = (np.arange(DRAWS) + 0.5) / DRAWS
_ROWS = 4096
_DRAWN = 512
"""Invoices whose draws are made at a time, so that they stay in the processor's cache."""
_STEP, _MIX, _MIX_AGAIN = (
    np.uint64(each) for each in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)
)


@dataclass(frozen=True, slots=True)
class Range:
    """P10, P50 and P90 in minor units."""

    low_minor: int
    middle_minor: int
    high_minor: int


@dataclass(frozen=True)
class Orders:
    """Which draw each of the evenly spread levels falls to, for every customer in an own order.

    The order is that of numbers made from the customer's key by SplitMix64 (Steele, Lea, Flood:
    Fast splittable pseudorandom number generators, 2014); it never changes.
    """

    customers: Sequence[str]

    @cached_property
    def seeds(self) -> Numbers:
        """A number for each customer."""
        return seeds_of(self.customers)

    def draws(self, customers: Whole) -> NDArray[np.uint8]:
        """A row for each customer there is, made for these at least: the draw of the lowest level,
        of the next one, and so on.
        """
        missing = np.unique(customers[~self._is_made[customers]])
        for start in range(0, len(missing), _ROWS):
            now = missing[start : start + _ROWS]
            part = self.seeds[now, None]
            numbers = _finished(part + _STEP * np.arange(1, DRAWS + 1, dtype=np.uint64))
            self._made[now] = np.argsort(numbers, axis=1)
        self._is_made[missing] = True
        return self._made

    @cached_property
    def _made(self) -> NDArray[np.uint8]:
        return np.empty((len(self.customers), DRAWS), np.uint8)

    @cached_property
    def _is_made(self) -> Flags:
        return np.zeros(len(self.customers), np.bool_)


def seeds_of(names: Iterable[str]) -> Numbers:
    """The first eight bytes of each name's SHA-256 as a number."""
    digests = b"".join(hashlib.sha256(name.encode()).digest()[:8] for name in names)
    return np.frombuffer(digests, ">u8").astype(np.uint64)


def mixed(numbers: Numbers, more: Numbers) -> Numbers:
    """Numbers made of two each, the order of which counts."""
    return _finished((numbers ^ more) + _STEP)


def _finished(numbers: Numbers) -> Numbers:
    """The finishing step of SplitMix64."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _MIX
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _MIX_AGAIN
    finished: Numbers = numbers ^ (numbers >> np.uint64(31))
    return finished


def drawn(
    orders: Orders, customer: Whole, open_minor: Whole, by_week: NDArray[np.float64]
) -> Whole:
    """What each draw brings by week: an invoice comes in the week in which the probability that it
    is paid reaches the level its customer drew.
    """
    weeks = by_week.shape[1]
    sums = np.zeros(DRAWS * weeks, np.int64)
    reached = np.searchsorted(_LEVELS, by_week, side="right")
    [moving] = np.nonzero(reached[:, -1])
    draws = orders.draws(customer[moving])
    for start in range(0, len(moving), _DRAWN):
        rows = moving[start : start + _DRAWN]
        last = reached[rows, -1]
        in_week = np.diff(reached[rows], axis=1, prepend=0)
        week = np.repeat(np.tile(np.arange(weeks), len(rows)), in_week.ravel())
        row = np.repeat(np.arange(len(rows)), last)
        level = np.arange(len(row)) - np.repeat(np.cumsum(last) - last, last)
        draw = draws[customer[rows[row]], level].astype(np.int64)
        np.add.at(sums, draw * weeks + week, open_minor[rows[row]])
    return sums.reshape(DRAWS, weeks)


def range_of(sums: Whole) -> Range:
    """The nearest-rank percentiles of one sum for each draw."""
    ordered = np.sort(sums)
    return Range(*(int(ordered[ceil(part * len(ordered)) - 1]) for part in (LOW, MIDDLE, HIGH)))
