"""How customers pay: for each day past due, the share of invoices still open that is paid on it.

The share of a customer leans on that of its country, and that on all customers', the more the fewer
invoices it rests on. Invoices still open count for every day they stayed open, written-off ones for
all days since: what is left after the last day is the share never paid. Recent invoices weigh more.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.forecast.invoices import NEVER, Bills, Flags, Known, Whole
from core.settings import Settings

EARLIEST = -120
LATEST = 400
"""Days past due that are told apart; what is not paid by the last one counts as never paid."""
HISTORY_DAYS = 3 * 366
"""Invoices that fell due longer ago say nothing any more."""
WEEK = 7
_SPAN = LATEST - EARLIEST + 1
_BITS = 32
_ALIKE = 128
"""Days within which invoices are about as late: the days that all of them need are not many more
than each one does."""
_GROUPS = 512
_ROWS = 1024
"""Groups and invoices worked on at a time, so that their days stay in the processor's cache."""

Shares = NDArray[np.float64]
"""A row a group: for each day from EARLIEST to LATEST, the share paid on it of what is open."""


@dataclass(frozen=True, slots=True)
class Beliefs:
    """How far narrow and old experience is trusted; see the settings of the same names.

    An invoice that fell due `half_life_days` ago weighs half; a customer's invoices lean on those
    of its country as on `country_invoices` more, a country's on all as on `all_invoices` more.
    """

    half_life_days: int = 270
    country_invoices: int = 10
    all_invoices: int = 20
    least_settled: int = 30
    """Settled invoices without which a forecast of the past would be a guess."""

    @classmethod
    def of(cls, settings: Settings) -> "Beliefs":
        """Those of the settings."""
        return cls(
            settings.forecast_half_life_days,
            settings.forecast_country_invoices,
            settings.forecast_all_invoices,
            settings.forecast_least_settled,
        )


USUAL = Beliefs()


@dataclass(frozen=True, slots=True)
class _Courses:
    """Ways of invoices: open from `first` to `last` (days since EARLIEST), paid then or not."""

    first: Whole
    last: Whole
    paid: Flags
    weight: NDArray[np.float64]

    def those(self, at: Whole) -> "_Courses":
        """Those at some places."""
        return _Courses(self.first[at], self.last[at], self.paid[at], self.weight[at])


class _ByCustomer:
    """The places of the courses of each customer."""

    def __init__(self, customer: Whole, customers: int) -> None:
        keys = customer << _BITS | np.arange(len(customer))
        keys.sort()
        self._places: Whole = keys & ((1 << _BITS) - 1)
        self._starts: Whole = np.concatenate(
            ([0], np.cumsum(np.bincount(customer, minlength=customers)))
        )

    def of(self, customers: Whole) -> tuple[Whole, Whole]:
        """The places of the courses of some customers, and which of these each belongs to."""
        begins = self._starts[customers]
        counts = self._starts[customers + 1] - begins
        group = np.repeat(np.arange(len(customers)), counts)
        before = np.cumsum(counts) - counts
        return self._places[np.arange(len(group)) + (begins - before)[group]], group


class Behaviour:
    """What was known of payment behaviour at the end of a day."""

    def __init__(self, bills: Bills, known: Known, beliefs: Beliefs = USUAL) -> None:
        self._bills, self._beliefs, self._today = bills, beliefs, known.today
        at = _telling(bills, known)
        customer, country = bills.customer[at], bills.country[at]
        courses = _courses(bills, known, at, beliefs.half_life_days)
        nobody = np.zeros((1, _SPAN))
        everybody = _shares(courses, np.zeros_like(country), 1, nobody, 0)
        self._by_country = _shares(
            courses, country, len(bills.countries), everybody, beliefs.all_invoices
        )
        self._courses = courses
        self._by_customer = _ByCustomer(customer, len(bills.customers))
        self.settled = int(courses.paid.sum())
        self.settled_by: Whole = np.bincount(customer[courses.paid], minlength=len(bills.customers))
        """How many settled invoices each customer's own behaviour rests on."""

    def paid_by(
        self, places: Whole, weeks: int, *, ever: bool = True
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The probabilities that invoices open on the day are paid by the end of each of the next
        weeks, given how late they are already: a row each; and that they are ever paid, which is
        left at 0 unless it is asked for.
        """
        days = weeks * WEEK
        begin = np.clip(self._today - self._bills.due_on[places] - EARLIEST + 1, -days, _SPAN)
        by_week, at_last = np.zeros((len(places), weeks)), np.zeros(len(places))
        for rows, own, pairs in self._groups(places, begin, _SPAN if ever else _ALIKE):
            low, high = int(begin[rows].min()), int(begin[rows].max())
            width = max(days, _SPAN - low) if ever else days
            until = _SPAN if ever else min(high + days, _SPAN)
            since, shares = self._shares_of(*pairs, max(low, 0), until)
            pad = max(-low, 0)
            still = np.ones((len(shares), pad + max(high + width, until) - since))
            np.subtract(1, shares, out=still[:, pad : pad + until - since])
            windows = np.lib.stride_tricks.sliding_window_view(still, width, axis=1)
            for part in range(0, len(rows), _ROWS):
                now = rows[part : part + _ROWS]
                chosen = windows[own[part : part + _ROWS], begin[now] - since + pad]
                open_still = np.multiply.accumulate(chosen, axis=1)
                by_week[now] = 1 - open_still[:, WEEK - 1 : days : WEEK]
                if ever:
                    at_last[now] = 1 - open_still[:, -1]
        return by_week, at_last

    def _groups(
        self, places: Whole, begin: Whole, alike: int
    ) -> Iterator[tuple[Whole, Whole, tuple[Whole, Whole]]]:
        """Some of the rows that are late within so many days, with the pair of customer and country
        of each one, and the pairs; rows that are too late for any share are left out.

        A customer leans on the country that the invoice names.
        """
        countries = len(self._bills.countries)
        several = len(self._bills.customers) * countries
        rows = np.flatnonzero(begin < _SPAN)
        named = places[rows]
        pairs = self._bills.customer[named] * countries + self._bills.country[named]
        keys = begin[rows] // alike * several + pairs
        order = np.argsort(keys, kind="stable")
        rows, keys = rows[order], keys[order]
        unlike, of_row = np.unique(keys, return_inverse=True)
        start = 0
        while start < len(unlike):
            of_these = (unlike[start] // several + 1) * several
            end = min(start + _GROUPS, int(np.searchsorted(unlike, of_these)))
            chosen = unlike[start:end] % several
            [first, last] = np.searchsorted(of_row, [start, end])
            yield rows[first:last], of_row[first:last] - start, divmod(chosen, countries)
            start = end

    def _shares_of(
        self, customers: Whole, countries: Whole, since: int, until: int
    ) -> tuple[int, Shares]:
        """The shares of customers, leaning on those of countries, until a day; since which day."""
        unlike, of_pair = np.unique(customers, return_inverse=True)
        at, group = self._by_customer.of(unlike)
        own = self._courses.those(at)
        since = min(since, int(own.first.min(initial=since)))
        moves, hits = _sums(own, group, len(unlike), since, until)
        wider = self._by_country[countries, since:until]
        if len(unlike) < len(customers):
            moves, hits = moves[of_pair], hits[of_pair]
        return since, _leaning(moves, hits, wider, self._beliefs.country_invoices)


def _telling(bills: Bills, known: Known) -> Whole:
    """The places of the invoices that tell something at the end of a day."""
    settled = known.settled_on < NEVER
    tells = (bills.issued_on <= known.today) & (bills.due_on >= known.today - HISTORY_DAYS)
    tells &= ~bills.at_once & (bills.total_minor != 0)
    tells &= ~(bills.void & (bills.closed_on <= known.today))
    return np.flatnonzero(tells & ~(settled & ~known.in_cash))


def _courses(bills: Bills, known: Known, at: Whole, half_life_days: int) -> _Courses:
    """What these invoices tell at the end of a day."""
    due_on, settled_on = bills.due_on[at], known.settled_on[at]
    late, settled = known.today - due_on, settled_on < NEVER
    ended = np.where(settled, settled_on - due_on, late)
    last = np.clip(ended, EARLIEST, LATEST)
    first = np.minimum(np.maximum(bills.issued_on[at] - due_on, EARLIEST), last)
    weights = np.array([0.5 ** (days / half_life_days) for days in range(HISTORY_DAYS + 1)])
    return _Courses(
        first - EARLIEST,
        last - EARLIEST,
        settled & (ended <= LATEST),
        weights[np.maximum(late, 0)],
    )


def _shares(courses: _Courses, group: Whole, groups: int, wider: Shares, belief: int) -> Shares:
    """Weighted shares paid, drawn towards those of the wider group."""
    moves, hits = _sums(courses, group, groups, 0, _SPAN)
    return _leaning(moves, hits, wider, belief)


def _sums(
    courses: _Courses, group: Whole, groups: int, since: int, until: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights that come on a day less those that leave, and those paid on it, by group and day
    of some before which nothing comes.
    """
    width = until - since
    start = group * (width + 1) - since
    begins, ends = np.minimum(courses.first, until), np.minimum(courses.last + 1, until)
    moves = np.bincount(
        np.column_stack((start + begins, start + ends)).ravel(),
        np.column_stack((courses.weight, -courses.weight)).ravel(),
        groups * (width + 1),
    ).astype(np.float64, copy=False)
    on = np.flatnonzero(courses.paid & (courses.last < until))
    hits = np.bincount(
        group[on] * width + courses.last[on] - since, courses.weight[on], groups * width
    )
    return (
        moves.reshape(groups, width + 1)[:, :-1],
        hits.astype(np.float64, copy=False).reshape(groups, width),
    )


def _leaning(
    moves: NDArray[np.float64], hits: NDArray[np.float64], wider: Shares, belief: int
) -> Shares:
    held = np.add.accumulate(moves, axis=1)
    held += belief
    drawn = hits + belief * wider
    shares = np.divide(drawn, held, out=np.zeros_like(held), where=held > 1e-9)
    return np.minimum(shares, 1, out=shares)
