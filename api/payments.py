"""`/sys/payments` and `/admin/billing/payments`: list, record, use, reverse, refund (PAY, REF)."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.invoices import ByHand, ReasonBody
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Currency,
    Day,
    Limit,
    LongText,
    Name,
    Offset,
    Reason,
    RecordId,
    Search,
    SomeId,
    example,
)
from core.inbox.undoing import unassign_payment
from core.money import LARGEST_MINOR
from core.payments import actions
from core.payments.detail import PaymentDetail, payment_detail
from core.payments.listing import PaymentFilters, PaymentPage, PaymentRow, one_payment, payments
from core.payments.reversing import reverse_payment
from core.payments.rules import Part
from core.refunds.actions import Ask
from core.refunds.previews import RefundPreview, preview_refund
from core.refunds.run import execute

Sort = Literal["newest", "tenant", "amount", "fee", "credit", "status"]
AnyStatus = Literal[
    "created",
    "pending",
    "captured",
    "partially_refunded",
    "refunded",
    "failed",
    "disputed",
    "charged_back",
    "reversed",
]
Treatment = Literal["credit_note", "reopen", "credit", "note"]
Amount = Annotated[int, Field(strict=True, gt=0, le=LARGEST_MINOR, description="Minor units.")]
MOST_PARTS = 500


class PartBody(Body):
    """An amount for one invoice."""

    invoice_id: SomeId
    amount_minor: Amount


class PaymentBody(Body):
    """Money that came outside a gateway: in parts, or put on invoices in order, else the oldest."""

    model_config = example(
        {"tenant_id": 42, "amount_minor": 112_500, "currency": "SEK", "method": "bank_transfer"}
    ) | {"extra": "forbid"}

    tenant_id: SomeId
    amount_minor: Amount
    currency: Currency
    method: ByHand
    invoice_ids: Annotated[list[SomeId], Field(max_length=MOST_PARTS)] = Field(default_factory=list)
    parts: Annotated[list[PartBody], Field(max_length=MOST_PARTS)] = Field(default_factory=list)
    reference: Name | None = None
    received_on: Day | None = None
    note: LongText = ""


class UseBody(Body):
    """Where the credit of a payment goes."""

    model_config = example({"parts": [{"invoice_id": 7, "amount_minor": 5_000}]}) | {
        "extra": "forbid"
    }

    parts: Annotated[list[PartBody], Field(min_length=1, max_length=MOST_PARTS)]


class RefundAskBody(Body):
    """An amount to give back.

    `treatment`: `credit_note` (one is written, the invoice is not owed again), `reopen` (it is),
    `credit` (money that settled no invoice), `note` (what `credit_note_id` left).
    """

    model_config = example({"amount_minor": 5_000}) | {"extra": "forbid"}

    amount_minor: Amount
    treatment: Treatment = "credit_note"
    credit_note_id: SomeId | None = None


class RefundBody(RefundAskBody):
    """The refund; `nth` as the preview said, when this amount was refunded before."""

    model_config = example({"amount_minor": 5_000, "reason": A_REASON}) | {"extra": "forbid"}

    nth: Annotated[int, Field(ge=1, le=1_000)] = 1
    notify_tenant: bool = False
    reason: Reason


class RefundAnswer(Answer):
    """A refund; `pending` while the gateway has not said, `failed` when it refused.

    One that had gone out and came back is `failed` with the days of both.
    """

    id: int
    payment_id: int
    tenant_id: int
    amount_minor: int
    tax_minor: int
    currency: str
    treatment: str
    nth: int
    status: str
    failure: str | None
    provider_refund_id: str | None
    refunded_on: date | None
    returned_on: date | None
    requested_at: datetime
    settled_at: datetime | None


router = APIRouter()
record_router = APIRouter(prefix="/payments", tags=["Short addresses"])


def payment_filters(
    search: Search = None,
    status: AnyStatus | None = None,
    provider: Annotated[str | None, Query(max_length=12)] = None,
    method: Annotated[str | None, Query(max_length=24)] = None,
    currency: Annotated[Currency | None, Query()] = None,
    tenant_id: Annotated[SomeId | None, Query()] = None,
    invoice_id: Annotated[SomeId | None, Query()] = None,
    received_from: Day | None = None,
    received_until: Day | None = None,
    with_credit: bool = False,
) -> PaymentFilters:
    """What of the list is asked for."""
    return PaymentFilters(
        text=search,
        status=status,
        provider=provider,
        method=method,
        currency=currency,
        received_from=received_from,
        received_until=received_until,
        with_credit=with_credit,
        tenant_id=tenant_id,
        invoice_id=invoice_id,
    )


WantedPayments = Annotated[PaymentFilters, Depends(payment_filters)]


@router.get("", summary="List payments", responses=refusals(400))
def list_payments(
    at: TheOffice,
    actor: Caller,
    wanted: WantedPayments,
    sort: Sort = "newest",
    descending: bool = True,
    limit: Limit = 100,
    offset: Offset = 0,
) -> PaymentPage:
    """Needs `billing.read`; a tenant's caller gets its own."""
    with at.work(actor) as work:
        return payments(work, wanted, sort=sort, descending=descending, limit=limit, offset=offset)


@router.get("/{payment_id}", summary="One payment", responses=refusals(404))
def one(at: TheOffice, actor: Caller, payment_id: RecordId) -> PaymentDetail:
    """With its invoices, refunds, disputes, gateway lines and timeline."""
    with at.work(actor) as work:
        return payment_detail(work, payment_id)


@router.post("", status_code=201, summary="Record a payment", responses=refusals(400, 404, 409))
@record_router.post(
    "", status_code=201, summary="Record a payment", responses=refusals(400, 404, 409)
)
def record(at: TheOffice, actor: Caller, body: PaymentBody, key: Key = None) -> PaymentRow:
    """What settles no invoice is the customer's credit. Needs `billing.write`."""
    with at.work(actor) as work:
        payment = actions.record_payment(
            work,
            body.tenant_id,
            body.amount_minor,
            body.currency,
            body.method,
            invoice_ids=tuple(body.invoice_ids),
            parts=tuple(Part(part.invoice_id, part.amount_minor) for part in body.parts),
            reference=body.reference,
            received_on=body.received_on,
            note=body.note,
            key=key,
        )
        work.session.flush()
        return one_payment(work, payment.id, None)


@router.post("/{payment_id}/apply", summary="Use its credit", responses=refusals(400, 404, 409))
def apply(
    at: TheOffice, actor: Caller, payment_id: RecordId, body: UseBody, key: Key = None
) -> PaymentRow:
    """Put what settles no invoice on invoices. Needs `billing.write`."""
    parts = tuple(Part(part.invoice_id, part.amount_minor) for part in body.parts)
    with at.work(actor) as work:
        actions.apply_credit(work, payment_id, parts, key=key)
        work.session.flush()
        return one_payment(work, payment_id, None)


@router.post("/{payment_id}/reverse", summary="Take it back", responses=refusals(400, 404, 409))
def reverse(
    at: TheOffice, actor: Caller, payment_id: RecordId, body: ReasonBody, key: Key = None
) -> PaymentRow:
    """A payment recorded by hand had not arrived. Needs `billing.write` and a reason."""
    with at.work(actor) as work:
        reverse_payment(work, payment_id, reason=body.reason, key=key)
        work.session.flush()
        return one_payment(work, payment_id, None)


@router.post("/{payment_id}/unassign", summary="Unassign it", responses=refusals(400, 404, 409))
def unassign(
    at: TheOffice, actor: Caller, payment_id: RecordId, body: ReasonBody, key: Key = None
) -> PaymentRow:
    """A payment that a bank reference matched by itself was not for its invoice: the transfer waits
    in the inbox. Needs `sys_finance`, a fresh sign-in and a reason.
    """
    with at.work(actor) as work:
        unassign_payment(work, payment_id, reason=body.reason, key=key)
        work.session.flush()
        return one_payment(work, payment_id, None)


@router.post(
    "/{payment_id}/refund/preview", summary="Preview a refund", responses=refusals(400, 404, 409)
)
def preview(
    at: TheOffice, actor: Caller, payment_id: RecordId, body: RefundAskBody
) -> RefundPreview:
    """Invoices before and after, credit notes, postings, the fee that is kept, earlier refunds;
    nothing is kept. Needs `sys_finance`.
    """
    ask = Ask(payment_id, body.amount_minor, body.treatment, body.credit_note_id)
    return preview_refund(at, actor, ask)


@router.post(
    "/{payment_id}/refund",
    status_code=201,
    summary="Refund a payment",
    responses=refusals(400, 404, 409),
)
def refund(
    at: TheOffice, actor: Caller, payment_id: RecordId, body: RefundBody, key: Key = None
) -> RefundAnswer:
    """The same person, payment and amount again return the first refund, unless `nth` counts on.
    Needs `sys_finance`, a fresh sign-in and a reason.
    """
    ask = Ask(
        payment_id,
        body.amount_minor,
        body.treatment,
        body.credit_note_id,
        body.nth,
        body.notify_tenant,
    )
    done = execute(at, actor, ask, reason=body.reason, key=key)
    return RefundAnswer.model_validate(done)
