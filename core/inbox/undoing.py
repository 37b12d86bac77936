"""Taking back where a transfer went: it waits in the inbox again, its invoices are owed (UNM.3)."""

from sqlalchemy import select, update

from core.actions import action
from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.errors import ChangedMeanwhile, NotFound, NotNow
from core.ledger.journal import post
from core.ledger.postings import transfer_unassigned
from core.payments.actions import lock_payment
from core.payments.allocating import lock_invoices, take_off
from core.payments.models import Payment
from core.payments.reversing import applied_parts
from core.work import Work


@action("bank.transfer.undone", needs="sys_finance", fresh=True)
def undo_decision(
    work: Work, unmatched_id: int, *, reason: str, key: str | None = None
) -> UnmatchedBankTransfer:
    """Open a decided transfer again; where it was assigned, its payment is reversed.

    Raises NotFound, and NotNow when the payment was refunded or its credit went out.
    """
    row = work.session.get(UnmatchedBankTransfer, unmatched_id)
    if row is None:
        raise NotFound(f"There is no unmatched transfer {unmatched_id}")
    transfer = work.session.get_one(BankTransfer, row.bank_transfer_id)
    if transfer.payment_id is not None:
        _unassign(work, transfer, transfer.payment_id)
    reopened = work.session.scalar(
        update(UnmatchedBankTransfer)
        .where(UnmatchedBankTransfer.id == unmatched_id, UnmatchedBankTransfer.status != "open")
        .values(
            status="open",
            decided_at=None,
            decided_by=None,
            reason="",
            automatic=False,
            undone_at=work.now,
        )
        .returning(UnmatchedBankTransfer)
        .execution_options(populate_existing=True)
    )
    if reopened is None:
        raise ChangedMeanwhile("The transfer is open already")
    work.tell(unmatched_id=unmatched_id)
    return reopened


@action("bank.payment.unassigned", needs="sys_finance", fresh=True)
def unassign_payment(
    work: Work, payment_id: int, *, reason: str, key: str | None = None
) -> UnmatchedBankTransfer:
    """Take back a payment that the bank's reference matched by itself; its transfer waits.

    Raises NotFound, and NotNow when it is no such payment, was refunded, or its credit went out.
    """
    transfer = work.session.scalar(
        select(BankTransfer).where(BankTransfer.payment_id == payment_id)
    )
    if transfer is None:
        raise NotNow(f"Payment {payment_id} did not come with a bank's file")
    row = work.session.scalar(
        select(UnmatchedBankTransfer).where(UnmatchedBankTransfer.bank_transfer_id == transfer.id)
    )
    if row is not None:
        raise NotNow(f"Payment {payment_id} is transfer {row.id} of the inbox; undo that")
    _unassign(work, transfer, payment_id)
    row = UnmatchedBankTransfer(
        bank_transfer_id=transfer.id, status="open", undone_at=work.now, created_at=work.now
    )
    work.session.add(row)
    work.session.flush()
    work.tell(unmatched_id=row.id)
    return row


def _unassign(work: Work, transfer: BankTransfer, payment_id: int) -> None:
    """Reverse the payment of a transfer: what it settled is owed again, its money is unapplied."""
    payment = lock_payment(work, payment_id)
    _refuse_used(payment)
    parts = applied_parts(work, payment.id)
    invoices = lock_invoices(work, [part.invoice_id for part in parts])
    applied, unapplied = payment.allocated_minor, payment.credit_minor
    take_off(work, payment, parts, invoices)
    payment.status = "reversed"
    # The transfer's own number is free for the payment it becomes next.
    payment.provider_payment_id = f"{payment.provider_payment_id} undone {payment.id}"
    transfer.payment_id = None
    post(
        work,
        "transfer_unassigned",
        ("payment", payment.id),
        transfer_unassigned(applied, unapplied),
        payment.currency,
        work.today,
        tenant_id=payment.tenant_id,
    )
    work.session.flush()
    work.tell(
        tenant_id=payment.tenant_id,
        payment_id=payment.id,
        amount_minor=payment.amount_minor,
        parts=[[part.invoice_id, part.amount_minor] for part in parts],
    )


def _refuse_used(payment: Payment) -> None:
    if payment.status != "captured" or payment.refunded_minor or payment.returned_minor:
        raise NotNow(
            f"Payment {payment.id} is {payment.status}, and money of it went back to the customer"
        )
