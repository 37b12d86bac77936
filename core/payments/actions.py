"""Writes on payments: recorded by hand, charged at a gateway, put on invoices (PAY.2, PAY.6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from core.actions import action
from core.dunning.settling import note_failure
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.gateways.entries import note
from core.invoices.models import OPEN, Invoice
from core.ledger.journal import post
from core.ledger.postings import credit_applied, gateway_fee, payment_captured
from core.money import units_text
from core.notifications.outbox import tell_tenant
from core.payments.allocating import Applied, apply, book, dues, lock_invoices, open_invoices
from core.payments.models import RECEIVED, Payment
from core.payments.rules import Part, check_parts, spread
from core.tenants.models import Tenant
from core.work import Work

BY_HAND = ("bank_transfer", "card", "cash", "direct_debit", "other")
"""Ways in which money recorded by hand came."""


@dataclass(frozen=True)
class Charge:
    """A gateway's answer: captured with its fee, or declined with a code; minor units."""

    invoice_id: int
    provider: str
    provider_payment_id: str
    amount_minor: int
    fee_minor: int = 0
    failure_code: str | None = None
    scheduled: bool = True


@action("billing.payment.recorded", needs="billing.write", system=True)
def record_payment(
    work: Work,
    tenant_id: int,
    amount_minor: int,
    currency: str,
    method: str,
    *,
    invoice_ids: tuple[int, ...] = (),
    parts: tuple[Part, ...] = (),
    reference: str | None = None,
    received_on: date | None = None,
    note: str = "",
    key: str | None = None,
) -> Payment:
    """Money received outside a gateway: in the given parts, or put on the given invoices in
    order, else on the oldest.

    What settles nothing stays on the payment as the customer's credit. Raises BadInput, NotFound.
    """
    if amount_minor <= 0 or (received_on or work.today) > work.today:
        raise BadInput("A payment is above zero and was received by today")
    if method not in BY_HAND:
        raise BadInput(f"A payment recorded by hand came by {', '.join(BY_HAND)}, not {method!r}")
    if work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    named = tuple(part.invoice_id for part in parts) or invoice_ids
    if named:
        invoices = _own_invoices(work, named, tenant_id, currency)
    else:
        invoices = open_invoices(work, tenant_id, currency)
    if parts:
        check_parts(amount_minor, parts, dues(invoices))
    payment = Payment(
        tenant_id=tenant_id,
        invoice_id=next(iter(invoices), None),
        provider="manual",
        method=method,
        status="captured",
        currency=currency,
        amount_minor=amount_minor,
        reference=reference,
        note=note.strip(),
        received_on=received_on or work.today,
    )
    capture(work, [(payment, parts or spread(amount_minor, dues(invoices)))], invoices)
    applied = payment.allocated_minor
    facts = {"amount_minor": amount_minor, "currency": currency, "applied_minor": applied}
    work.tell(tenant_id=tenant_id, payment_id=payment.id, method=method, **facts)
    return payment


@action("saas.invoice.marked_paid", needs="saas.invoices.manage")
def mark_paid(
    work: Work,
    invoice_id: int,
    method: str,
    *,
    reference: str | None = None,
    note: str = "",
    paid_on: date | None = None,
    seen_due_minor: int | None = None,
    reason: str = "",
    key: str | None = None,
) -> Payment:
    """Record that what is owed on an invoice was paid outside a gateway (INV.3).

    `seen_due_minor` is what the person saw as owed. Raises NotFound, BadInput, NotNow when nothing
    is owed, ChangedMeanwhile when another amount is.
    """
    invoice = lock_invoices(work, [invoice_id]).get(invoice_id)
    if invoice is None:
        raise NotFound(f"There is no invoice {invoice_id}")
    due, on = invoice.due_minor, paid_on or work.today
    if not due:
        raise NotNow(f"The invoice is {invoice.status}; nothing is owed on it")
    if seen_due_minor is not None and seen_due_minor != due:
        owed = f"{units_text(due, invoice.currency)} {invoice.currency}"
        raise ChangedMeanwhile(f"{owed} is owed by now; look again")
    if on > work.today:
        raise BadInput("A payment was received by today")
    if method not in BY_HAND:
        raise BadInput(f"A payment recorded by hand came by {', '.join(BY_HAND)}, not {method!r}")
    payment = Payment(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        provider="manual",
        method=method,
        status="captured",
        currency=invoice.currency,
        amount_minor=due,
        reference=reference,
        note=note.strip(),
        received_on=on,
    )
    capture(work, [(payment, [Part(invoice.id, due)])], {invoice.id: invoice})
    work.tell(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        number=invoice.number,
        payment_id=payment.id,
        amount_minor=due,
        currency=invoice.currency,
        method=method,
    )
    return payment


@action("payment.charges.recorded", needs=None, system=True)
def record_charges(work: Work, charges: tuple[Charge, ...]) -> list[Payment]:
    """What gateways answered to charges of invoices, captured or declined; each recorded once.

    Money for an invoice that was settled meanwhile stays as the customer's credit. A scheduled
    attempt that is declined makes the subscription past due, unless the invoice was settled
    (PAY.6). Returns the payments that are new, in the order given. Raises NotFound.
    """
    payments = write_charges(work, charges)
    work.tell(
        charges=[
            [p.id, p.invoice_id, p.provider, p.amount_minor, p.currency, p.failure_code or p.status]
            for p in payments
        ]
    )
    return payments


def write_charges(work: Work, charges: Sequence[Charge]) -> list[Payment]:
    """Part of an action: write gateways' answers down, each once, and tell the tenants."""
    fresh = _unknown(work, charges)
    invoices = lock_invoices(work, sorted({charge.invoice_id for charge in fresh}))
    captured: list[tuple[Payment, list[Part]]] = []
    payments = []
    for charge in fresh:
        if charge.invoice_id not in invoices:
            raise NotFound(f"There is no invoice {charge.invoice_id}")
        payment = _payment_of(charge, invoices[charge.invoice_id])
        payments.append(payment)
        if charge.failure_code is None:
            payment.received_on = work.today
            taken = [part for _, parts in captured for part in parts]
            captured.append((payment, _parts(charge, invoices[charge.invoice_id], taken)))
    capture(work, captured, invoices)
    _note_declines(work, fresh, payments, invoices)
    for payment in payments:
        event = "payment.failed" if payment.failure_code else "payment.received"
        tell_tenant(work, event, payment.tenant_id, {"payment_id": payment.id})
    return payments


@action("billing.credit.applied", needs="billing.write", system=True)
def apply_credit(
    work: Work, payment_id: int, parts: tuple[Part, ...], *, key: str | None = None
) -> Payment:
    """Put the unapplied rest of a payment on its tenant's invoices.

    Raises NotFound, NotNow, and BadInput also for an invoice of another tenant or currency.
    """
    payment = lock_payment(work, payment_id)
    if payment.status not in RECEIVED:
        raise NotNow(f"The payment is {payment.status}; it holds no credit")
    named = [part.invoice_id for part in parts]
    invoices = _own_invoices(work, named, payment.tenant_id, payment.currency)
    check_parts(payment.credit_minor, parts, dues(invoices))
    payment.allocated_minor += sum(part.amount_minor for part in parts)
    rows = apply(work, [Applied(payment, invoices[p.invoice_id], p.amount_minor) for p in parts])
    work.session.flush()
    for row in rows:
        post(
            work,
            "credit_applied",
            ("payment_allocation", row.id),
            credit_applied(row.amount_minor),
            payment.currency,
            work.today,
            tenant_id=payment.tenant_id,
        )
    work.tell(
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        parts=[[part.invoice_id, part.amount_minor] for part in parts],
    )
    return payment


def capture(
    work: Work, captured: Sequence[tuple[Payment, Sequence[Part]]], invoices: dict[int, Invoice]
) -> None:
    """Write captured payments with their allocations, postings and gateway lines."""
    book(work, captured, invoices)
    for payment, _ in captured:
        _post_capture(work, payment)
    work.session.flush()


def lock_payment(work: Work, payment_id: int) -> Payment:
    """A payment, locked to the end of the transaction. Raises NotFound."""
    payment = work.session.scalar(
        select(Payment)
        .where(Payment.id == payment_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if payment is None:
        raise NotFound(f"There is no payment {payment_id}")
    return payment


def _own_invoices(
    work: Work, invoice_ids: Sequence[int], tenant_id: int, currency: str
) -> dict[int, Invoice]:
    """The invoices in the order given, locked. Raises BadInput when one is another's."""
    locked = lock_invoices(work, invoice_ids)
    own = {
        number: locked[number]
        for number in invoice_ids
        if number in locked
        and (locked[number].tenant_id, locked[number].currency) == (tenant_id, currency)
    }
    if len(own) < len(invoice_ids):
        raise BadInput("The invoices are not all this tenant's, in this currency, named once")
    return own


def _post_capture(work: Work, payment: Payment) -> None:
    applied, provider = payment.allocated_minor, payment.provider
    source, place = ("payment", payment.id), (payment.currency, work.today)
    legs = payment_captured(provider, payment.method, applied, payment.amount_minor - applied)
    post(work, "payment_captured", source, legs, *place, tenant_id=payment.tenant_id)
    if payment.fee_minor:
        fee = gateway_fee(provider, payment.fee_minor)
        post(work, "gateway_fee", source, fee, *place, tenant_id=payment.tenant_id)
    note(
        work,
        provider,
        "charge",
        payment.provider_payment_id or f"payment-{payment.id}",
        payment.currency,
        payment.amount_minor,
        fee_minor=payment.fee_minor,
        source_id=payment.provider_payment_id,
    )


def _unknown(work: Work, charges: Sequence[Charge]) -> list[Charge]:
    """Charges not recorded yet, once each."""
    known = set(
        work.session.scalars(
            select(Payment.provider_payment_id).where(
                Payment.provider_payment_id.in_([charge.provider_payment_id for charge in charges])
            )
        )
    )
    by_number = {charge.provider_payment_id: charge for charge in charges}
    return [charge for number, charge in by_number.items() if number not in known]


def _payment_of(charge: Charge, invoice: Invoice) -> Payment:
    return Payment(
        tenant_id=invoice.tenant_id,
        invoice_id=invoice.id,
        provider=charge.provider,
        method="card",
        provider_payment_id=charge.provider_payment_id,
        currency=invoice.currency,
        amount_minor=charge.amount_minor,
        fee_minor=charge.fee_minor,
        failure_code=charge.failure_code,
        status="captured",
    )


def _parts(charge: Charge, invoice: Invoice, taken: Sequence[Part]) -> list[Part]:
    """What a charge settles of its invoice after the charges before it."""
    before = sum(part.amount_minor for part in taken if part.invoice_id == invoice.id)
    return spread(charge.amount_minor, [Part(invoice.id, invoice.due_minor - before)])


def _note_declines(
    work: Work,
    charges: Sequence[Charge],
    payments: Sequence[Payment],
    invoices: dict[int, Invoice],
) -> None:
    for charge, payment in zip(charges, payments, strict=True):
        if charge.failure_code is None:
            continue
        payment.status, payment.created_at = "failed", work.now
        work.session.add(payment)
        invoice = invoices[charge.invoice_id]
        if charge.scheduled and invoice.status in OPEN:
            note_failure(work, invoice, charge.failure_code)
    work.session.flush()
