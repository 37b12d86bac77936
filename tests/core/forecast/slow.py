"""The cash forecast invoice by invoice and day by day, as its definition reads; the reference."""

import hashlib
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import accumulate, pairwise
from math import ceil

from core.forecast.backtest import HORIZONS, ORIGINS, Trial, month_ends
from core.forecast.behaviour import EARLIEST, HISTORY_DAYS, LATEST, USUAL, WEEK, Beliefs
from core.forecast.draws import DRAWS, HIGH, LOW, MIDDLE, Range
from core.forecast.receipts import Week
from core.money import rounded

_SPAN = LATEST - EARLIEST + 1
_WORD = 2**64 - 1
Shares = Sequence[float]


@dataclass(frozen=True, slots=True)
class Paid:
    """What was set against an invoice on a day; `cash` is False for credit and prepaid money.

    A payment taken back is a negative amount on the day it was taken back.
    """

    on: date
    amount_minor: int
    cash: bool = True


@dataclass(frozen=True, slots=True)
class Billed:
    """An issued invoice, amounts in minor units of its currency, tax included.

    `closed_on` is the day it was voided or written off; `at_once` says that a card paid all of it,
    which tells nothing about how long its customer takes to pay.
    """

    invoice_id: int
    customer: str
    country: str
    currency: str
    issued_on: date
    due_on: date
    total_minor: int
    paid: tuple[Paid, ...] = ()
    closed_on: date | None = None
    void: bool = False
    at_once: bool = False

    def late_on(self, day: date) -> int:
        """Days past due, negative before."""
        return (day - self.due_on).days

    def is_closed(self, day: date) -> bool:
        """Whether it was voided or written off by the end of a day."""
        return self.closed_on is not None and self.closed_on <= day

    def owed_minor(self, day: date) -> int:
        """What was owed at the end of a day; 0 before it was issued."""
        if self.issued_on > day or self.is_closed(day):
            return 0
        return max(self.total_minor - sum(p.amount_minor for p in self.paid if p.on <= day), 0)

    def settled_on(self, day: date) -> date | None:
        """The day on which it was paid in full, as far as known at the end of a day."""
        known = [p for p in self.paid if p.on <= day]
        if not known or sum(p.amount_minor for p in known) < self.total_minor:
            return None
        return max(p.on for p in known)

    def was_paid_in_cash(self, day: date) -> bool:
        """Whether any money came by the end of a day."""
        return any(p.cash and p.amount_minor > 0 for p in self.paid if p.on <= day)

    def came_minor(self, after: date, until: date) -> int:
        """The money that came after a day, up to another; less what was taken back."""
        return sum(p.amount_minor for p in self.paid if p.cash and after < p.on <= until)


@dataclass(frozen=True, slots=True)
class _Course:
    """An invoice's way: open from `first` to `last` (days past due), `paid` on the last or not."""

    first: int
    last: int
    paid: bool
    weight: float


class Behaviour:
    """What was known of payment behaviour at the end of a day."""

    def __init__(self, invoices: Iterable[Billed], day: date, beliefs: Beliefs = USUAL) -> None:
        self._beliefs = beliefs
        everybody: list[_Course] = []
        self._countries: dict[str, list[_Course]] = {}
        self._customers: dict[str, list[_Course]] = {}
        for invoice in invoices:
            course = _course(invoice, day, beliefs.half_life_days)
            if course is not None:
                everybody.append(course)
                self._countries.setdefault(invoice.country, []).append(course)
                self._customers.setdefault(invoice.customer, []).append(course)
        self.settled = sum(course.paid for course in everybody)
        self._all = _shares(everybody, [0.0] * _SPAN, 0.0)
        self._by_country: dict[str, Shares] = {}
        self._by_customer: dict[tuple[str, str], Shares] = {}

    def shares(self, customer: str, country: str) -> Shares:
        """The shares of a customer, leaning on those of its country."""
        key = customer, country
        if key not in self._by_customer:
            own = self._customers.get(customer, [])
            self._by_customer[key] = _shares(
                own, self._country(country), self._beliefs.country_invoices
            )
        return self._by_customer[key]

    def settled_by(self, customer: str) -> int:
        """How many settled invoices a customer's own behaviour rests on."""
        return sum(course.paid for course in self._customers.get(customer, []))

    def paid_by(self, invoice: Billed, day: date, days: int) -> list[float]:
        """The probabilities that an invoice open on `day` is paid by the end of each of the next
        days, given how late it is already; the last entry is that it is ever paid.
        """
        shares = self.shares(invoice.customer, invoice.country)
        begin = invoice.late_on(day) - EARLIEST + 1
        open_still, found = 1.0, []
        for at in range(begin, max(begin + days, _SPAN)):
            if 0 <= at < _SPAN:
                open_still *= 1 - shares[at]
            found.append(1 - open_still)
        return [*found[:days], found[-1]]

    def _country(self, country: str) -> Shares:
        if country not in self._by_country:
            courses = self._countries.get(country, [])
            self._by_country[country] = _shares(courses, self._all, self._beliefs.all_invoices)
        return self._by_country[country]


def _course(invoice: Billed, day: date, half_life_days: int) -> _Course | None:
    """What an invoice tells at the end of a day; None when it tells nothing."""
    late = invoice.late_on(day)
    if invoice.issued_on > day or invoice.at_once or late > HISTORY_DAYS or not invoice.total_minor:
        return None
    closed = invoice.is_closed(day)
    settled_on = invoice.settled_on(day)
    if (closed and invoice.void) or (settled_on and not invoice.was_paid_in_cash(day)):
        return None
    paid = settled_on is not None and invoice.late_on(settled_on) <= LATEST
    last = invoice.late_on(settled_on) if settled_on else late
    last = min(max(last, EARLIEST), LATEST)
    first = min(max(invoice.late_on(invoice.issued_on), EARLIEST), last)
    return _Course(first, last, paid, 0.5 ** (max(late, 0) / half_life_days))


def _shares(courses: Iterable[_Course], wider: Shares, belief: float) -> Shares:
    """Weighted shares paid, drawn towards those of the wider group."""
    moves, paid = [0.0] * (_SPAN + 1), [0.0] * _SPAN
    for course in courses:
        moves[course.first - EARLIEST] += course.weight
        moves[course.last - EARLIEST + 1] -= course.weight
        if course.paid:
            paid[course.last - EARLIEST] += course.weight
    still_open = accumulate(moves[:-1])
    return [
        min((hit + belief * prior) / (held + belief), 1.0) if held + belief > 1e-9 else 0.0
        for hit, held, prior in zip(paid, still_open, wider, strict=True)
    ]


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


def _levels(customer: str) -> list[float]:
    """The level of each of a customer's draws: evenly spread, in the order of SplitMix64."""
    seed = int.from_bytes(hashlib.sha256(customer.encode()).digest()[:8], "big")

    def number(nth: int) -> int:
        mixed = (seed + 0x9E3779B97F4A7C15 * (nth + 1)) & _WORD
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _WORD
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _WORD
        return mixed ^ (mixed >> 31)

    levels = [0.0] * DRAWS
    for nth, draw in enumerate(sorted(range(DRAWS), key=number)):
        levels[draw] = (nth + 0.5) / DRAWS
    return levels


def _range(sums: list[int]) -> Range:
    """The nearest-rank percentiles."""
    ordered = sorted(sums)
    return Range(*(ordered[ceil(part * len(ordered)) - 1] for part in (LOW, MIDDLE, HIGH)))


def back_test(
    everything: Sequence[Billed],
    of_currency: Sequence[Billed],
    today: date,
    origins: int = ORIGINS,
    beliefs: Beliefs = USUAL,
) -> list[Trial]:
    """Trials of the last month ends, those whose weeks are over by `today`, oldest first.

    Behaviour is learnt from all invoices; the forecast is for those of one currency.
    """
    trials = []
    for day in month_ends(today - timedelta(days=WEEK * min(HORIZONS)), origins):
        behaviour = Behaviour(everything, day, beliefs)
        if behaviour.settled < beliefs.least_settled:
            continue
        over = [weeks for weeks in HORIZONS if day + timedelta(days=WEEK * weeks) <= today]
        made = forecast(behaviour, of_currency, day, max(over))
        if made.invoices:
            trials += [_trial(made, weeks) for weeks in over]
    return trials


def _trial(made: Forecast, weeks: int) -> Trial:
    chosen = made.weeks[:weeks]
    came = [
        sum(
            row.invoice.came_minor(week.since - timedelta(days=1), week.until)
            for row in made.invoices
        )
        for week in chosen
    ]
    return Trial(
        made.day,
        weeks,
        made.expected_minor(weeks),
        made.within[weeks - 1],
        made.naive_minor(weeks),
        sum(came),
        sum(abs(week.expected_minor - got) for week, got in zip(chosen, came, strict=True)),
        sum(abs(week.naive_minor - got) for week, got in zip(chosen, came, strict=True)),
    )
