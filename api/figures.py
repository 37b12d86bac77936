"""`/sys/billing/cash-forecast` and `/cohorts`, as JSON and as CSV (CFO)."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from api.caller import Caller, TheOffice
from api.copy import TheCopy
from api.errors import refusals
from api.reports import CSV, csv_file
from core.forecast.charges import card_renewals
from etl import figures
from etl.figures.cohorts import cohort_rows
from etl.figures.forecast import forecast_lines

AsOf = Annotated[date | None, Query(description="As known on this day; the copy's at first.")]
Currency = Annotated[str | None, Query(min_length=3, max_length=3, description="ISO 4217 code.")]
From = Annotated[date, Query(alias="from", description="A day of the first month.")]
To = Annotated[date, Query(alias="to", description="A day of the last month.")]

router = APIRouter()


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
    return figures.cash_forecast(copy, as_of, currency, charges)


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
    return csv_file("cash-forecast", forecast_lines(found))


@router.get("/cohorts", summary="How long tenants stay", responses=refusals(400))
def cohorts(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    since: From,
    until: To,
    as_of: AsOf = None,
    currency: Currency = None,
) -> dict[str, Any]:
    """Tenants by the month of their first payment, and what is left of them month by month.
    Needs `analytics.read`.
    """
    with at.work(actor) as work:
        work.require("analytics.read")
    first, last = since.replace(day=1), until.replace(day=1)
    return figures.cohorts(copy, first, last, as_of=as_of, currency=currency)


@router.get("/cohorts.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def cohorts_csv(
    at: TheOffice,
    actor: Caller,
    copy: TheCopy,
    since: From,
    until: To,
    as_of: AsOf = None,
    currency: Currency = None,
) -> Response:
    """One line per cohort and age in months. Needs `analytics.read`."""
    found = cohorts(at, actor, copy, since, until, as_of, currency)
    return csv_file("cohorts", cohort_rows(found).to_dicts())
