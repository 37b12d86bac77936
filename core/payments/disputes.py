"""Disputes of card payments: opened, won, lost (PAY.8)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.gateways.entries import note
from core.gateways.models import PROVIDERS
from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import Leg, dispute_lost, dispute_opened, dispute_won
from core.payments.actions import lock_payment
from core.payments.models import Dispute, Payment, PaymentAllocation
from core.payments.rules import tax_within
from core.refunds.held import returnable
from core.work import Work


@dataclass(frozen=True)
class Claim:
    """What the card holder disputes and what the gateway charges for it, in minor units."""

    amount_minor: int
    fee_minor: int
    cause: str
    evidence_due_on: date


@action("payment.dispute.opened", needs=None, system=True)
def open_dispute(work: Work, payment_id: int, number: str, claim: Claim) -> Dispute:
    """The gateway withdrew a disputed payment and its fee; recorded once by the gateway's number.

    Raises NotNow, and BadInput when the payment holds less than is disputed.
    """
    payment = lock_payment(work, payment_id)
    known = work.session.scalar(
        select(Dispute).where(
            Dispute.provider == payment.provider, Dispute.provider_dispute_id == number
        )
    )
    work.tell(tenant_id=payment.tenant_id, payment_id=payment.id, dispute=number)
    if known is not None:
        return known
    if payment.provider not in PROVIDERS:
        raise NotNow("Only what was paid at a gateway can be disputed there")
    if payment.status not in ("captured", "partially_refunded"):
        raise NotNow(f"The payment is {payment.status}")
    if not 0 < claim.amount_minor <= returnable(payment):
        raise BadInput("A dispute is above zero and within what the payment still holds")
    dispute = _new(work, payment, number, claim)
    work.session.add(dispute)
    payment.status = "disputed"
    _mark_invoices(work, payment, disputed=True)
    work.session.flush()
    legs = dispute_opened(payment.provider, claim.amount_minor, claim.fee_minor)
    _post(work, dispute, "dispute_opened", legs)
    note(
        work,
        payment.provider,
        "dispute",
        number,
        payment.currency,
        -claim.amount_minor,
        fee_minor=claim.fee_minor,
        source_id=payment.provider_payment_id,
    )
    return dispute


@action("payment.dispute.decided", needs=None, system=True)
def decide_dispute(work: Work, dispute_id: int, *, won: bool) -> Dispute:
    """Won: the money comes back, the fee does not. Lost: it is a bad debt, its tax is not owed."""
    dispute = work.session.get(Dispute, dispute_id, with_for_update=True)
    if dispute is None:
        raise NotFound(f"There is no dispute {dispute_id}")
    if dispute.closed_on is not None:
        raise NotNow(f"The dispute was decided on {dispute.closed_on}")
    payment = lock_payment(work, dispute.payment_id)
    dispute.status, dispute.closed_on = "won" if won else "lost", work.today
    kept = "partially_refunded" if payment.refunded_minor else "captured"
    payment.status = kept if won else "charged_back"
    _mark_invoices(work, payment, disputed=False)
    if won:
        _post(work, dispute, "dispute_won", dispute_won(dispute.provider, dispute.amount_minor))
        note(
            work,
            dispute.provider,
            "dispute_won",
            f"{dispute.provider_dispute_id}-won",
            dispute.currency,
            dispute.amount_minor,
            source_id=payment.provider_payment_id,
        )
    else:
        net = dispute.amount_minor - dispute.tax_minor
        _post(work, dispute, "dispute_lost", dispute_lost(net, dispute.tax_minor))
    work.tell(tenant_id=dispute.tenant_id, dispute_id=dispute.id, payment_id=payment.id, won=won)
    return dispute


def held_tax(work: Work, payment_id: int) -> tuple[int, int]:
    """Tax and total, in minor units, of the invoices a payment is on."""
    row = work.session.execute(
        select(func.sum(Invoice.tax_minor), func.sum(Invoice.total_minor)).where(
            Invoice.id.in_(_invoices_of(payment_id))
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0)


def _new(work: Work, payment: Payment, number: str, claim: Claim) -> Dispute:
    tax, total = held_tax(work, payment.id)
    return Dispute(
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
        provider=payment.provider,
        provider_dispute_id=number,
        status="needs_response",
        reason=claim.cause,
        currency=payment.currency,
        amount_minor=claim.amount_minor,
        fee_minor=claim.fee_minor,
        tax_minor=tax_within(claim.amount_minor, payment.refunded_minor, tax, total),
        opened_on=work.today,
        evidence_due_on=claim.evidence_due_on,
        created_at=work.now,
    )


def _invoices_of(payment_id: int) -> Select[int]:
    return select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == payment_id)


def _mark_invoices(work: Work, payment: Payment, *, disputed: bool) -> None:
    found = select(Invoice).where(Invoice.id.in_(_invoices_of(payment.id)))
    for invoice in work.session.scalars(found.order_by(Invoice.id).with_for_update()):
        invoice.disputed = disputed


def _post(work: Work, dispute: Dispute, event: str, legs: list[Leg]) -> None:
    post(
        work,
        event,
        ("dispute", dispute.id),
        legs,
        dispute.currency,
        work.today,
        tenant_id=dispute.tenant_id,
    )
