"""`/sys/billing/close` and `/sys/billing/journal`: months closed, the journal for accountants."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.invoices import ReasonBody
from api.jobs import RunAnswer
from api.reports import From, To
from api.shapes import A_REASON, Answer, Body, Currency, LongText, Name, Reason, example
from core.closing.actions import close_month, explain_item, reopen_month
from core.closing.checklist import Item
from core.closing.viewing import (
    MonthRow,
    Verified,
    checked_month,
    months,
    restated,
    verify_month,
)
from core.jobs import queries
from core.jobs.actions import ask_refresh
from core.ledger.exporting import books, journal
from core.ledger.sie import file_name, sie_file
from etl.closing import copier, seen
from etl.journal import journal_csv
from etl.warehouse import Warehouse

Month = Annotated[
    str, Path(pattern=r"^2\d{3}-(0[1-9]|1[0-2])$", description="YYYY-MM", examples=["2026-10"])
]
FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "text/plain": {"schema": {"type": "string", "format": "binary"}},
        },
        "description": "The file.",
    }
}

router = APIRouter()


class ExplainBody(Body):
    """Which red item is explained, as it was found, and why it is in order."""

    model_config = example(
        {"item": "inbox", "finding": "Not decided: 1 for 7.00 EUR", "reason": A_REASON}
    ) | {"extra": "forbid"}

    item: Name
    finding: LongText
    reason: Reason


class RefreshBody(Body):
    """What is done now: the gateways read, earned revenue posted, or the copy synced; and why."""

    model_config = example({"job": "reconcile", "reason": A_REASON}) | {"extra": "forbid"}

    job: Literal["reconcile", "recognition", "sync"]
    reason: Reason


class ClosedAnswer(Answer):
    """A month as it was closed."""

    month: date
    closed_at: datetime
    reason: str
    currency: str
    figures: int
    sha256: str
    reopened_at: datetime | None
    reopen_reason: str | None


class RestatedRow(Answer):
    """A figure as closed and as now; amounts are minor units with their currency."""

    figure: str
    group: str
    closed: Any
    now: Any
    changed: bool


@router.post(
    "/refresh", status_code=202, summary="Read, recognise or sync now", responses=refusals(400, 409)
)
def post_refresh(at: TheOffice, actor: Caller, body: RefreshBody, key: Key = None) -> RunAnswer:
    """A worker carries it out as soon as one is free. Needs `sys_finance` and a reason."""
    with at.work(actor) as work:
        asked = ask_refresh(work, body.job, reason=body.reason, key=key)
        return RunAnswer.model_validate(queries.row_of(asked))


@router.get("/close", summary="Finished months and how they stand", responses=refusals())
def read_months(at: TheOffice, actor: Caller) -> list[MonthRow]:
    """The newest first. Needs `analytics.read`."""
    with at.work(actor) as work:
        return months(work)


@router.get("/close/{month}", summary="The checklist of a month", responses=refusals(400))
def read_checklist(at: TheOffice, actor: Caller, month: Month) -> list[Item]:
    """As it stands, or as it stood when the month was closed. Needs `analytics.read`."""
    with at.work(actor) as work:
        return list(checked_month(work, _first(month), seen(Warehouse(at.settings))))


@router.get(
    "/close/{month}/figures", summary="As closed against as now", responses=refusals(400, 404)
)
def read_restated(
    at: TheOffice,
    actor: Caller,
    month: Month,
    changed: Annotated[bool, Query(description="Restated ones alone.")] = False,
) -> list[RestatedRow]:
    """Every figure of a closed month, and what later facts made of it. Needs `analytics.read`."""
    with at.work(actor) as work:
        rows = restated(work, _first(month), copier(Warehouse(at.settings)))
    return [RestatedRow.model_validate(row) for row in rows if row.changed or not changed]


@router.get(
    "/close/{month}/verify", summary="Compute the hashes anew", responses=refusals(400, 404)
)
def read_verified(at: TheOffice, actor: Caller, month: Month) -> Verified:
    """What of a closed month was changed behind the guards. Needs `analytics.read`."""
    with at.work(actor) as work:
        return verify_month(work, _first(month))


@router.post("/close/{month}", summary="Close a month", responses=refusals(400, 409))
def post_close(
    at: TheOffice, actor: Caller, month: Month, body: ReasonBody, key: Key = None
) -> ClosedAnswer:
    """It takes no postings from then on. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        closed = close_month(
            work, _first(month), copier(Warehouse(at.settings)), reason=body.reason, key=key
        )
        return ClosedAnswer.model_validate(closed)


@router.post(
    "/close/{month}/explain", summary="Explain a red item", responses=refusals(400, 404, 409)
)
def post_explain(
    at: TheOffice, actor: Caller, month: Month, body: ExplainBody, key: Key = None
) -> dict[str, str]:
    """For the finding as it was seen. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        copy = seen(Warehouse(at.settings))
        made = explain_item(
            work, _first(month), body.item, body.finding, copy, reason=body.reason, key=key
        )
        return {"item": made.item, "finding": made.finding, "reason": made.reason}


@router.post("/close/{month}/reopen", summary="Reopen the last month", responses=refusals(400, 409))
def post_reopen(
    at: TheOffice, actor: Caller, month: Month, body: ReasonBody, key: Key = None
) -> ClosedAnswer:
    """It takes postings again; what was closed stays kept. Needs `sys_finance`, a fresh sign-in
    and a reason.
    """
    with at.work(actor) as work:
        return ClosedAnswer.model_validate(
            reopen_month(work, _first(month), reason=body.reason, key=key)
        )


@router.get("/journal", summary="The journal for accountants", responses={**refusals(400), **FILE})
def read_journal(
    at: TheOffice,
    actor: Caller,
    since: From,
    until: To,
    form: Annotated[Literal["sie", "csv"], Query(alias="format")] = "csv",
    currency: Annotated[Currency | None, Query(description="SIE carries one.")] = None,
) -> Response:
    """SIE 4 in code page 437, or CSV. Needs `billing.read`."""
    with at.work(actor) as work:
        if form == "csv":
            name, kind = "journal.csv", "text/csv; charset=utf-8"
            body = journal_csv(journal(work, since, until, currency)).encode()
        else:
            found = books(work, since, until, currency)
            name, kind = file_name(found), "text/plain; charset=ibm437"
            body = sie_file(work.settings, found, work.today)
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=kind, headers=headers)


def _first(month: str) -> date:
    return date.fromisoformat(f"{month}-01")
