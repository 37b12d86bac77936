"""Disputes of card payments: opened, won, lost (PAY.8). Those of recharges are the wallets'."""

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


@dataclass(frozen=True)
class Disputed:
    """A payment, or the recharge of a wallet; `paid_by` is the gateway's number of it."""

    tenant_id: int
    provider: str
    currency: str
    paid_by: str | None
    payment_id: int | None = None
    wallet_transaction_id: int | None = None
    tax_minor: int = 0


@action("payment.dispute.opened", needs=None, system=True)
def open_dispute(work: Work, payment_id: int, number: str, claim: Claim) -> Dispute:
    """The gateway withdrew a disputed payment and its fee; recorded once by the gateway's number.

    Raises NotNow, and BadInput when the payment holds less than is disputed.
    """
    payment = lock_payment(work, payment_id)
    known = known_dispute(work, payment.provider, number)
    work.tell(tenant_id=payment.tenant_id, payment_id=payment.id, dispute=number)
    if known is not None:
        return known
    if payment.provider not in PROVIDERS:
        raise NotNow("Only what was paid at a gateway can be disputed there")
    if payment.status not in ("captured", "partially_refunded"):
        raise NotNow(f"The payment is {payment.status}")
    if not 0 < claim.amount_minor <= returnable(payment):
        raise BadInput("A dispute is above zero and within what the payment still holds")
    payment.status = "disputed"
    _mark_invoices(work, payment, disputed=True)
    tax, total = held_tax(work, payment.id)
    about = Disputed(
        payment.tenant_id,
        payment.provider,
        payment.currency,
        payment.provider_payment_id,
        payment_id=payment.id,
        tax_minor=tax_within(claim.amount_minor, payment.refunded_minor, tax, total),
    )
    return keep_opened(work, about, number, claim)


@action("payment.dispute.decided", needs=None, system=True)
def decide_dispute(work: Work, dispute_id: int, *, won: bool) -> Dispute:
    """Won: the money comes back, the fee does not. Lost: it is a bad debt, its tax is not owed.

    Raises NotFound, and NotNow for one that is decided or about a recharge.
    """
    dispute = lock_open_dispute(work, dispute_id)
    if dispute.payment_id is None:
        raise NotNow("The dispute is about a recharge")
    payment = lock_payment(work, dispute.payment_id)
    kept = "partially_refunded" if payment.refunded_minor else "captured"
    payment.status = kept if won else "charged_back"
    _mark_invoices(work, payment, disputed=False)
    keep_decided(work, dispute, payment.provider_payment_id, won=won)
    if not won:
        net = dispute.amount_minor - dispute.tax_minor
        _post(work, dispute, "dispute_lost", dispute_lost(net, dispute.tax_minor))
    work.tell(tenant_id=dispute.tenant_id, dispute_id=dispute.id, payment_id=payment.id, won=won)
    return dispute


def known_dispute(
    work: Work, provider: str, number: str, *, locked: bool = False
) -> Dispute | None:
    """The dispute that has a gateway's number; None while it is unknown."""
    meant = select(Dispute).where(
        Dispute.provider == provider, Dispute.provider_dispute_id == number
    )
    return work.session.scalar(meant.with_for_update() if locked else meant)


def lock_open_dispute(work: Work, dispute_id: int) -> Dispute:
    """An undecided dispute, locked. Raises NotFound, and NotNow once it is decided."""
    dispute = work.session.get(Dispute, dispute_id, with_for_update=True)
    if dispute is None:
        raise NotFound(f"There is no dispute {dispute_id}")
    if dispute.closed_on is not None:
        raise NotNow(f"The dispute was decided on {dispute.closed_on}")
    return dispute


def keep_opened(work: Work, about: Disputed, number: str, claim: Claim) -> Dispute:
    """Part of an action: a new dispute with its posting and the gateway's line."""
    dispute = Dispute(
        payment_id=about.payment_id,
        wallet_transaction_id=about.wallet_transaction_id,
        tenant_id=about.tenant_id,
        provider=about.provider,
        provider_dispute_id=number,
        status="needs_response",
        reason=claim.cause,
        currency=about.currency,
        amount_minor=claim.amount_minor,
        fee_minor=claim.fee_minor,
        tax_minor=about.tax_minor,
        opened_on=work.today,
        evidence_due_on=claim.evidence_due_on,
        created_at=work.now,
    )
    work.session.add(dispute)
    work.session.flush()
    amount, fee, recharge = claim.amount_minor, claim.fee_minor, about.payment_id is None
    legs = dispute_opened(about.provider, amount, fee, recharge=recharge)
    _post(work, dispute, "dispute_opened", legs)
    note(
        work,
        about.provider,
        "dispute",
        number,
        about.currency,
        -amount,
        fee_minor=fee,
        source_id=about.paid_by,
    )
    return dispute


def keep_decided(work: Work, dispute: Dispute, paid_by: str | None, *, won: bool) -> None:
    """Part of an action: a dispute's decision; what was won has its posting and its line.

    `paid_by` is the gateway's number of the payment.
    """
    dispute.status, dispute.closed_on = "won" if won else "lost", work.today
    if not won:
        return
    provider, amount, recharge = dispute.provider, dispute.amount_minor, dispute.payment_id is None
    _post(work, dispute, "dispute_won", dispute_won(provider, amount, recharge=recharge))
    note(
        work,
        provider,
        "dispute_won",
        f"{dispute.provider_dispute_id}-won",
        dispute.currency,
        amount,
        source_id=paid_by,
    )


def held_tax(work: Work, payment_id: int) -> tuple[int, int]:
    """Tax and total, in minor units, of the invoices a payment is on."""
    row = work.session.execute(
        select(func.sum(Invoice.tax_minor), func.sum(Invoice.total_minor)).where(
            Invoice.id.in_(_invoices_of(payment_id))
        )
    ).one()
    return int(row[0] or 0), int(row[1] or 0)


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
