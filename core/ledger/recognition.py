"""Revenue recognition: once a month, what was earned by its end and not posted yet (LED.1)."""

from collections import defaultdict
from datetime import date, timedelta

from sqlalchemy import func, or_, select, text

from core.actions import action
from core.credit_notes.models import CreditNote, CreditNoteLine
from core.errors import BadInput
from core.invoices.models import Invoice, InvoiceLine
from core.invoices.rules import recognised_by
from core.ledger.chart import CODE
from core.ledger.models import AccountingEntry, LedgerTransaction
from core.ledger.postings import revenue_recognised
from core.work import Work

_ONE_AT_A_TIME = text("select pg_advisory_xact_lock(4713)")
Place = tuple[int, str]
"""A tenant and a currency."""


@action("ledger.recognised", needs=None, system=True)
def recognise_revenue(work: Work, month: date) -> dict[str, int]:
    """Post the revenue of service up to the end of a month; minor units by currency.

    One ledger transaction per currency, dated the month's last day, with entries for each
    tenant. What is posted is the cumulative target less what was posted before, so that a
    schedule sums to its invoice. A month posted before is left alone.
    """
    after = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
    if month.day != 1 or after > work.today:
        raise BadInput("Recognition runs for the first day of a month that is over")
    work.session.execute(_ONE_AT_A_TIME)
    source = ("month", month.year * 100 + month.month)
    work.tell(month=f"{month:%Y-%m}")
    if _is_done(work, source):
        work.tell(already_posted=True)
        return {}
    due = _due(work, after)
    for currency in sorted(due):
        _post(work, source, currency, due[currency], after - timedelta(days=1))
    totals = {currency: sum(due[currency].values()) for currency in sorted(due)}
    work.tell(recognised_minor=totals)
    return totals


def is_recognised(work: Work, month: date) -> bool:
    """True when a month's revenue is posted, or there is none to post."""
    after = (month + timedelta(days=32)).replace(day=1)
    return _is_done(work, ("month", month.year * 100 + month.month)) or not _due(work, after)


def _due(work: Work, after: date) -> dict[str, dict[int, int]]:
    """What was earned before a day and not posted, by currency and tenant; minor units."""
    earned, posted = _earned(work, after), _posted(work)
    due: dict[str, dict[int, int]] = defaultdict(dict)
    for tenant_id, currency in sorted(earned.keys() | posted.keys()):
        place = (tenant_id, currency)
        if amount := earned.get(place, 0) - posted.get(place, 0):
            due[currency][tenant_id] = amount
    return due


def _is_done(work: Work, source: tuple[str, int]) -> bool:
    done = select(LedgerTransaction.id).where(
        LedgerTransaction.source_type == source[0], LedgerTransaction.source_id >= source[1]
    )
    return work.session.scalar(done.limit(1)) is not None


def _earned(work: Work, before: date) -> dict[Place, int]:
    """Net minor units earned before a day, of all invoices that stand, less credit notes."""
    rows = work.session.execute(
        select(
            InvoiceLine.tenant_id,
            Invoice.currency,
            InvoiceLine.net_minor,
            InvoiceLine.service_start,
            InvoiceLine.service_end,
        )
        .join(Invoice, Invoice.id == InvoiceLine.invoice_id)
        .where(
            Invoice.status.not_in(("draft", "cancelled")), InvoiceLine.service_start.is_not(None)
        )
    )
    given_back = work.session.execute(
        select(
            CreditNoteLine.tenant_id,
            CreditNote.currency,
            -CreditNoteLine.net_minor,
            CreditNoteLine.service_start,
            CreditNoteLine.service_end,
        )
        .join(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
        .where(
            CreditNote.status == "issued",
            # What a refund gives back is posted by the refund, at once.
            CreditNote.refund_id.is_(None),
            CreditNoteLine.service_start.is_not(None),
        )
    )
    earned: dict[Place, int] = defaultdict(int)
    for tenant_id, currency, net, start, end in (*rows, *given_back):
        assert start is not None
        assert end is not None
        earned[tenant_id, currency] += recognised_by(net, start, end, before)
    return earned


def _posted(work: Work) -> dict[Place, int]:
    """Net minor units taken out of deferred revenue by recognition so far."""
    kind = LedgerTransaction.kind
    rows = work.session.execute(
        select(
            AccountingEntry.tenant_id,
            AccountingEntry.currency,
            func.sum(AccountingEntry.amount_minor),
        )
        .join(LedgerTransaction, LedgerTransaction.id == AccountingEntry.ledger_transaction_id)
        .where(
            AccountingEntry.account_code == CODE["deferred_revenue"],
            or_(
                kind.like("revenue_recognised%"), kind.like("reversed_posting:revenue_recognised%")
            ),
        )
        .group_by(AccountingEntry.tenant_id, AccountingEntry.currency)
    )
    return {(tenant_id or 0, currency): int(total) for tenant_id, currency, total in rows}


def _post(
    work: Work, source: tuple[str, int], currency: str, amounts: dict[int, int], booked_on: date
) -> None:
    """One transaction for many tenants; `journal.post` writes those of one."""
    transaction = LedgerTransaction(
        kind=f"revenue_recognised:{currency}",
        source_type=source[0],
        source_id=source[1],
        booked_on=booked_on,
        memo=f"Revenue {booked_on:%Y-%m}",
        created_at=work.now,
    )
    transaction.entries = [
        AccountingEntry(
            account_code=CODE[leg.account],
            tenant_id=tenant_id,
            currency=currency,
            amount_minor=leg.amount_minor,
        )
        for tenant_id, amount in amounts.items()
        for leg in revenue_recognised(amount)
    ]
    work.session.add(transaction)
