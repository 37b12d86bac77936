"""The inbox of unmatched transfers: assigned to invoices or parked by a person (UNM.3)."""

from sqlalchemy import select, update

from core.actions import action
from core.bank.models import BankStatement, BankTransfer, UnmatchedBankTransfer
from core.bank.statements import payment_of
from core.errors import BadInput, ChangedMeanwhile, NotFound
from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import transfer_assigned
from core.payments.allocating import Applied, apply, dues, lock_invoices
from core.payments.models import Payment
from core.payments.rules import Part, check_parts
from core.work import Work

PROVIDER_OF_FORMAT = {"bgmax": "bankgirot"}


@action("bank.transfer.assigned", needs="sys_finance", fresh=True)
def assign_transfer(
    work: Work,
    unmatched_id: int,
    parts: tuple[Part, ...],
    *,
    reason: str,
    key: str | None = None,
) -> Payment:
    """Turn an open transfer into a payment on one tenant's invoices; the excess is its credit.

    Of two people one wins, the other gets ChangedMeanwhile. Raises NotFound, BadInput.
    """
    transfer, format_ = _claim(work, unmatched_id, "assigned", reason)
    invoices = _invoices_for(work, transfer, parts)
    provider = PROVIDER_OF_FORMAT.get(format_, "bank")
    applied = sum(part.amount_minor for part in parts)
    payment = payment_of(work, transfer, invoices[parts[0].invoice_id], provider, applied)
    work.session.add(payment)
    work.session.flush()
    apply(work, [Applied(payment, invoices[p.invoice_id], p.amount_minor) for p in parts])
    transfer.payment_id = payment.id
    post(
        work,
        "transfer_assigned",
        ("payment", payment.id),
        transfer_assigned(applied, payment.amount_minor - applied),
        payment.currency,
        work.today,
        tenant_id=payment.tenant_id,
    )
    work.tell(
        tenant_id=payment.tenant_id,
        unmatched_id=unmatched_id,
        payment_id=payment.id,
        parts=[[part.invoice_id, part.amount_minor] for part in parts],
    )
    return payment


@action("bank.transfer.ignored", needs="sys_finance", fresh=True)
def ignore_transfer(work: Work, unmatched_id: int, *, reason: str) -> UnmatchedBankTransfer:
    """Park a transfer; its money stays in unapplied receipts."""
    _claim(work, unmatched_id, "ignored", reason)
    work.tell(unmatched_id=unmatched_id)
    return work.session.get_one(UnmatchedBankTransfer, unmatched_id)


def _invoices_for(
    work: Work, transfer: BankTransfer, parts: tuple[Part, ...]
) -> dict[int, Invoice]:
    """The invoices, locked, when the transfer can settle these parts of them."""
    if not parts:
        raise BadInput("A transfer is assigned to one invoice at least")
    invoices = lock_invoices(work, [part.invoice_id for part in parts])
    owners = {invoice.tenant_id for invoice in invoices.values()}
    currencies = {invoice.currency for invoice in invoices.values()} | {transfer.currency}
    if len(invoices) < len(parts) or len(owners) != 1 or len(currencies) != 1:
        raise BadInput("The invoices are not all of one tenant and in the transfer's currency")
    check_parts(transfer.amount_minor, parts, dues(invoices))
    return invoices


def _claim(work: Work, unmatched_id: int, status: str, reason: str) -> tuple[BankTransfer, str]:
    """Take an open row; only one transaction can."""
    taken = work.session.scalar(
        update(UnmatchedBankTransfer)
        .where(UnmatchedBankTransfer.id == unmatched_id, UnmatchedBankTransfer.status == "open")
        .values(status=status, decided_at=work.now, decided_by=work.actor.user_id, reason=reason)
        .returning(UnmatchedBankTransfer.bank_transfer_id)
    )
    if taken is None:
        if work.session.get(UnmatchedBankTransfer, unmatched_id) is None:
            raise NotFound(f"There is no unmatched transfer {unmatched_id}")
        raise ChangedMeanwhile("Somebody else has already decided this transfer")
    row = work.session.execute(
        select(BankTransfer, BankStatement.format)
        .join(BankStatement, BankStatement.id == BankTransfer.statement_id)
        .where(BankTransfer.id == taken)
    ).one()
    return row[0], row[1]
