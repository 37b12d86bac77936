"""How customers pay: for each day past due, the share of invoices still open that is paid on it.

The share of a customer leans on that of its country, and that on all customers', the more the fewer
invoices it rests on. Invoices still open count for every day they stayed open, written-off ones for
all days since: what is left after the last day is the share never paid. Recent invoices weigh more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from core.forecast.invoices import Billed
from core.settings import Settings

EARLIEST = -120
LATEST = 400
"""Days past due that are told apart; what is not paid by the last one counts as never paid."""
HISTORY_DAYS = 3 * 366
"""Invoices that fell due longer ago say nothing any more."""
_SPAN = LATEST - EARLIEST + 1

Shares = Sequence[float]
"""For each day from EARLIEST to LATEST, the share paid on it of what is open that day."""


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
