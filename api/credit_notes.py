"""`/sys/credit-notes`: list, draft, approve and decline (REF.3)."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.invoices import ReasonBody
from api.payments import Amount
from api.shapes import Body, Currency, Limit, LongText, Offset, RecordId, Search, SomeId, example
from core.credit_notes import actions
from core.credit_notes.queries import (
    NoteFilters,
    NoteLineRow,
    NotePage,
    NoteRow,
    credit_note,
    credit_notes,
)

Status = Literal["draft", "issued", "declined"]
Sort = Literal["newest", "tenant", "total", "left", "issued"]
Cause = Literal[
    "duplicate",
    "service_failure",
    "order_change",
    "wrong_amount",
    "fraudulent",
    "goodwill",
    "other",
]


class LineBody(Body):
    """An amount of one line of the invoice, tax included."""

    line_id: SomeId
    amount_minor: Amount


class NewNoteBody(Body):
    """A draft over an invoice: an amount with tax, amounts by line, or all that is left.

    `settles`: the `invoice` while it is owed, or the customer's `balance`.
    """

    model_config = example({"invoice_id": 7, "amount_minor": 5_000, "cause": "goodwill"}) | {
        "extra": "forbid"
    }

    invoice_id: SomeId
    amount_minor: Amount | None = None
    lines: Annotated[list[LineBody], Field(max_length=1_000)] = Field(default_factory=list)
    cause: Cause = "other"
    settles: Literal["invoice", "balance"] | None = None
    note: LongText = ""


@dataclass(frozen=True)
class NoteAnswer:
    """A credit note and its lines."""

    note: NoteRow
    lines: list[NoteLineRow]


router = APIRouter()
approve_router = APIRouter(prefix="/credit-notes", tags=["Short addresses"])


@router.get("", summary="List credit notes", responses=refusals())
def list_notes(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    status: Status | None = None,
    tenant_id: Annotated[SomeId | None, Query()] = None,
    invoice_id: Annotated[SomeId | None, Query()] = None,
    currency: Annotated[Currency | None, Query()] = None,
    sort: Sort = "newest",
    descending: bool = True,
    limit: Limit = 100,
    offset: Offset = 0,
) -> NotePage:
    """Needs `billing.read`; a tenant's caller gets its own issued ones."""
    wanted = NoteFilters(search, status, tenant_id, invoice_id, currency)
    with at.work(actor) as work:
        return credit_notes(
            work, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        )


@router.get("/{credit_note_id}", summary="One credit note", responses=refusals(404))
def one(at: TheOffice, actor: Caller, credit_note_id: RecordId) -> NoteAnswer:
    """With its lines. Needs what the list needs."""
    with at.work(actor) as work:
        return NoteAnswer(*credit_note(work, str(credit_note_id)))


@router.post("", status_code=201, summary="Draft a credit note", responses=refusals(400, 404, 409))
def create(at: TheOffice, actor: Caller, body: NewNoteBody, key: Key = None) -> NoteRow:
    """Needs `billing.write`; somebody else approves it."""
    with at.work(actor) as work:
        made = actions.create_credit_note(
            work,
            body.invoice_id,
            amount_minor=body.amount_minor,
            lines=tuple((line.line_id, line.amount_minor) for line in body.lines),
            cause=body.cause,
            settles=body.settles,
            note=body.note,
            key=key,
        )
        work.session.flush()
        return credit_note(work, str(made.id))[0]


@router.post("/{credit_note_id}/approve", summary="Approve", responses=refusals(400, 404, 409))
@approve_router.post(
    "/{credit_note_id}/approve", summary="Approve", responses=refusals(400, 404, 409)
)
def approve(
    at: TheOffice, actor: Caller, credit_note_id: RecordId, body: ReasonBody, key: Key = None
) -> NoteRow:
    """Not one's own. Needs `billing.approve`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.approve_credit_note(work, credit_note_id, reason=body.reason, key=key)
        work.session.flush()
        return credit_note(work, str(credit_note_id))[0]


@router.post("/{credit_note_id}/decline", summary="Decline", responses=refusals(400, 404, 409))
def decline(
    at: TheOffice, actor: Caller, credit_note_id: RecordId, body: ReasonBody, key: Key = None
) -> NoteRow:
    """Needs `billing.write` and a reason."""
    with at.work(actor) as work:
        actions.decline_credit_note(work, credit_note_id, reason=body.reason, key=key)
        work.session.flush()
        return credit_note(work, str(credit_note_id))[0]
