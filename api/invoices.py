"""`/sys/invoices` and `/admin/billing/invoices`: list, write, send, settle, void (INV)."""

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Currency,
    Day,
    Limit,
    LongText,
    Minor,
    Name,
    Offset,
    Reason,
    RecordId,
    Search,
    SomeId,
    example,
    omittable,
)
from core.access.authority import Actor
from core.invoices import actions
from core.invoices.detail import InvoiceDetail, invoice_detail
from core.invoices.listing import InvoiceFilters, InvoicePage, InvoiceRow, invoices, one_invoice
from core.invoices.models import Invoice
from core.invoices.recovering import recover_invoice
from core.invoices.written import WrittenInvoice, draft_of
from core.payments.actions import mark_paid
from core.wallets.actions import pay_invoice_from_wallet
from core.work import Office, Work

Sort = Literal["newest", "number", "tenant", "due", "total", "open", "status"]
AnyStatus = Literal[
    "overdue",
    "draft",
    "issued",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
    "cancelled",
    "written_off",
]
Type = Literal["subscription", "usage", "recharge", "adjustment", "refund"]
ByHand = Literal["bank_transfer", "card", "cash", "direct_debit", "other"]
MOST_FEES = 1_000
LINE = {"description": "Set-up", "quantity": "2", "unit_minor": 45_000, "tax_percent": "25"}


class NewInvoiceBody(WrittenInvoice, Body):
    """A draft for a tenant; a line without `tax_percent` takes the tax of its country."""

    model_config = example({"tenant_id": 42, "lines": [LINE], "due_days": 30}) | {"extra": "forbid"}

    tenant_id: SomeId


class EditBody(WrittenInvoice, Body):
    """The draft written anew; `seen_total_minor` is what was on the screen."""

    model_config = example({"lines": [LINE], "seen_total_minor": 90_000}) | {"extra": "forbid"}

    seen_total_minor: Annotated[int, Field(strict=True, ge=0)] | None = None


class SendBody(Body):
    """How long the tenant has; the payment terms of the settings without it."""

    due_days: Annotated[int, Field(ge=0, le=3650)] | None = None


class RecoverBody(Body):
    """The payment whose credit settles what was given up, and why."""

    model_config = example({"payment_id": 17, "reason": A_REASON}) | {"extra": "forbid"}

    payment_id: int
    reason: Reason


class ReasonBody(Body):
    """Why."""

    model_config = example({"reason": A_REASON}) | {"extra": "forbid"}

    reason: Reason


class PaidBody(Body):
    """How what is owed was paid; `seen_due_minor` is what was on the screen."""

    model_config = example({"method": "bank_transfer", "reference": "BG 5050-1055"}) | {
        "extra": "forbid"
    }

    method: ByHand
    reference: Name | None = None
    note: LongText = ""
    paid_on: Day | None = None
    seen_due_minor: Annotated[int, Field(strict=True, ge=0)] | None = None


class FeeBody(Body):
    """A tenant's fee in its currency, without tax, and the sales it is a share of."""

    tenant_id: SomeId
    sales_minor: Minor
    fee_minor: Annotated[Minor, Field(gt=0)]


class FeesBody(Body):
    """The platform's fees of a month, named by its first day."""

    model_config = example(
        {
            "month": "2026-10-01",
            "fees": [{"tenant_id": 42, "sales_minor": 1_250_000, "fee_minor": 12_500}],
        }
    )

    month: Day
    fees: Annotated[list[FeeBody], Field(min_length=1, max_length=MOST_FEES)]


class IssuedAnswer(Answer):
    """The invoices that were issued."""

    invoice_ids: list[int]


router = APIRouter()
send_router = APIRouter(prefix="/invoices", tags=["Short addresses"])


def invoice_filters(
    search: Search = None,
    status: AnyStatus | None = None,
    type: Type | None = None,  # noqa: A002
    issuer_type: Literal["tenant", "platform"] | None = None,
    currency: Annotated[Currency | None, Query()] = None,
    tenant_id: Annotated[SomeId | None, Query()] = None,
    issued_from: Day | None = None,
    issued_until: Day | None = None,
    due_from: Day | None = None,
    due_until: Day | None = None,
    in_dunning: bool = False,
) -> InvoiceFilters:
    """What of the list is asked for."""
    return InvoiceFilters(
        text=search,
        status=status,
        type=type,
        issuer_type=issuer_type,
        currency=currency,
        issued_from=issued_from,
        issued_until=issued_until,
        due_from=due_from,
        due_until=due_until,
        in_dunning=in_dunning,
        tenant_id=tenant_id,
    )


WantedInvoices = Annotated[InvoiceFilters, Depends(invoice_filters)]


@router.get("", summary="List invoices", responses=refusals())
def list_invoices(
    at: TheOffice,
    actor: Caller,
    wanted: WantedInvoices,
    sort: Sort = "newest",
    descending: bool = True,
    limit: Limit = 100,
    offset: Offset = 0,
) -> InvoicePage:
    """Needs `billing.read`; a tenant's caller gets its own, without drafts."""
    with at.work(actor) as work:
        return invoices(work, wanted, sort=sort, descending=descending, limit=limit, offset=offset)


@router.get("/{invoice_id}", summary="One invoice", responses=refusals(404))
def one(at: TheOffice, actor: Caller, invoice_id: RecordId) -> InvoiceDetail:
    """With its lines, payments, credit notes and timeline. Needs what the list needs."""
    with at.work(actor) as work:
        return invoice_detail(work, str(invoice_id))


@router.post("", status_code=201, summary="Write a draft", responses=refusals(400, 404, 409))
def create(at: TheOffice, actor: Caller, body: NewInvoiceBody, key: Key = None) -> InvoiceRow:
    """Needs `saas.invoices.manage`."""
    draft = draft_of(body)
    return _done(at, actor, lambda work: actions.create_draft(work, body.tenant_id, draft, key=key))


@router.put("/{invoice_id}", summary="Edit a draft", responses=refusals(400, 404, 409))
def edit(
    at: TheOffice, actor: Caller, invoice_id: RecordId, body: EditBody, key: Key = None
) -> InvoiceRow:
    """Needs `saas.invoices.manage`."""
    draft, seen = draft_of(body), body.seen_total_minor
    return _done(
        at,
        actor,
        lambda work: actions.edit_draft(work, invoice_id, draft, seen_total_minor=seen, key=key),
    )


@router.delete(
    "/{invoice_id}", status_code=204, summary="Discard a draft", responses=refusals(404, 409)
)
def discard(at: TheOffice, actor: Caller, invoice_id: RecordId, key: Key = None) -> None:
    """Needs `saas.invoices.manage`."""
    with at.work(actor) as work:
        actions.discard_draft(work, invoice_id, key=key)


@router.post("/{invoice_id}/send", summary="Send an invoice", responses=refusals(400, 404, 409))
@send_router.post(
    "/{invoice_id}/send", summary="Send an invoice", responses=refusals(400, 404, 409)
)
def send(
    at: TheOffice,
    actor: Caller,
    invoice_id: RecordId,
    body: Annotated[SendBody, omittable(SendBody)],
    key: Key = None,
) -> InvoiceRow:
    """A draft is issued with the next number and the tenant is told; an issued invoice is sent
    once more. Needs `saas.invoices.manage`.
    """
    return _done(
        at,
        actor,
        lambda work: actions.send_invoice(work, invoice_id, due_days=body.due_days, key=key),
    )


@router.post("/{invoice_id}/void", summary="Void an invoice", responses=refusals(400, 404, 409))
def void(
    at: TheOffice, actor: Caller, invoice_id: RecordId, body: ReasonBody, key: Key = None
) -> InvoiceRow:
    """While nothing was paid or credited. Needs `saas.invoices.manage` and a reason."""
    return _done(
        at,
        actor,
        lambda work: actions.void_invoice(work, invoice_id, reason=body.reason, key=key),
    )


@router.post("/{invoice_id}/mark-paid", summary="Mark as paid", responses=refusals(400, 404, 409))
def paid(
    at: TheOffice, actor: Caller, invoice_id: RecordId, body: PaidBody, key: Key = None
) -> InvoiceRow:
    """What is owed was paid outside a gateway. Needs `saas.invoices.manage`."""
    with at.work(actor) as work:
        mark_paid(
            work,
            invoice_id,
            body.method,
            reference=body.reference,
            note=body.note,
            paid_on=body.paid_on,
            seen_due_minor=body.seen_due_minor,
            key=key,
        )
        work.session.flush()
        return one_invoice(work, str(invoice_id), None)


@router.post("/{invoice_id}/write-off", summary="Write off", responses=refusals(400, 404, 409))
def write_off(
    at: TheOffice, actor: Caller, invoice_id: RecordId, body: ReasonBody, key: Key = None
) -> InvoiceRow:
    """Give up what is still owed. Needs `sys_finance`, a fresh sign-in and a reason."""
    return _done(
        at, actor, lambda work: actions.write_off(work, invoice_id, reason=body.reason, key=key)
    )


@router.post("/{invoice_id}/recover", summary="Paid after all", responses=refusals(400, 404, 409))
def recover(
    at: TheOffice, actor: Caller, invoice_id: RecordId, body: RecoverBody, key: Key = None
) -> InvoiceRow:
    """A payment's credit settles what was written off. Needs `sys_finance`, a fresh sign-in and a
    reason.
    """
    return _done(
        at,
        actor,
        lambda work: recover_invoice(
            work, invoice_id, body.payment_id, reason=body.reason, key=key
        ),
    )


@router.post(
    "/{invoice_id}/pay-from-wallet",
    summary="Pay from the wallet",
    responses=refusals(400, 404, 409),
)
def pay_from_wallet(
    at: TheOffice, actor: Caller, invoice_id: RecordId, body: ReasonBody, key: Key = None
) -> InvoiceRow:
    """Settle what is owed, promotional credit first, whole or not at all. Needs
    `saas.wallets.manage`, a fresh sign-in and a reason.
    """
    with at.work(actor) as work:
        pay_invoice_from_wallet(work, invoice_id, reason=body.reason, key=key)
        work.session.flush()
        return one_invoice(work, str(invoice_id), None)


@router.post(
    "/platform-fees", status_code=201, summary="Issue platform fees", responses=refusals(400, 409)
)
def platform_fees(at: TheOffice, actor: Caller, body: FeesBody, key: Key = None) -> IssuedAnswer:
    """One invoice a tenant; who has one for the month is left out. Needs `billing.write`."""
    fees = tuple(actions.Fee(**fee.model_dump()) for fee in body.fees)
    with at.work(actor) as work:
        return IssuedAnswer(
            invoice_ids=actions.issue_platform_fees(work, body.month, fees, key=key)
        )


def _done(at: Office, actor: Actor, do: Callable[[Work], Invoice]) -> InvoiceRow:
    """Carry out a write and answer with the invoice as it then stands."""
    with at.work(actor) as work:
        invoice = do(work)
        work.session.flush()
        return one_invoice(work, str(invoice.id), None)
