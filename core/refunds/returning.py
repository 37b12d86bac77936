"""Refunds that had gone out and came back: the customer is owed again what they gave (REF.1–2)."""

from sqlalchemy import func, select

from core.actions import action
from core.credit_notes.issuing import put_on
from core.errors import NotNow
from core.gateways.entries import note
from core.invoices.models import OPEN
from core.ledger.journal import post
from core.ledger.postings import refund_returned
from core.payments.allocating import lock_invoices
from core.payments.models import Payment, PaymentAllocation
from core.refunds import noting
from core.refunds.actions import with_payment
from core.refunds.models import Refund
from core.work import Work


@action("refund.returned", needs=None, system=True)
def return_refund(work: Work, refund_id: int, why: str) -> Refund:
    """The gateway's money came back after it had gone out; the refund failed after all.

    What was given back is the customer's credit: of its notes, which stand, or of the payment,
    which settles again the invoices that were owed again. Raises NotNow unless it had gone out.
    """
    refund, payment = with_payment(work, refund_id)
    if refund.status != "succeeded":
        raise NotNow(f"The refund is {refund.status}")
    refund.status, refund.settled_at, refund.failure = "failed", work.now, why
    refund.returned_on = work.today
    payment.refunded_minor -= refund.amount_minor
    _free(work, refund, payment)
    if payment.status in ("partially_refunded", "refunded"):
        payment.status = "partially_refunded" if _gone(work, payment) else "captured"
    _post(work, refund, payment)
    if refund.treatment == "reopen":
        _settle_again(work, refund, payment)
    noting.move_invoices(work, refund)
    work.tell(
        tenant_id=refund.tenant_id,
        refund_id=refund.id,
        payment_id=payment.id,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        why=why,
        notify=refund.notify,
    )
    return refund


def _free(work: Work, refund: Refund, payment: Payment) -> None:
    """Let what went back be used again, or given back another way."""
    if refund.treatment == "credit_note":
        noting.leave_credit(work, refund)
    elif refund.treatment == "note":
        noting.credit_of(work, refund).returned_minor -= refund.amount_minor
    else:
        payment.returned_minor -= refund.amount_minor


def _gone(work: Work, payment: Payment) -> int:
    """What of a payment is still paid back, in minor units."""
    work.session.flush()
    done = select(func.sum(Refund.amount_minor)).where(
        Refund.payment_id == payment.id, Refund.status == "succeeded"
    )
    return int(work.session.scalar(done) or 0)


def _post(work: Work, refund: Refund, payment: Payment) -> None:
    post(
        work,
        "refund_returned",
        ("refund", refund.id),
        refund_returned(payment.provider, payment.method, refund.amount_minor),
        refund.currency,
        work.today,
        tenant_id=refund.tenant_id,
    )
    note(
        work,
        payment.provider,
        "refund",
        f"{refund.provider_refund_id}-returned",
        refund.currency,
        refund.amount_minor,
        source_id=payment.provider_payment_id,
    )


def _settle_again(work: Work, refund: Refund, payment: Payment) -> None:
    """Put the money on the payment's invoices again, as far as they are still owed."""
    touched = select(PaymentAllocation.invoice_id).where(PaymentAllocation.payment_id == payment.id)
    left = refund.amount_minor
    for invoice in lock_invoices(work, list(work.session.scalars(touched.distinct()))).values():
        if left and invoice.status in OPEN:
            left -= put_on(work, payment, invoice, at_most=left)
