"""Refunds in two steps: asked for and kept, then settled by the gateway's answer (REF.1–2)."""

from sqlalchemy import func, select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.gateways.entries import note
from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import Leg, refund_settled
from core.payments.actions import lock_payment
from core.payments.disputes import held_tax
from core.payments.models import Payment, PaymentAllocation
from core.payments.rules import tax_within
from core.refunds.models import Refund
from core.work import Work

LIVE = ("pending", "succeeded")


@action("refund.requested", needs="sys_finance", fresh=True)
def request_refund(
    work: Work,
    payment_id: int,
    amount_minor: int,
    *,
    nth: int = 1,
    reason: str,
    key: str | None = None,
) -> Refund:
    """Keep a refund as pending; the gateway is called after this has committed.

    The same person asking again for the same amount gets the first refund back; a second one on
    purpose carries the next `nth`. Raises BadInput when more would go back than settled invoices:
    what a payment holds beyond that is the customer's credit.
    """
    payment = lock_payment(work, payment_id)
    work.tell(tenant_id=payment.tenant_id, payment_id=payment.id, amount_minor=amount_minor)
    if payment.provider == "wallet":
        raise NotNow("What a wallet paid goes back to the wallet; refund it there")
    if payment.provider == "credit":
        raise NotNow("A credit note is used on invoices; it is not paid out here")
    first = live(work, payment, amount_minor, nth)
    if first is not None:
        work.tell(refund_id=first.id, repeated=True)
        return first
    refund = reserve(work, payment, amount_minor, nth, reason)
    work.tell(refund_id=refund.id)
    return refund


@action("refund.settled", needs=None, system=True)
def settle_refund(work: Work, refund_id: int, provider_refund_id: str) -> Refund:
    """The gateway paid back: post it, move payment and invoices on; again changes nothing."""
    refund, payment = _with_payment(work, refund_id)
    work.tell(
        tenant_id=refund.tenant_id, refund_id=refund.id, provider_refund_id=provider_refund_id
    )
    if refund.status == "succeeded":
        return refund
    if refund.status != "pending":
        raise NotNow(f"The refund is {refund.status}")
    net = refund.amount_minor - refund.tax_minor
    legs = refund_settled(payment.provider, payment.method, net, refund.tax_minor)
    finish(work, refund, payment, provider_refund_id, "refund_settled", legs)
    note(
        work,
        payment.provider,
        "refund",
        provider_refund_id,
        refund.currency,
        -refund.amount_minor,
        source_id=payment.provider_payment_id,
    )
    return refund


@action("refund.failed", needs=None, system=True)
def fail_refund(work: Work, refund_id: int, why: str) -> Refund:
    """The gateway refused: the amount can be refunded again."""
    refund, payment = _with_payment(work, refund_id)
    if refund.status != "pending":
        raise NotNow(f"The refund is {refund.status}")
    refund.status, refund.settled_at = "failed", work.now
    payment.refunded_minor -= refund.amount_minor
    work.tell(tenant_id=refund.tenant_id, refund_id=refund.id, why=why)
    return refund


def live(work: Work, payment: Payment, amount_minor: int, nth: int) -> Refund | None:
    """The refund the actor asked for already: pending or done, of this amount and number."""
    return work.session.scalar(
        select(Refund).where(
            Refund.payment_id == payment.id,
            Refund.amount_minor == amount_minor,
            Refund.actor_id == work.actor.user_id,
            Refund.nth == nth,
            Refund.status.in_(LIVE),
        )
    )


def reserve(work: Work, payment: Payment, amount_minor: int, nth: int, reason: str) -> Refund:
    """Write a pending refund of a locked payment. Raises BadInput, NotNow."""
    if payment.status not in ("captured", "partially_refunded"):
        raise NotNow(f"The payment is {payment.status}")
    left = payment.allocated_minor - payment.refunded_minor
    if not 0 < amount_minor <= left:
        raise BadInput(f"{left} can be refunded, not {amount_minor}")
    refund = _pending(work, payment, amount_minor, nth, reason)
    payment.refunded_minor += amount_minor
    work.session.add(refund)
    work.session.flush()
    return refund


def finish(
    work: Work, refund: Refund, payment: Payment, number: str, event: str, legs: list[Leg]
) -> None:
    """The money went back under a number: post it, move payment and invoices on."""
    refund.status, refund.refunded_on = "succeeded", work.today
    refund.provider_refund_id, refund.settled_at = number, work.now
    source = ("refund", refund.id)
    post(work, event, source, legs, refund.currency, work.today, tenant_id=refund.tenant_id)
    work.session.flush()
    _move_on(work, payment)


def _pending(work: Work, payment: Payment, amount_minor: int, nth: int, reason: str) -> Refund:
    tax, total = held_tax(work, payment.id)
    return Refund(
        payment_id=payment.id,
        tenant_id=payment.tenant_id,
        currency=payment.currency,
        amount_minor=amount_minor,
        nth=nth,
        status="pending",
        reason=reason,
        tax_minor=tax_within(amount_minor, payment.refunded_minor, tax, total),
        actor_id=work.actor.user_id,
        requested_at=work.now,
    )


def _with_payment(work: Work, refund_id: int) -> tuple[Refund, Payment]:
    """A refund and its payment, the payment locked first as everywhere."""
    payment_id = work.session.scalar(select(Refund.payment_id).where(Refund.id == refund_id))
    if payment_id is None:
        raise NotFound(f"There is no refund {refund_id}")
    payment = lock_payment(work, payment_id)
    return work.session.get_one(Refund, refund_id), payment


def _move_on(work: Work, payment: Payment) -> None:
    done = work.session.scalar(
        select(func.sum(Refund.amount_minor)).where(
            Refund.payment_id == payment.id, Refund.status == "succeeded"
        )
    )
    whole = int(done or 0) >= payment.allocated_minor
    payment.status = "refunded" if whole else "partially_refunded"
    allocated = select(PaymentAllocation.invoice_id).where(
        PaymentAllocation.payment_id == payment.id
    )
    found = select(Invoice).where(
        Invoice.id.in_(allocated), Invoice.status.in_(("paid", "partially_refunded"))
    )
    for invoice in work.session.scalars(found.order_by(Invoice.id).with_for_update()):
        alone = payment.allocated_minor >= invoice.total_minor
        invoice.status = "refunded" if whole and alone else "partially_refunded"
