"""Expected receipts by week with their range, invoice by invoice, as seen on a day; pure.

The expectation of each invoice is rounded cumulatively, so that the invoices of a week add up to it
to the minor unit. The range comes from draws that are spread evenly and the same at every call; the
invoices of a customer are late or early together.
"""

import hashlib
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil

from core.forecast.behaviour import Behaviour
from core.forecast.invoices import Billed
from core.money import rounded

WEEK = 7
DRAWS = 200
LOW, MIDDLE, HIGH = Fraction(1, 10), Fraction(1, 2), Fraction(9, 10)


@dataclass(frozen=True, slots=True)
class Range:
    """P10, P50 and P90 in minor units."""

    low_minor: int
    middle_minor: int
    high_minor: int


@dataclass(frozen=True, slots=True)
class Expected:
    """What one open invoice is expected to bring: by week, later, and never; minor units.

    `settled_before` counts the customer's settled invoices behind it; `naive_week` is the week of
    its due date, the first one when it is overdue, None after the last.
    """

    invoice: Billed
    open_minor: int
    weeks_minor: tuple[int, ...]
    later_minor: int
    never_minor: int
    settled_before: int
    naive_week: int | None


@dataclass(frozen=True, slots=True)
class Week:
    """Receipts expected from `since` to `until`, both days included; minor units.

    `naive_minor` is what would come if every invoice were paid on its due date, overdue ones at
    once.
    """

    since: date
    until: date
    expected_minor: int
    range: Range
    naive_minor: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """The weeks after a day, and the invoices they rest on; `within[n]` is the range of the sum of
    the first n + 1 weeks, since ranges do not add up. `credit_minor` was taken off the invoices.
    """

    day: date
    weeks: tuple[Week, ...]
    within: tuple[Range, ...]
    invoices: tuple[Expected, ...]
    credit_minor: int

    @property
    def open_minor(self) -> int:
        """What is open: all weeks, later and never together."""
        return sum(row.open_minor for row in self.invoices)

    @property
    def later_minor(self) -> int:
        """What is expected after the last week."""
        return sum(row.later_minor for row in self.invoices)

    @property
    def never_minor(self) -> int:
        """What is expected never to come."""
        return sum(row.never_minor for row in self.invoices)

    def expected_minor(self, weeks: int) -> int:
        """What the first weeks are expected to bring."""
        return sum(week.expected_minor for week in self.weeks[:weeks])

    def naive_minor(self, weeks: int) -> int:
        """What the first weeks would bring if every invoice were paid on its due date."""
        return sum(week.naive_minor for week in self.weeks[:weeks])


def forecast(
    behaviour: Behaviour,
    invoices: Sequence[Billed],
    day: date,
    weeks: int,
    credit: dict[str, int] | None = None,
) -> Forecast:
    """What the open invoices of one currency will bring in the weeks after a day.

    `credit` is each customer's money that is not yet set against an invoice; it is taken off the
    invoices due first.
    """
    left = _less_credit(invoices, day, credit or {})
    rows, curves = [], []
    for invoice, open_minor in left:
        by_day = behaviour.paid_by(invoice, day, weeks * WEEK)
        by_week = [by_day[WEEK * n - 1] for n in range(1, weeks + 1)]
        curves.append(by_week)
        rows.append(_expected(invoice, open_minor, by_week, by_day[-1], behaviour, day))
    drawn = _draws(rows, curves, weeks)
    return Forecast(
        day,
        tuple(_week(rows, day, n, drawn) for n in range(weeks)),
        tuple(_range([sum(draw[: n + 1]) for draw in drawn]) for n in range(weeks)),
        tuple(rows),
        sum(invoice.owed_minor(day) for invoice in invoices) - sum(each for _, each in left),
    )


def _less_credit(
    invoices: Sequence[Billed], day: date, credit: dict[str, int]
) -> list[tuple[Billed, int]]:
    """The open invoices with what is still to come on them, those due first leading."""
    unused, found = dict(credit), []
    for invoice in sorted(invoices, key=lambda i: (i.due_on, i.invoice_id)):
        owed = invoice.owed_minor(day)
        taken = min(owed, unused.get(invoice.customer, 0))
        if taken:
            unused[invoice.customer] -= taken
        if owed > taken:
            found.append((invoice, owed - taken))
    return found


def _expected(
    invoice: Billed,
    open_minor: int,
    by_week: Sequence[float],
    ever: float,
    behaviour: Behaviour,
    day: date,
) -> Expected:
    """Cumulative rounding: weeks, later and never add up to what is open."""
    reached = [rounded(open_minor * Fraction(share)) for share in (*by_week, ever)]
    weeks = tuple(now - before for before, now in pairwise((0, *reached[:-1])))
    naive = max((invoice.due_on - day).days - 1, 0) // WEEK
    return Expected(
        invoice,
        open_minor,
        weeks,
        reached[-1] - reached[-2],
        open_minor - reached[-1],
        behaviour.settled_by(invoice.customer),
        naive if naive < len(by_week) else None,
    )


def _week(rows: Sequence[Expected], day: date, nth: int, drawn: Sequence[Sequence[int]]) -> Week:
    since = day + timedelta(days=WEEK * nth + 1)
    return Week(
        since,
        since + timedelta(days=WEEK - 1),
        sum(row.weeks_minor[nth] for row in rows),
        _range([draw[nth] for draw in drawn]),
        sum(row.open_minor for row in rows if row.naive_week == nth),
    )


def _draws(
    rows: Sequence[Expected], curves: Sequence[Sequence[float]], weeks: int
) -> list[list[int]]:
    """What each draw brings by week; a customer draws once for all of its invoices."""
    sums = [[0] * weeks for _ in range(DRAWS)]
    for row, curve in zip(rows, curves, strict=True):
        for draw, level in enumerate(_levels(row.invoice.customer)):
            week = bisect_left(curve, level)
            if week < weeks:
                sums[draw][week] += row.open_minor
    return sums


@lru_cache(maxsize=4096)
def _levels(customer: str) -> tuple[float, ...]:
    """The evenly spread levels of a customer's draws, in an order of its own that never changes."""
    order = sorted(range(DRAWS), key=lambda n: hashlib.sha256(f"{customer}:{n}".encode()).digest())
    return tuple((n + 0.5) / DRAWS for n in order)


def _range(sums: list[int]) -> Range:
    """The nearest-rank percentiles."""
    ordered = sorted(sums)
    return Range(*(ordered[ceil(part * len(ordered)) - 1] for part in (LOW, MIDDLE, HIGH)))
