"""Expected receipts by week with their range, invoice by invoice, as seen on a day; pure.

The expectation of each invoice is rounded cumulatively, so that the invoices of a week add up to it
to the minor unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from core.forecast.behaviour import WEEK, Behaviour
from core.forecast.draws import Orders, Range, drawn, range_of
from core.forecast.invoices import Bills, Flags, Known, Whole
from core.forecast.rounding import parts_of

Credit = Mapping[str, Mapping[str, int]]
"""Currency → customer → money of its that is not yet set against an invoice."""


@dataclass(frozen=True, slots=True)
class Open:
    """The invoices with something still to come, those due first leading; minor units."""

    place: Whole
    open_minor: Whole

    def those(self, chosen: Flags) -> "Open":
        """Some of them."""
        return Open(self.place[chosen], self.open_minor[chosen])


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
class Weeks:
    """The weeks after a day; `within[n]` is the range of the sum of the first n + 1 weeks, since
    ranges do not add up.
    """

    weeks: tuple[Week, ...]
    within: tuple[Range, ...]

    def expected_minor(self, weeks: int) -> int:
        """What the first weeks are expected to bring."""
        return sum(week.expected_minor for week in self.weeks[:weeks])

    def naive_minor(self, weeks: int) -> int:
        """What the first weeks would bring if every invoice were paid on its due date."""
        return sum(week.naive_minor for week in self.weeks[:weeks])


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the open invoices of one currency will bring: by week, later, and never; minor units.

    Each open invoice has a row of `weeks_minor`, an entry of `later_minor` and of `never_minor`;
    they add up to what is open. `credit_minor` was taken off the invoices.
    """

    day: date
    weeks: Weeks
    open: Open
    weeks_minor: Whole
    later_minor: Whole
    never_minor: Whole
    credit_minor: int


def forecast(
    behaviour: Behaviour,
    bills: Bills,
    known: Known,
    weeks: int,
    orders: Orders,
    credit: Credit | None = None,
) -> dict[str, Forecast]:
    """What the open invoices of each currency will bring in the weeks after the day.

    Credit is taken off the invoices of its customer that are due first.
    """
    still = still_open(bills, known, credit or {})
    by_week, ever = behaviour.paid_by(still.place, weeks)
    reached = parts_of(still.open_minor, np.column_stack((by_week, ever)))
    weeks_minor = np.diff(reached[:, :-1], axis=1, prepend=0)
    found = {}
    for code, currency in enumerate(bills.currencies):
        own = bills.currency[still.place] == code
        theirs = still.those(own)
        owed = known.owed_minor[bills.currency == code].sum()
        found[currency] = Forecast(
            known.day,
            weeks_of(bills, known, theirs, weeks_minor[own], by_week[own], orders),
            theirs,
            weeks_minor[own],
            reached[own, -1] - reached[own, -2],
            theirs.open_minor - reached[own, -1],
            int(owed - theirs.open_minor.sum()),
        )
    return found


def still_open(bills: Bills, known: Known, credit: Credit) -> Open:
    """The open invoices with what is still to come on them, less the unused money."""
    place = np.flatnonzero(known.owed_minor)
    owed = known.owed_minor[place]
    for code, currency in enumerate(bills.currencies):
        unused = credit.get(currency, {})
        named = [n for n, customer in enumerate(bills.customers) if customer in unused]
        at = np.flatnonzero((bills.currency[place] == code) & np.isin(bills.customer[place], named))
        at = at[np.argsort(bills.customer[place[at]], kind="stable")]
        customer = bills.customer[place[at]]
        until = np.cumsum(owed[at])
        begins = np.searchsorted(customer, customer)
        before = until - owed[at] - (until - owed[at])[begins]
        has = np.array([unused[bills.customers[n]] for n in customer], np.int64)
        owed[at] -= np.clip(has - before, 0, owed[at])
    return Open(place, owed).those(owed > 0)


def weeks_of(
    bills: Bills,
    known: Known,
    still: Open,
    weeks_minor: Whole,
    by_week: NDArray[np.float64],
    orders: Orders,
) -> Weeks:
    """The weeks that open invoices of one currency add up to, with their ranges."""
    weeks = by_week.shape[1]
    draws = drawn(orders, bills.customer[still.place], still.open_minor, by_week)
    expected = weeks_minor.sum(axis=0)
    when_due = np.maximum(bills.due_on[still.place] - known.today - 1, 0) // WEEK
    since = [known.day + timedelta(days=WEEK * n + 1) for n in range(weeks)]
    return Weeks(
        tuple(
            Week(
                since[n],
                since[n] + timedelta(days=WEEK - 1),
                int(expected[n]),
                range_of(draws[:, n]),
                int(still.open_minor[when_due == n].sum()),
            )
            for n in range(weeks)
        ),
        tuple(range_of(draws[:, : n + 1].sum(axis=1)) for n in range(weeks)),
    )
