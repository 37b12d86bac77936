"""`/sys/billing/metrics`, `/movements`, `/cohorts` and others: JSON and CSV (CFO)."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from api.caller import Caller, TheOffice
from api.copy import TheCopy
from api.errors import refusals
from api.reports import CSV, csv_file, csv_lines
from api.shapes import Day
from core.forecast.behaviour import Beliefs
from core.forecast.charges import card_renewals
from etl import figures
from etl.figures.cohorts import cohort_rows
from etl.figures.forecast import FILE_COLUMNS, forecast_lines
from etl.figures.metrics import MOST_MONTHS, By
from etl.figures.values import month_columns, month_rows

AsOf = Annotated[Day | None, Query(description="As known on this day; the copy's at first.")]
Currency = Annotated[str | None, Query(min_length=3, max_length=3, description="ISO 4217 code.")]
From = Annotated[Day, Query(alias="from", description="A day of the first month.")]
To = Annotated[Day, Query(alias="to", description="A day of the last month.")]

ConstantOn = Annotated[
    Day | None, Query(description="Restate every amount at the exchange rates of this day.")
]
Month = Annotated[Day, Query(description="A day of the last month.")]
Months = Annotated[int, Query(ge=1, le=MOST_MONTHS, description="How many months, ending there.")]


@dataclass(frozen=True)
class Look:
    """How figures are looked at: as of which day, in which currency, at which day's rates."""

    as_of: date | None
    currency: str | None
    constant_on: date | None


def _look(as_of: AsOf = None, currency: Currency = None, constant_on: ConstantOn = None) -> Look:
    return Look(as_of, currency, constant_on)


Looked = Annotated[Look, Depends(_look)]

router = APIRouter()


@router.get("/metrics", summary="Every figure of the dashboard", responses=refusals(400))
def metrics(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    month: Month,
    look: Looked,
    months: Months = 1,
    by: By | None = None,
) -> dict[str, Any]:
    """The figures month by month, with their definitions. Needs `analytics.read`."""
    with at.work(actor) as work:
        work.require("analytics.read")
    last = month.replace(day=1)
    return figures.metrics(copy, last, months, by, look.as_of, look.currency, look.constant_on)


@router.get("/metrics.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def metrics_csv(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    month: Month,
    look: Looked,
    months: Months = 1,
    by: By | None = None,
) -> Response:
    """One line per month, and per group where grouped. Needs `analytics.read`."""
    found = metrics(at, actor, copy, month, look, months, by)
    return csv_lines("metrics", month_rows(found["months"]), month_columns(found["months"]))


@router.get("/movements", summary="How recurring revenue moved", responses=refusals(400))
def movements(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    since: From,
    until: To,
    look: Looked,
    by: By | None = None,
) -> list[dict[str, Any]]:
    """Months whose movements add up to the minor unit; losses positive. Needs `analytics.read`."""
    with at.work(actor) as work:
        work.require("analytics.read")
    first, last = since.replace(day=1), until.replace(day=1)
    return figures.movements(copy, first, last, look.as_of, look.currency, by, look.constant_on)


@router.get("/movements.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def movements_csv(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    since: From,
    until: To,
    look: Looked,
    by: By | None = None,
) -> Response:
    """One line per month, and per group where grouped. Needs `analytics.read`."""
    found = movements(at, actor, copy, since, until, look, by)
    return csv_lines("movements", month_rows(found), month_columns(found))


@router.get("/cash-forecast", summary="Expected receipts by week", responses=refusals(400))
def cash_forecast(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    as_of: AsOf = None,
    currency: Currency = None,
) -> dict[str, Any]:
    """13 weeks per currency of the invoices, with range, invoices and back-test.
    Needs `billing.read`.
    """
    with at.work(actor) as work:
        work.require("billing.read")
        charges = card_renewals(work, as_of or copy.info().as_of)
    return figures.cash_forecast(copy, as_of, currency, charges, Beliefs.of(at.settings))


@router.get("/cash-forecast.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def cash_forecast_csv(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    as_of: AsOf = None,
    currency: Currency = None,
) -> Response:
    """Weeks, back-test, then invoices. Needs `billing.read`."""
    found = cash_forecast(at, actor, copy, as_of, currency)
    return csv_lines("cash-forecast", forecast_lines(found), FILE_COLUMNS)


@router.get("/ar-ageing", summary="What is owed and for how long", responses=refusals(400))
def ar_ageing(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    as_of: AsOf = None,
    currency: Currency = None,
) -> dict[str, Any]:
    """Receivables at a day's end by days overdue, days sales outstanding, and each tenant.
    Needs `billing.read`.
    """
    with at.work(actor) as work:
        work.require("billing.read")
    day = as_of or copy.info().as_of
    found = figures.ar_ageing(copy, day, currency=currency)
    rows = figures.receivables_by_tenant(copy, day, currency=currency)
    return {**found, "rows": rows.to_dicts()}


@router.get("/ar-ageing.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def ar_ageing_csv(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    as_of: AsOf = None,
    currency: Currency = None,
) -> Response:
    """One line per tenant. Needs `billing.read`."""
    with at.work(actor) as work:
        work.require("billing.read")
    day = as_of or copy.info().as_of
    return csv_file("ar-ageing", figures.receivables_by_tenant(copy, day, currency=currency))


@router.get("/cohorts", summary="How long tenants stay", responses=refusals(400))
def cohorts(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    since: From,
    until: To,
    look: Looked,
) -> dict[str, Any]:
    """Tenants by the month of their first payment, and what is left of them month by month.
    Needs `analytics.read`.
    """
    with at.work(actor) as work:
        work.require("analytics.read")
    first, last = since.replace(day=1), until.replace(day=1)
    return figures.cohorts(copy, first, last, look.as_of, look.currency, look.constant_on)


@router.get("/cohorts.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def cohorts_csv(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    since: From,
    until: To,
    look: Looked,
) -> Response:
    """One line per cohort and age in months. Needs `analytics.read`."""
    found = cohorts(at, actor, copy, since, until, look)
    return csv_file("cohorts", cohort_rows(found))
