"""Writing to the ledger: one balanced transaction per event, and its mirror to undo it."""

from datetime import date

from sqlalchemy import select, text
from sqlalchemy.orm import selectinload

from core.errors import NotFound
from core.ledger.chart import CHART, CODE
from core.ledger.models import LedgerTransaction
from core.ledger.postings import POSTINGS, Leg, reversed_posting
from core.work import Work

_OPEN_DAY = text("select ledger_open_day(:day)")
_SLUG = {place.code: place.slug for place in CHART}
# One statement a posting: renewals post by the thousand, and each question costs a round trip.
_POST = text("""
with posted as (
  insert into ledger_transaction
    (kind, source_type, source_id, booked_on, tenant_id, memo, reverses_id, created_at)
  values (:kind, :source_type, :source_id, ledger_open_day(:booked_on), :tenant_id, :memo,
    :reverses_id, :now)
  returning id, tenant_id
)
insert into accounting_entry
  (ledger_transaction_id, account_code, tenant_id, currency, amount_minor)
select posted.id, leg.account_code, posted.tenant_id, :currency, leg.amount_minor
from posted, unnest(cast(:accounts as text[]), cast(:amounts as bigint[])) with ordinality
  as leg (account_code, amount_minor, place)
order by leg.place
returning ledger_transaction_id
""")


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
    reverses_id: int | None = None,
) -> int | None:
    """Post an event once; (source type, source id, event) is unique in the database.

    In a closed month it goes to the first open day; the document keeps its own day (LED.2).
    `event` is a key of POSTINGS, or one followed by `:` and what makes it single, such as a
    month. Returns the ledger transaction's id, None when there is nothing to post.
    """
    assert event.split(":", maxsplit=1)[0] in POSTINGS, f"{event} is not in the posting table"
    assert sum(leg.amount_minor for leg in legs) == 0, f"{event} does not balance"
    if not legs:
        return None
    posted: int | None = work.session.connection().scalar(
        _POST,
        {
            "kind": event,
            "source_type": source[0],
            "source_id": source[1],
            "booked_on": booked_on,
            "tenant_id": tenant_id,
            "memo": memo,
            "reverses_id": reverses_id,
            "now": work.now,
            "currency": currency,
            "accounts": [CODE[leg.account] for leg in legs],
            "amounts": [leg.amount_minor for leg in legs],
        },
    )
    return posted


def open_day(work: Work, day: date) -> date:
    """The day a posting of a day goes to: its own, or the first that is open.

    No month is closed from now on until this transaction ends.
    """
    found: date = work.session.execute(_OPEN_DAY, {"day": day}).scalar_one()
    return found


def reverse(work: Work, source: tuple[str, int], event: str, booked_on: date) -> int:
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
        reverses_id=original.id,
    )
    assert mirror is not None
    return mirror
