"""Putting money on invoices inside an action: locked invoices, allocations, statuses (PAY.2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.dunning.settling import settle
from core.inserting import adopt, insert_now
from core.invoices.models import OPEN, Invoice
from core.payments.models import Payment, PaymentAllocation
from core.payments.rules import Due, Part
from core.subscriptions.arrears import BEHIND
from core.subscriptions.models import Subscription
from core.work import Work


def lock_invoices(work: Work, invoice_ids: Sequence[int]) -> dict[int, Invoice]:
    """Invoices by id, locked in that order, so that two payments cannot block each other."""
    found = work.session.scalars(
        select(Invoice)
        .where(Invoice.id.in_(invoice_ids))
        .order_by(Invoice.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {invoice.id: invoice for invoice in found}


def open_invoices(work: Work, tenant_id: int, currency: str) -> dict[int, Invoice]:
    """A tenant's open invoices in a currency, locked; oldest due first when iterated."""
    ids = work.session.scalars(
        select(Invoice.id).where(
            Invoice.tenant_id == tenant_id, Invoice.currency == currency, Invoice.status.in_(OPEN)
        )
    ).all()
    locked = lock_invoices(work, ids) if ids else {}
    ordered = sorted(locked.values(), key=lambda each: (each.due_on, each.id))
    return {invoice.id: invoice for invoice in ordered}


def dues(invoices: dict[int, Invoice]) -> list[Due]:
    """What is owed on each, in the order given."""
    return [
        Due(each.id, each.due_minor, each.currency, each.number)
        for each in invoices.values()
        if each.due_minor
    ]


@dataclass(frozen=True)
class Applied:
    """A part of a payment on an invoice."""

    payment: Payment
    invoice: Invoice
    amount_minor: int


def book(
    work: Work, captured: Sequence[tuple[Payment, Sequence[Part]]], invoices: dict[int, Invoice]
) -> None:
    """Write captured payments with their allocations; posting them is the caller's."""
    for payment, parts in captured:
        payment.created_at = payment.captured_at = work.now
        payment.allocated_minor = sum(part.amount_minor for part in parts)
        payment.refunded_minor = payment.returned_minor = 0
        payment.fee_minor = payment.fee_minor or 0
        work.session.add(payment)
    work.session.flush()
    apply(
        work,
        [
            Applied(payment, invoices[part.invoice_id], part.amount_minor)
            for payment, parts in captured
            for part in parts
        ],
    )


def apply(work: Work, applied: Sequence[Applied]) -> list[PaymentAllocation]:
    """Add the allocations of payments that have ids; settle invoices and restore subscriptions.

    The payments' own `allocated_minor` already counts these parts.
    """
    rows = []
    for each in applied:
        payment, invoice = each.payment, each.invoice
        assert payment.tenant_id == invoice.tenant_id
        rows.append(_row(work, payment, invoice, each.amount_minor))
        invoice.paid_minor += each.amount_minor
        paid = invoice.paid_minor == invoice.total_minor
        invoice.status = "paid" if paid else "partially_paid"
        invoice.settled_on = work.today if paid else None
    if rows:
        insert_now(work, rows)
        adopt(work, rows)
    _settle(work, applied)
    return rows


def take_off(
    work: Work, payment: Payment, parts: Sequence[Part], invoices: dict[int, Invoice]
) -> None:
    """Take parts of a locked payment off locked invoices, which are owed again.

    Allocations are append-only: each is mirrored whole, what stays is allocated anew. The newest
    go first. What is taken off is the payment's unapplied rest until it is used or given back.
    """
    for part in parts:
        invoice, left = invoices[part.invoice_id], part.amount_minor
        for row in _standing(work, payment.id, invoice.id):
            taken = min(left, row.amount_minor)
            work.session.add(_row(work, payment, invoice, -row.amount_minor, row.id))
            if rest := row.amount_minor - taken:
                work.session.add(_row(work, payment, invoice, rest))
            left -= taken
            if not left:
                break
        assert not left, "more is taken off an invoice than the payment put on it"
        payment.allocated_minor -= part.amount_minor
        invoice.paid_minor -= part.amount_minor
        invoice.status = "partially_paid" if invoice.paid_minor else "issued"
        invoice.settled_on = None
    work.session.flush()


def _standing(work: Work, payment_id: int, invoice_id: int) -> list[PaymentAllocation]:
    """Allocations of a payment to an invoice that were not undone, newest first."""
    undone = select(PaymentAllocation.reverses_id).where(
        PaymentAllocation.payment_id == payment_id, PaymentAllocation.reverses_id.is_not(None)
    )
    found = select(PaymentAllocation).where(
        PaymentAllocation.payment_id == payment_id,
        PaymentAllocation.invoice_id == invoice_id,
        PaymentAllocation.amount_minor > 0,
        PaymentAllocation.id.not_in(undone),
    )
    return list(work.session.scalars(found.order_by(PaymentAllocation.id.desc())))


def _row(
    work: Work, payment: Payment, invoice: Invoice, amount_minor: int, reverses: int | None = None
) -> PaymentAllocation:
    return PaymentAllocation(
        payment_id=payment.id,
        invoice_id=invoice.id,
        tenant_id=invoice.tenant_id,
        currency=invoice.currency,
        amount_minor=amount_minor,
        allocated_on=work.today,
        reverses_id=reverses,
        created_at=work.now,
    )


def _settle(work: Work, applied: Sequence[Applied]) -> None:
    """Let dunning hear of what is paid.

    An invoice is issued while its subscription is locked, and locked before it elsewhere: what is
    paid as it is issued has no case yet, and its subscription is not behind.
    """
    reasons = {}
    settled = []
    for each in applied:
        invoice = each.invoice
        billed = work.kept.get((Subscription, invoice.subscription_id or 0))
        if invoice.status == "paid" and (billed is None or billed.status in BEHIND):
            reasons[invoice.id] = "credited" if each.payment.provider == "credit" else "paid"
            settled.append(invoice)
    if settled:
        settle(work, reasons, settled)
