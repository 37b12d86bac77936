"""`/sys/billing/churn` and `/sys/billing/platform-fees`, as JSON and as CSV (CHN, FEE)."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import polars as pl
from fastapi import APIRouter, Query, Response

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import Day
from core.reports import churn as churning
from core.reports import platform_fees as fees
from core.reports import revenue_schedule as scheduling
from core.reports.revenue_schedule import Schedule
from etl.export import as_frame, csv_text

From = Annotated[Day, Query(alias="from", description="The first day.")]
To = Annotated[Day, Query(alias="to", description="The last day, included.")]
Grouping = Literal["tenant", "plan", "country"]
CSV: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}, "description": "The file."}
}

router = APIRouter(prefix="/sys/billing", tags=["Reports"])


@router.get("/churn", summary="Who left and what was lost", responses=refusals(400))
def churn(at: TheOffice, actor: Caller, since: From, until: To) -> churning.ChurnReport:
    """Cancellations by reason, plan and country, the loss locked at the time in EUR cents.
    Needs `analytics.read`.
    """
    with at.work(actor) as work:
        return churning.churn(work, since, until)


@router.get("/churn.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def churn_csv(at: TheOffice, actor: Caller, since: From, until: To) -> Response:
    """Totals, buckets, then subscriptions. Needs `analytics.read`."""
    return csv_lines(
        "churn", churning.as_lines(churn(at, actor, since, until)), churning.FILE_COLUMNS
    )


@router.get("/platform-fees", summary="What the platform charged", responses=refusals(400))
def platform_fees(
    at: TheOffice, actor: Caller, since: From, until: To, group_by: Grouping = "tenant"
) -> fees.FeeReport:
    """Platform invoices: gross, paid and outstanding by group and currency, then each.
    Needs `analytics.read`.
    """
    with at.work(actor) as work:
        return fees.platform_fees(work, since, until, group_by)


@router.get("/platform-fees.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def platform_fees_csv(
    at: TheOffice, actor: Caller, since: From, until: To, group_by: Grouping = "tenant"
) -> Response:
    """Totals, groups, then invoices. Needs `analytics.read`."""
    lines = fees.as_lines(platform_fees(at, actor, since, until, group_by))
    return csv_lines("platform-fees", lines, fees.FILE_COLUMNS)


@router.get("/revenue-schedule", summary="When deferred revenue is earned", responses=refusals(400))
def revenue_schedule(at: TheOffice, actor: Caller, since: From, until: To) -> Schedule:
    """Deferred revenue month by month as posted, and as it is planned. Needs `analytics.read`."""
    with at.work(actor) as work:
        return scheduling.revenue_schedule(work, since, until)


@router.get("/revenue-schedule.csv", summary="The same as CSV", responses={**refusals(400), **CSV})
def revenue_schedule_csv(at: TheOffice, actor: Caller, since: From, until: To) -> Response:
    """Months, then the lines they rest on. Needs `analytics.read`."""
    lines = scheduling.as_lines(revenue_schedule(at, actor, since, until))
    return csv_lines("revenue-schedule", lines, scheduling.FILE_COLUMNS)


def csv_lines(name: str, lines: list[dict[str, Any]], columns: Sequence[str] = ()) -> Response:
    """Lines of several kinds in one table; the columns named are there without lines too."""
    return csv_file(name, as_frame(lines, columns))


def csv_file(name: str, frame: pl.DataFrame) -> Response:
    """A frame as a CSV file to take away."""
    return Response(
        csv_text(frame),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": f'attachment; filename="{name}.csv"'},
    )
