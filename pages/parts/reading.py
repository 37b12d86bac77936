"""What pages ask of the analytics copy, kept for some minutes per published run."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

import polars as pl
import streamlit as st

from core.errors import NoCopy
from core.forecast.behaviour import Beliefs
from core.forecast.charges import Charge
from core.money import Money
from core.settings import settings
from etl import figures
from etl.definitions import definitions
from pages.parts import copy, formats, tables
from pages.parts.catalogue import amount

SECONDS = settings().cache_seconds
ENTRIES = 128
By = Literal["plan", "country", "tenant"]
NO_PLAN = "No plan"


@dataclass(frozen=True)
class Ask:
    """Which figures: up to which month, as known on which day, in which currency, and at the
    exchange rates of which day; of each day when that is None.
    """

    month: str
    as_of: date | None
    currency: str
    rates_of: date | None = None

    def up_to(self, month: str) -> "Ask":
        """The same question for another month."""
        return replace(self, month=month)

    @property
    def month_start(self) -> date:
        """The first day of the month."""
        return first_day(self.month)

    def params(self, **more: str) -> dict[str, str]:
        """The question as an address says it."""
        asked = {"month": self.month, "currency": self.currency, **more}
        days = {"as_of": self.as_of, "rates_of": self.rates_of}
        return asked | {name: day.isoformat() for name, day in days.items() if day}


def first_day(month: str) -> date:
    """``2026-10`` as its first day."""
    return date.fromisoformat(f"{month}-01")


def definition(slug: str) -> str:
    """The words of a definition, as docs/definitions.md has them; empty for an unknown one."""
    return {found.slug: found.text for found in definitions()}.get(slug, "")


@st.cache_data(ttl=SECONDS, max_entries=4, show_spinner=False)
def _currencies(run: str) -> list[str]:
    return sorted(copy.reading().ask("published_currencies")["reporting_currency"].to_list())


def currencies() -> list[str]:
    """Currencies whose figures the copy holds ready."""
    return _currencies(run_id())


def run_id() -> str:
    """The published run; part of every cache key, so that a publish shows at once."""
    found = copy.info()
    if found is None:
        raise NoCopy
    return str(found.run_id)


def copy_day() -> date:
    """The calendar day the copy shows by default."""
    found = copy.info()
    if found is None:
        raise NoCopy
    return found.as_of


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _metrics(ask: Ask, months: int, by: By | None, run: str) -> dict[str, Any]:
    return dict(
        figures.metrics(
            copy.reading(),
            ask.month_start,
            months,
            by=by,
            as_of=ask.as_of,
            currency=ask.currency,
            constant_on=ask.rates_of,
        )
    )


def metrics(ask: Ask, months: int, by: By | None = None) -> list[dict[str, Any]]:
    """The figures of some months, oldest first."""
    return list(_metrics(ask, months, by, run_id())["months"])


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _movements(ask: Ask, first: str, run: str) -> list[dict[str, Any]]:
    return list(
        figures.movements(
            copy.reading(),
            first_day(first),
            ask.month_start,
            as_of=ask.as_of,
            currency=ask.currency,
            constant_on=ask.rates_of,
        )
    )


def movements(ask: Ask, first: str) -> list[dict[str, Any]]:
    """How MRR moved, month by month, oldest first."""
    return _movements(ask, first, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _cohorts(
    first: str, as_of: date, currency: str, rates_of: date | None, run: str
) -> dict[str, Any]:
    return figures.cohorts(
        copy.reading(),
        first_day(first),
        as_of,
        as_of=as_of,
        currency=currency,
        constant_on=rates_of,
    )


def cohorts(first: str, as_of: date, currency: str, rates_of: date | None = None) -> dict[str, Any]:
    """The cohorts of a month and later ones, followed to a day, perhaps at one day's rates."""
    return _cohorts(first, as_of, currency, rates_of, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _ageing(as_of: date, currency: str, run: str) -> dict[str, Any]:
    return dict(figures.ar_ageing(copy.reading(), as_of, currency=currency))


def ageing(as_of: date, currency: str) -> dict[str, Any]:
    """What is owed on a day, by how long it is overdue."""
    return _ageing(as_of, currency, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _owing(as_of: date, currency: str, run: str) -> int:
    return figures.owing(copy.reading(), as_of, currency=currency)


def owing(as_of: date, currency: str) -> int:
    """How many tenants owe on a day."""
    return _owing(as_of, currency, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _owed(as_of: date, currency: str, limit: int, offset: int, run: str) -> pl.DataFrame:
    return figures.receivables_by_tenant(copy.reading(), as_of, currency, limit, offset)


def owed(as_of: date, currency: str, window: slice | None = None) -> pl.DataFrame:
    """Who owes on a day: a row per tenant, the largest first; those of a page, else all."""
    if window is None:
        return figures.receivables_by_tenant(copy.reading(), as_of, currency)
    return _owed(as_of, currency, *tables.limited(window), run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _open_total(
    as_of: date, currency: str, bucket: str | None, tenant: str | None, run: str
) -> figures.Total:
    return figures.open_total(copy.reading(), as_of, currency, bucket, tenant)


def open_total(as_of: date, currency: str, bucket: str | None, tenant: str | None) -> figures.Total:
    """How many invoices are open on a day, of an age and a tenant, and what they sum to."""
    return _open_total(as_of, currency, bucket, tenant, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _open_invoices(
    as_of: date,
    currency: str,
    bucket: str | None,
    tenant: str | None,
    limit: int,
    offset: int,
    run: str,
) -> pl.DataFrame:
    return figures.open_invoices(copy.reading(), as_of, currency, bucket, tenant, limit, offset)


def open_invoices(
    as_of: date,
    currency: str,
    bucket: str | None,
    tenant: str | None,
    window: slice | None = None,
) -> pl.DataFrame:
    """The invoices open on a day, of an age and a tenant; those of a page, else all."""
    if window is None:
        return figures.open_invoices(copy.reading(), as_of, currency, bucket, tenant)
    limit, offset = tables.limited(window)
    return _open_invoices(as_of, currency, bucket, tenant, limit, offset, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _cash_forecast(as_of: date, charges: tuple[Charge, ...] | None, run: str) -> dict[str, Any]:
    return figures.cash_forecast(
        copy.reading(), as_of, charges=charges, beliefs=Beliefs.of(settings()), invoices=False
    )


def cash_forecast(as_of: date, charges: tuple[Charge, ...] | None) -> dict[str, Any]:
    """What open invoices will bring in the weeks after a day; `charges` are card renewals.

    The invoices are counted; `forecast_rows` has them.
    """
    return _cash_forecast(as_of, charges, run_id())


def whole_cash_forecast(as_of: date, charges: tuple[Charge, ...] | None) -> dict[str, Any]:
    """The same with every invoice, for a file."""
    return figures.cash_forecast(
        copy.reading(), as_of, charges=charges, beliefs=Beliefs.of(settings())
    )


def forecast_rows(
    as_of: date, currency: str, week: int | None, window: slice | None = None
) -> pl.DataFrame:
    """The open invoices behind a week of the cash forecast, or all weeks; some of them or all."""
    chosen = window or slice(0, None)
    return figures.forecast_rows(
        copy.reading(),
        currency,
        as_of,
        week,
        Beliefs.of(settings()),
        first=chosen.start,
        most=None if chosen.stop is None else chosen.stop - chosen.start,
    )


def _asked(ask: Ask) -> dict[str, Any]:
    """What an `Ask` says, under the names the figures have for it."""
    return {
        "month": ask.month_start,
        "as_of": ask.as_of,
        "currency": ask.currency,
        "constant_on": ask.rates_of,
    }


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _behind(figure: str, ask: Ask, by: By | None, group: str | None, run: str) -> figures.Behind:
    return figures.behind(copy.reading(), figure, by=by, group=group, **_asked(ask))


def behind(figure: str, ask: Ask, by: By | None = None, group: str | None = None) -> figures.Behind:
    """What stands behind a figure, added up over all rows, and the figure itself; raises BadInput
    for an unknown one.
    """
    return _behind(figure, ask, by, group, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _drill(
    figure: str,
    ask: Ask,
    by: By | None,
    group: str | None,
    limit: int,
    offset: int,
    run: str,
) -> pl.DataFrame:
    return figures.drill_page(
        copy.reading(), figure, by=by, group=group, limit=limit, offset=offset, **_asked(ask)
    )


def drill(
    figure: str,
    ask: Ask,
    by: By | None = None,
    group: str | None = None,
    window: slice | None = None,
) -> pl.DataFrame:
    """The rows behind a figure; those of a page, else all."""
    if window is None:
        return figures.drill_page(copy.reading(), figure, by=by, group=group, **_asked(ask))
    return _drill(figure, ask, by, group, *tables.limited(window), run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _tenants_counted(ask: Ask, run: str) -> int:
    return figures.tenants_counted(copy.reading(), **_asked(ask)).tenants


def tenants_counted(ask: Ask) -> int:
    """How many tenants have figures in a month."""
    return _tenants_counted(ask, run_id())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _tenants(ask: Ask, limit: int, offset: int, run: str) -> list[figures.Ranked]:
    return figures.tenants_ranked(copy.reading(), limit=limit, offset=offset, **_asked(ask))


def tenants(ask: Ask, window: slice | None = None) -> list[figures.Ranked]:
    """The tenants of a month with their figures, the largest first; those of a page, else all."""
    if window is None:
        return figures.tenants_ranked(copy.reading(), **_asked(ask))
    return _tenants(ask, *tables.limited(window), run_id())


@st.cache_data(ttl=SECONDS, max_entries=4, show_spinner=False)
def _plan_names(run: str) -> dict[str, str]:
    return dict(copy.reading().ask("plan_names").iter_rows())


@st.cache_data(ttl=SECONDS, max_entries=ENTRIES, show_spinner=False)
def _tenant_name(key: str, run: str) -> str | None:
    return next(iter(copy.reading().ask("tenants_keyed", tenant=key)["tenant_name"]), None)


def group_name(by: By, key: str) -> str:
    """A group of a dimension as people call it, the key of one that the copy does not know."""
    if by == "country":
        return formats.country(key)
    if by == "tenant":
        return _tenant_name(key, run_id()) or key
    return NO_PLAN if key == "none" else _plan_names(run_id()).get(key, key)


def as_json(held: Money | None) -> dict[str, Any] | None:
    """An amount in the way figures hand it out."""
    return {"minor": held.minor, "currency": held.currency} if held else None


def net_new(movement: dict[str, Any]) -> Money | None:
    """MRR at the end of a month less MRR at its start."""
    end, start = amount(movement["end"]), amount(movement["start"])
    return None if end is None or start is None else end - start
