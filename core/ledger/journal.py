"""Writing to the ledger: one balanced transaction per event, and its mirror to undo it."""

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.errors import NotFound
from core.ledger.chart import CHART, CODE
from core.ledger.models import AccountingEntry, LedgerTransaction
from core.ledger.postings import POSTINGS, Leg, reversed_posting
from core.work import Work

_SLUG = {place.code: place.slug for place in CHART}


def post(
    work: Work,
    event: str,
    source: tuple[str, int],
    legs: list[Leg],
    currency: str,
    booked_on: date,
    *,
    tenant_id: int | None = None,
    memo: str = "",
) -> LedgerTransaction | None:
    """Post an event once; (source type, source id, event) is unique in the database.

    `event` is a key of POSTINGS, or one followed by `:` and what makes it single, such as a
    month. Returns None when there is nothing to post.
    """
    assert event.split(":", maxsplit=1)[0] in POSTINGS, f"{event} is not in the posting table"
    assert sum(leg.amount_minor for leg in legs) == 0, f"{event} does not balance"
    if not legs:
        return None
    transaction = LedgerTransaction(
        kind=event,
        source_type=source[0],
        source_id=source[1],
        booked_on=booked_on,
        tenant_id=tenant_id,
        memo=memo,
        created_at=work.now,
    )
    transaction.entries = [
        AccountingEntry(
            account_code=CODE[leg.account],
            tenant_id=tenant_id,
            currency=currency,
            amount_minor=leg.amount_minor,
        )
        for leg in legs
    ]
    work.session.add(transaction)
    return transaction


def reverse(work: Work, source: tuple[str, int], event: str, booked_on: date) -> LedgerTransaction:
    """Post the mirror of what was really posted for an event. Raises NotFound when nothing was."""
    original = work.session.scalar(
        select(LedgerTransaction)
        .where(
            LedgerTransaction.source_type == source[0],
            LedgerTransaction.source_id == source[1],
            LedgerTransaction.kind == event,
        )
        .options(selectinload(LedgerTransaction.entries))
    )
    if original is None:
        raise NotFound(f"Nothing was posted as {event} for {source[0]} {source[1]}")
    legs = [Leg(_SLUG[entry.account_code], entry.amount_minor) for entry in original.entries]
    mirror = post(
        work,
        f"reversed_posting:{event}",
        source,
        reversed_posting(legs),
        original.entries[0].currency,
        booked_on,
        tenant_id=original.tenant_id,
    )
    assert mirror is not None
    mirror.reverses_id = original.id
    return mirror
