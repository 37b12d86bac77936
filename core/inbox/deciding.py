"""What a person decides on a transfer: assigned to invoices, parked, a suggestion declined (UNM.3).

`core/inbox/undoing.py` takes a decision back.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from core.actions import action
from core.bank.models import BankStatement, BankTransfer, UnmatchedBankTransfer
from core.bank.statements import payment_of
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.inbox.models import SuggestionDeclined
from core.invoices.models import Invoice
from core.ledger.journal import post
from core.ledger.postings import transfer_assigned
from core.payments.allocating import Applied, apply, dues, lock_invoices
from core.payments.models import Payment
from core.payments.rules import Part, check_parts
from core.tenants.models import Tenant
from core.work import Work

PROVIDER_OF_FORMAT = {"bgmax": "bankgirot"}


@dataclass(frozen=True)
class Share:
    """What of a transfer goes on an invoice, in minor units; None is all it is owed, if it can."""

    invoice_id: int
    amount_minor: int | None = None


@action("bank.transfer.assigned", needs="sys_finance", fresh=True)
def assign_transfer(
    work: Work,
    unmatched_id: int,
    shares: tuple[Share, ...],
    *,
    reason: str,
    key: str | None = None,
) -> Payment:
    """Turn an open transfer into payments on invoices, one for each tenant; gives the first.

    What is left over is the credit of the tenant named first. Of two people one wins, the other
    gets ChangedMeanwhile. Raises NotFound, BadInput.
    """
    transfer, format_ = _claim(work, unmatched_id, "assigned", reason)
    return _assign(work, unmatched_id, transfer, format_, shares)


@action("bank.transfer.auto_assigned", needs=None, system=True)
def auto_assign_transfer(work: Work, unmatched_id: int, invoice_ids: tuple[int, ...]) -> Payment:
    """Post a transfer that pays these invoices exactly, without a person.

    Raises ChangedMeanwhile when it was decided, NotNow when the amounts are no longer equal.
    """
    transfer, format_ = _claim(work, unmatched_id, "assigned", "", automatic=True)
    invoices = lock_invoices(work, invoice_ids)
    owed = sum(due.amount_minor for due in dues(invoices))
    if owed != transfer.amount_minor or len(dues(invoices)) != len(invoice_ids):
        raise NotNow("The invoices are no longer owed exactly what was transferred")
    shares = tuple(Share(invoice_id) for invoice_id in invoice_ids)
    work.tell(automatic=True)
    return _assign(work, unmatched_id, transfer, format_, shares)


@action("bank.transfer.ignored", needs="sys_finance", fresh=True)
def ignore_transfer(
    work: Work, unmatched_id: int, *, reason: str, key: str | None = None
) -> UnmatchedBankTransfer:
    """Park a transfer; its money stays in unapplied receipts."""
    _claim(work, unmatched_id, "ignored", reason)
    work.tell(unmatched_id=unmatched_id)
    return work.session.get_one(UnmatchedBankTransfer, unmatched_id)


@action("bank.suggestion.declined", needs="bank.import")
def decline_suggestion(work: Work, unmatched_id: int, tenant_id: int) -> UnmatchedBankTransfer:
    """Say that a transfer is not a tenant's: its invoices count for less from now on.

    No money moves. Raises NotFound, and NotNow when the transfer is no longer open.
    """
    row = work.session.get(UnmatchedBankTransfer, unmatched_id)
    if row is None:
        raise NotFound(f"There is no unmatched transfer {unmatched_id}")
    if work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    if row.status != "open":
        raise NotNow(f"Transfer {unmatched_id} is {row.status}")
    work.session.execute(
        insert(SuggestionDeclined)
        .values(
            unmatched_id=unmatched_id,
            tenant_id=tenant_id,
            declined_at=work.now,
            declined_by=work.actor.user_id,
        )
        .on_conflict_do_nothing()
    )
    work.tell(unmatched_id=unmatched_id, declined_tenant_id=tenant_id)
    return row


def _assign(
    work: Work,
    unmatched_id: int,
    transfer: BankTransfer,
    format_: str,
    shares: Sequence[Share],
) -> Payment:
    parts, invoices = _parts(work, transfer, shares)
    provider = PROVIDER_OF_FORMAT.get(format_, "bank")
    payments = _payments(work, transfer, provider, parts, invoices)
    work.session.add_all(payments.values())
    work.session.flush()
    put = [(payments[invoices[part.invoice_id].tenant_id], part) for part in parts]
    apply(work, [Applied(paid, invoices[p.invoice_id], p.amount_minor) for paid, p in put])
    for payment in payments.values():
        post(
            work,
            "transfer_assigned",
            ("payment", payment.id),
            transfer_assigned(payment.allocated_minor, payment.credit_minor),
            payment.currency,
            work.today,
            tenant_id=payment.tenant_id,
        )
    first, *others = payments.values()
    work.tell(
        tenant_id=None if others else first.tenant_id,
        unmatched_id=unmatched_id,
        payment_id=first.id,
        parts=[[part.invoice_id, part.amount_minor] for part in parts],
    )
    if others:
        work.tell(other_payments=[payment.id for payment in others])
    return first


def _payments(
    work: Work,
    transfer: BankTransfer,
    provider: str,
    parts: Sequence[Part],
    invoices: dict[int, Invoice],
) -> dict[int, Payment]:
    """What each tenant paid of a transfer, by tenant, the excess with the first.

    The bank's reference is one payment's alone, so that those after the first are numbered.
    """
    of_tenant: dict[int, list[Part]] = {}
    for part in parts:
        of_tenant.setdefault(invoices[part.invoice_id].tenant_id, []).append(part)
    excess = transfer.amount_minor - sum(part.amount_minor for part in parts)
    payments = {}
    for number, (tenant_id, own) in enumerate(of_tenant.items(), 1):
        applied = sum(part.amount_minor for part in own)
        amount = applied if number > 1 else applied + excess
        invoice = invoices[own[0].invoice_id]
        payment = payment_of(work, transfer, invoice, provider, applied, amount)
        if number > 1:
            payment.provider_payment_id = f"{payment.provider_payment_id} part {number}"
        payments[tenant_id] = payment
    return payments


def _parts(
    work: Work, transfer: BankTransfer, shares: Sequence[Share]
) -> tuple[list[Part], dict[int, Invoice]]:
    """The parts in figures and the invoices, locked, when the transfer can settle them."""
    if not shares:
        raise BadInput("A transfer is assigned to one invoice at least")
    wanted = [share.invoice_id for share in shares]
    invoices = lock_invoices(work, wanted)
    if missing := sorted(set(wanted) - invoices.keys()):
        raise NotFound(f"There is no invoice {missing[0]}")
    if {invoice.currency for invoice in invoices.values()} != {transfer.currency}:
        raise BadInput("The invoices are not all in the transfer's currency")
    owed = dues(invoices)
    parts = _in_figures(transfer.amount_minor, shares, {each.invoice_id: each for each in owed})
    check_parts(transfer.amount_minor, parts, owed)
    return parts, invoices


def _in_figures(amount_minor: int, shares: Sequence[Share], owed: dict[int, Part]) -> list[Part]:
    """Amounts for the shares that name none: what is owed, or what is left of the transfer."""
    left = amount_minor - sum(share.amount_minor or 0 for share in shares)
    parts = []
    for share in shares:
        amount = share.amount_minor
        if amount is None:
            due = owed.get(share.invoice_id)
            amount = min(due.amount_minor, max(left, 0)) if due else 0
            left -= amount
        parts.append(Part(share.invoice_id, amount))
    return parts


def _claim(
    work: Work, unmatched_id: int, status: str, reason: str, *, automatic: bool = False
) -> tuple[BankTransfer, str]:
    """Take an open row; only one transaction can."""
    taken = work.session.scalar(
        update(UnmatchedBankTransfer)
        .where(UnmatchedBankTransfer.id == unmatched_id, UnmatchedBankTransfer.status == "open")
        .values(
            status=status,
            decided_at=work.now,
            decided_by=work.actor.user_id,
            reason=reason,
            automatic=automatic,
        )
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
