"""Taking back where a transfer went: it waits in the inbox again, its invoices are owed (UNM.3)."""

from collections.abc import Sequence

from sqlalchemy import select

from core.actions import action
from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.errors import ChangedMeanwhile, NotFound, NotNow
from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import transfer_unassigned
from core.payments.actions import lock_payment
from core.payments.allocating import lock_invoices, take_off
from core.payments.models import Payment
from core.payments.reversing import applied_parts
from core.payments.rules import Part
from core.work import Work


@action("bank.transfer.undone", needs="sys_finance", fresh=True)
def undo_decision(
    work: Work, unmatched_id: int, *, reason: str, key: str | None = None
) -> UnmatchedBankTransfer:
    """Open a decided transfer again; where it was assigned, its payments are reversed.

    Raises NotFound, and NotNow when a payment was refunded or its credit went out.
    """
    # Locked before its payments are read: whoever assigns it just now has then done so.
    row = work.session.get(
        UnmatchedBankTransfer, unmatched_id, with_for_update=True, populate_existing=True
    )
    if row is None:
        raise NotFound(f"There is no unmatched transfer {unmatched_id}")
    if row.status == "open":
        raise ChangedMeanwhile("The transfer is open already")
    if paid := _payments(work, row.bank_transfer_id):
        _unassign(work, paid)
    row.status, row.reason, row.automatic = "open", "", False
    row.decided_at = row.decided_by = None
    row.undone_at = work.now
    work.tell(unmatched_id=unmatched_id)
    return row


@action("bank.payment.unassigned", needs="sys_finance", fresh=True)
def unassign_payment(
    work: Work, payment_id: int, *, reason: str, key: str | None = None
) -> UnmatchedBankTransfer:
    """Take back a payment that the bank's reference matched by itself; its transfer waits.

    Raises NotFound, and NotNow when it is no such payment, was refunded, or its credit went out.
    """
    transfer = work.session.scalar(
        select(BankTransfer)
        .join(Payment, Payment.bank_transfer_id == BankTransfer.id)
        .where(Payment.id == payment_id, Payment.status != "reversed")
    )
    if transfer is None:
        raise NotNow(f"Payment {payment_id} did not come with a bank's file")
    row = work.session.scalar(
        select(UnmatchedBankTransfer).where(UnmatchedBankTransfer.bank_transfer_id == transfer.id)
    )
    if row is not None:
        raise NotNow(f"Payment {payment_id} is transfer {row.id} of the inbox; undo that")
    _unassign(work, [payment_id])
    row = UnmatchedBankTransfer(
        bank_transfer_id=transfer.id, status="open", undone_at=work.now, created_at=work.now
    )
    work.session.add(row)
    work.session.flush()
    work.tell(unmatched_id=row.id)
    return row


def _payments(work: Work, bank_transfer_id: int) -> Sequence[int]:
    """The payments that a transfer is now, one for each tenant."""
    found = select(Payment.id).where(
        Payment.bank_transfer_id == bank_transfer_id, Payment.status != "reversed"
    )
    return work.session.scalars(found.order_by(Payment.id)).all()


def _unassign(work: Work, payment_ids: Sequence[int]) -> None:
    """Reverse a transfer's payments: what they settled is owed again, their money is unapplied."""
    payments = [lock_payment(work, payment_id) for payment_id in payment_ids]
    for payment in payments:
        _refuse_used(payment)
    parts = {payment.id: applied_parts(work, payment.id) for payment in payments}
    invoices = lock_invoices(work, [part.invoice_id for own in parts.values() for part in own])
    for payment in payments:
        _reverse(work, payment, parts[payment.id], invoices)
    work.session.flush()
    first, *others = payments
    work.tell(
        tenant_id=None if others else first.tenant_id,
        payment_id=first.id,
        amount_minor=sum(payment.amount_minor for payment in payments),
        parts=[[part.invoice_id, part.amount_minor] for own in parts.values() for part in own],
    )
    if others:
        work.tell(other_payments=[payment.id for payment in others])


def _reverse(
    work: Work, payment: Payment, parts: Sequence[Part], invoices: dict[int, Invoice]
) -> None:
    applied, unapplied = payment.allocated_minor, payment.credit_minor
    take_off(work, payment, parts, invoices)
    payment.status = "reversed"
    # The transfer's own number is free for the payment it becomes next.
    payment.provider_payment_id = f"{payment.provider_payment_id} undone {payment.id}"
    post(
        work,
        "transfer_unassigned",
        ("payment", payment.id),
        transfer_unassigned(applied, unapplied),
        payment.currency,
        work.today,
        tenant_id=payment.tenant_id,
    )


def _refuse_used(payment: Payment) -> None:
    if payment.status != "captured" or payment.refunded_minor or payment.returned_minor:
        raise NotNow(
            f"Payment {payment.id} is {payment.status}, and money of it went back to the customer"
        )
