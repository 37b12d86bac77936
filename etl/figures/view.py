"""What is looked at: one copy, a currency, a day; published months where they serve, else anew."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

import polars as pl

from core.errors import BadInput
from etl.days import eve, last_day, month_of, months_back
from etl.warehouse import NOTHING, Over, Reading


class Readable(Protocol):
    """A Warehouse, or a Reading of it that a page run holds on to."""

    def reading(self) -> Reading:
        """A consistent view of one copy."""


class RateMissing(BadInput):
    """There is no exchange rate for a currency on a day; add it and sync again."""

    code = "rate_missing"


@dataclass(frozen=True, slots=True)
class View:
    """Figures of `first_month` to `last_month`, as of a day, in a currency; with `constant_on` all
    at the exchange rates of that day.
    """

    reading: Reading
    first_month: date
    last_month: date
    as_of: date
    currency: str
    ready: frozenset[str]
    copy_day: date
    constant_on: date | None = None

    def rows(
        self, question: str, model: str, over: Over = NOTHING, /, **params: object
    ) -> pl.DataFrame:
        """The answer over all months of the view; those the copy holds ready are only read."""
        frames = [span.ask(question, over, **params) for span in self.spans(model)]
        return pl.concat(frames, how="vertical_relaxed")

    def spans(self, *models: str) -> "list[Span]":
        """The months of the view in two parts: those ready in the copy, and those made anew."""
        ready = [month for month in self.months if self._is_ready(month)]
        anew = [month for month in self.months if not self._is_ready(month)]
        return [
            Span(
                self.reading,
                models,
                self._given(months) if months is anew else {},
                {
                    "currency": self.currency,
                    "first_month": months[0],
                    "last_month": months[-1],
                },
            )
            for months in (ready, anew)
            if months
        ]

    @property
    def is_ready(self) -> bool:
        """Whether the copy holds every month of the view ready."""
        return all(map(self._is_ready, self.months))

    @property
    def has_rates_ready(self) -> bool:
        """Whether figures are made ready in the currency, at the rates of each day."""
        return self.constant_on is None and self.currency in self.ready

    @property
    def months(self) -> list[date]:
        """The first days of the months looked at."""
        first, count = self.first_month, 1
        while months_back(first, -count) <= self.last_month:
            count += 1
        return [months_back(first, -n) for n in range(count)]

    def last_on(self, month: date) -> date:
        """The day whose end a month is shown at."""
        return min(last_day(month), self.as_of)

    def is_partial(self, month: date) -> bool:
        """Whether the month is not over on the day looked from."""
        return self.last_on(month) < last_day(month)

    def _is_ready(self, month: date) -> bool:
        published = min(last_day(month), self.copy_day)
        return self.has_rates_ready and month <= self.copy_day and self.last_on(month) == published

    def _given(self, months: list[date]) -> dict[str, str]:
        """The periods and the currency as selects, in place of the published ones."""
        return {**self._periods(months), **self._currency(), **self.constant_rates()}

    def day_given(self) -> dict[str, str]:
        """The same for what is owed on a day; nothing where the copy has it ready, as it has its
        own day and the end of the month before.
        """
        given = {} if self.has_rates_ready else self._currency()
        if self.as_of not in (self.copy_day, eve(self.copy_day)):
            given |= self._periods([month_of(self.as_of)]) | self._currency()
            given["receivables"] = (
                "select * from warehouse.receivables"
                f" where issued_on <= date '{self.as_of}'"
                f" and (cleared_on is null or cleared_on > date '{self.as_of}')"
            )
        return given

    def _periods(self, months: list[date]) -> dict[str, str]:
        periods = " union all ".join(
            f"select date '{month}' as month, date '{month}' as first_on,"
            f" date '{month - timedelta(days=1)}' as eve_on,"
            f" date '{self.last_on(month)}' as last_on,"
            f" {month.year * 12 + month.month} as month_index"
            for month in months
        )
        return {"periods": periods}

    def _currency(self) -> dict[str, str]:
        return {"reporting_currencies": f"select '{self.currency}' as reporting_currency"}

    def moves(self) -> "Span":
        """The single moves of the months of the view."""
        return Span(
            self.reading,
            ("mrr_moves",),
            self.constant_rates(),
            {
                "currency": self.currency,
                "first_day": self.first_month,
                "last_day": self.last_on(self.last_month),
            },
        )

    def constant_rates(self) -> dict[str, str]:
        """One day's rates for all days as selects; none for the rates of each day.

        At one rate a move is what the rounded position of its tenant and currency changes by, so
        that movements add up without a remainder.
        """
        if self.constant_on is None:
            return {}
        return {
            "fx_daily": "select d.day, f.currency, f.reporting_currency, f.rate"
            " from calendar_days d cross join (select * from warehouse.fx_daily"
            f" where day = date '{self.constant_on}') f",
            "mrr_moves": "select m.* replace (cast(sum(m.change_minor) over ("
            " partition by m.tenant_id, m.currency order by m.day, m.subscription_id, m.plan_id"
            " rows unbounded preceding) as bigint) as running_minor) from warehouse.mrr_moves m",
        }


@dataclass(frozen=True, slots=True)
class Span:
    """Months that are asked for together: what is given for them, and what every question takes."""

    reading: Reading
    models: tuple[str, ...]
    given: dict[str, str]
    params: dict[str, object]

    def ask(self, question: str, over: Over = NOTHING, /, **more: object) -> pl.DataFrame:
        """The answer over these months."""
        return self.reading.ask_anew(question, self.models, self.given, over, **self.params, **more)


def look(
    wh: Readable,
    first_month: date,
    last_month: date,
    as_of: date | None = None,
    currency: str | None = None,
    constant_on: date | None = None,
) -> View:
    """Settle what is looked at. Raises BadInput for a month or day the copy knows nothing of,
    RateMissing when a currency in use cannot be valued.

    `constant_on` is the day whose exchange rates hold for all days; None for those of each day.
    Without `as_of` it is the day of the copy, or the end of `last_month` when that lies later.
    """
    reading = wh.reading()
    info = reading.info()
    if first_month > last_month:
        raise BadInput(f"{first_month:%Y-%m} lies after {last_month:%Y-%m}")
    day = as_of or (info.as_of if last_month <= info.as_of else last_day(last_month))
    if month_of(last_month) > day:
        raise BadInput(f"{last_month:%Y-%m} lies after {day}")
    if last_month > info.known_until:
        raise BadInput(f"Nothing is known of {last_month:%Y-%m}; the copy ends {info.known_until}")
    chosen = currency or info.reporting_currency
    if len(chosen) != 3 or not chosen.isascii() or not chosen.isalpha() or not chosen.isupper():
        raise BadInput(f"{chosen!r} is not an ISO 4217 code")
    ready = frozenset(reading.ask("published_currencies")["reporting_currency"])
    if constant_on is not None:
        _refuse_missing_constant(reading, chosen, constant_on, day)
    elif chosen not in ready:
        refuse_missing_rate(reading, chosen, first_month - timedelta(days=1), day)
    return View(
        reading,
        month_of(first_month),
        month_of(last_month),
        min(day, info.known_until),
        chosen,
        ready,
        info.as_of,
        constant_on,
    )


def _refuse_missing_constant(
    reading: Reading, currency: str, constant_on: date, last_day: date
) -> None:
    missing = reading.ask(
        "missing_constant_rates", currency=currency, constant_on=constant_on, last_day=last_day
    )
    for (code,) in missing.iter_rows():
        raise RateMissing(f"There is no rate from {code} to {currency} on {constant_on}")


def refuse_missing_rate(reading: Reading, currency: str, first_day: date, last_day: date) -> None:
    """Raises RateMissing, naming the first currency and day that cannot be valued."""
    missing = reading.ask(
        "missing_rates", currency=currency, first_day=first_day, last_day=last_day
    )
    for row in missing.iter_rows(named=True):
        raise RateMissing(f"There is no rate from {row['currency']} to {currency} on {row['day']}")
