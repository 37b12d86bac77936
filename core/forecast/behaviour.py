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
    """Ways of invoices: open from `first` to `last` (days since EARLIEST), paid on the last or not.

    They stand by customer; `starts[c]` to `starts[c + 1]` are those of a customer.
    """

    country: Whole
    customer: Whole
    first: Whole
    last: Whole
    paid: Flags
    weight: NDArray[np.float64]
    starts: Whole

    def of_customers(self, begin: int, end: int) -> "_Courses":
        """Those of some customers that stand beside each other."""
        part = slice(self.starts[begin], self.starts[end])
        return _Courses(
            self.country[part],
            self.customer[part],
            self.first[part],
            self.last[part],
            self.paid[part],
            self.weight[part],
            self.starts,
        )


class Behaviour:
    """What was known of payment behaviour at the end of a day."""

    def __init__(self, bills: Bills, known: Known, beliefs: Beliefs = USUAL) -> None:
        self._bills, self._beliefs, self._today = bills, beliefs, known.today
        courses = _courses(bills, known, beliefs.half_life_days)
        nobody = np.zeros((1, _SPAN))
        everybody = _shares(courses, np.zeros_like(courses.country), 1, nobody, 0)
        self._by_country = _shares(
            courses, courses.country, len(bills.countries), everybody, beliefs.all_invoices
        )
        by_customer = np.argsort(courses.customer, kind="stable")
        self._courses = _Courses(
            courses.country[by_customer],
            courses.customer[by_customer],
            courses.first[by_customer],
            courses.last[by_customer],
            courses.paid[by_customer],
            courses.weight[by_customer],
            np.concatenate(
                ([0], np.cumsum(np.bincount(courses.customer, minlength=len(bills.customers))))
            ),
        )
        self.settled = int(courses.paid.sum())
        self.settled_by: Whole = np.bincount(
            courses.customer[courses.paid], minlength=len(bills.customers)
        )
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
        for rows, of_row, shares in self._groups(places, np.flatnonzero(begin < _SPAN)):
            still = np.ones((len(shares), days + _SPAN + (_SPAN if ever else 0) + days))
            np.subtract(1, shares, out=still[:, days : days + _SPAN])
            for part in range(0, len(rows), _ROWS):
                now, own = rows[part : part + _ROWS], of_row[part : part + _ROWS]
                width = max(days, _SPAN - int(begin[now].min())) if ever else days
                windows = np.lib.stride_tricks.sliding_window_view(still, width, axis=1)
                open_still = np.multiply.accumulate(windows[own, begin[now] + days], axis=1)
                by_week[now] = 1 - open_still[:, WEEK - 1 : days : WEEK]
                if ever:
                    at_last[now] = 1 - open_still[:, -1]
        return by_week, at_last

    def _groups(self, places: Whole, rows: Whole) -> Iterator[tuple[Whole, Whole, Shares]]:
        """Some of the rows with the place of each one's shares among the shares of their customers.

        A customer leans on the country that the invoice names.
        """
        countries = len(self._bills.countries)
        named = places[rows]
        pairs = self._bills.customer[named] * countries + self._bills.country[named]
        order = np.argsort(pairs, kind="stable")
        rows, found = rows[order], pairs[order]
        pairs, of_row = np.unique(found, return_inverse=True)
        for start in range(0, len(pairs), _GROUPS):
            chosen = pairs[start : start + _GROUPS]
            shares = self._shares_of(chosen // countries, chosen % countries)
            [begin, end] = np.searchsorted(of_row, [start, start + len(chosen)])
            yield rows[begin:end], of_row[begin:end] - start, shares

    def _shares_of(self, customers: Whole, countries: Whole) -> Shares:
        """The shares of customers, leaning on those of countries; the customers ascend."""
        unlike, of_pair = np.unique(customers, return_inverse=True)
        own = self._courses.of_customers(int(unlike[0]), int(unlike[-1]) + 1)
        place = np.searchsorted(unlike, own.customer)
        counted = unlike[np.minimum(place, len(unlike) - 1)] == own.customer
        wider = self._by_country[countries]
        moves, hits = _sums(own, place, counted, len(unlike))
        return _leaning(moves[of_pair], hits[of_pair], wider, self._beliefs.country_invoices)


def _courses(bills: Bills, known: Known, half_life_days: int) -> _Courses:
    """What invoices tell at the end of a day; those that tell nothing are left out."""
    late = known.today - bills.due_on
    settled = known.settled_on < NEVER
    tells = (bills.issued_on <= known.today) & ~bills.at_once & (late <= HISTORY_DAYS)
    tells &= (bills.total_minor != 0) & ~(bills.void & (bills.closed_on <= known.today))
    at = np.flatnonzero(tells & ~(settled & ~known.in_cash))
    late, settled = late[at], settled[at]
    ended = np.where(settled, known.settled_on[at] - bills.due_on[at], late)
    last = np.clip(ended, EARLIEST, LATEST)
    first = np.minimum(np.maximum(bills.issued_on[at] - bills.due_on[at], EARLIEST), last)
    weights = np.array([0.5 ** (days / half_life_days) for days in range(HISTORY_DAYS + 1)])
    return _Courses(
        bills.country[at],
        bills.customer[at],
        first - EARLIEST,
        last - EARLIEST,
        settled & (ended <= LATEST),
        weights[np.maximum(late, 0)],
        np.zeros(0, np.int64),
    )


def _shares(courses: _Courses, group: Whole, groups: int, wider: Shares, belief: int) -> Shares:
    """Weighted shares paid, drawn towards those of the wider group."""
    moves, hits = _sums(courses, group, np.ones(len(group), np.bool_), groups)
    return _leaning(moves, hits, wider, belief)


def _sums(
    courses: _Courses, group: Whole, counted: Flags, groups: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The weights that come on a day less those that leave, and those paid on it, by group."""
    group, first, last = group[counted], courses.first[counted], courses.last[counted]
    weight, paid = courses.weight[counted], courses.paid[counted]
    begins, ends = group * (_SPAN + 1) + first, group * (_SPAN + 1) + last + 1
    moves = np.bincount(
        np.column_stack((begins, ends)).ravel(),
        np.column_stack((weight, -weight)).ravel(),
        groups * (_SPAN + 1),
    ).astype(np.float64, copy=False)
    hits = np.bincount((group * _SPAN + last)[paid], weight[paid], groups * _SPAN)
    return (
        moves.reshape(groups, _SPAN + 1)[:, :-1],
        hits.astype(np.float64, copy=False).reshape(groups, _SPAN),
    )


def _leaning(
    moves: NDArray[np.float64], hits: NDArray[np.float64], wider: Shares, belief: int
) -> Shares:
    held = np.add.accumulate(moves, axis=1)
    held += belief
    drawn = hits + belief * wider
    shares = np.divide(drawn, held, out=np.zeros_like(held), where=held > 1e-9)
    return np.minimum(shares, 1, out=shares)
