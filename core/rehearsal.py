"""Previews: an action is carried out, what it wrote is read, and all of it is undone.

What a preview shows is what the execution writes, as both run the same code on the same rows.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import TextClause, text

from core.access.authority import Actor
from core.subscriptions.models import Subscription
from core.work import Office, Work

_INVOICES = text("""
select i.id, i.type, i.reason, i.currency, i.net_minor, i.tax_minor, i.total_minor,
  i.total_minor - i.paid_minor as due_minor, i.due_on
from invoice i where i.row_xid = pg_current_xact_id() and i.id > :last order by i.id
""")
_INVOICE_LINES = text("""
select description, quantity, unit_minor, net_minor, tax_percent, tax_minor, total_minor,
  service_start, service_end
from invoice_line where invoice_id = :id order by position
""")
_NOTES = text("""
select id, 'credit_note' as type, reason, currency, net_minor, tax_minor, total_minor,
  0 as due_minor, issued_on as due_on
from credit_note where row_xid = pg_current_xact_id() order by id
""")
_NOTE_LINES = text("""
select description, 1::numeric as quantity, net_minor as unit_minor, net_minor, tax_percent,
  tax_minor, total_minor, service_start, service_end
from credit_note_line where credit_note_id = :id order by position
""")
_ENTRIES = text("""
select t.id, t.kind as event, t.booked_on, e.account_code as account, a.name,
  greatest(e.amount_minor, 0) as debit_minor, greatest(-e.amount_minor, 0) as credit_minor,
  e.currency
from ledger_transaction t
join accounting_entry e on e.ledger_transaction_id = t.id
join account a on a.code = e.account_code
where t.row_xid = pg_current_xact_id()
order by t.id, e.id
""")
_STATE = text("""
select s.status, p.slug as plan, p.name as plan_name, s.cycle, s.currency, s.amount_minor,
  s.items_minor, s.collection, s.auto_renew, s.current_period_start, s.current_period_end,
  s.trial_ends_on, s.paused_until, s.grace_ends_on, s.cancel_at_period_end, n.slug as next_plan,
  n.name as next_plan_name, s.next_cycle, s.next_amount_minor, s.ended_on
from subscription s join plan p on p.id = s.plan_id left join plan n on n.id = s.next_plan_id
where s.id = :id
""")


@dataclass(frozen=True)
class Line:
    """A line of a document; minor units, `[service_start, service_end)`."""

    description: str
    quantity: Decimal
    unit_minor: int
    net_minor: int
    tax_percent: Decimal
    tax_minor: int
    total_minor: int
    service_start: date | None
    service_end: date | None


@dataclass(frozen=True)
class Document:
    """An invoice or credit note that would be written; its number is given when it is."""

    type: str
    reason: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    due_minor: int
    due_on: date
    lines: list[Line]


@dataclass(frozen=True)
class Entry:
    """One side of a posting, in minor units."""

    account: str
    name: str
    debit_minor: int
    credit_minor: int
    currency: str


@dataclass(frozen=True)
class Posting:
    """A ledger transaction that would be written."""

    event: str
    booked_on: date
    entries: list[Entry]


@dataclass(frozen=True)
class Preview:
    """What an action would write; `before` and `after` are the subscription's state.

    `at` is the instant it was carried out for: a change that counts seconds is executed with it.
    Two previews are equal when they write the same, whenever they were asked for.
    """

    invoices: list[Document]
    credit_notes: list[Document]
    postings: list[Posting]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    at: datetime = field(compare=False)

    def as_json(self) -> dict[str, Any]:
        """The preview as plain values, days and decimals still typed."""
        return asdict(self)


def rehearse(
    office: Office,
    actor: Actor,
    do: Callable[[Work], object],
    subscription_id: int | None = None,
) -> Preview:
    """Carry out an action, read what it wrote and undo it; raises what the action raises.

    The permission is asked for as ever, fresh sign-in and reason only when it is done.
    """
    with office.rehearse(actor) as work:
        before, last = _state(work, subscription_id), last_invoice(work)
        result = do(work)
        work.session.flush()
        if isinstance(result, Subscription):
            subscription_id = result.id
        return written(work, last, before, _state(work, subscription_id))


def last_invoice(work: Work) -> int:
    """The newest invoice there is, before the transaction writes its own."""
    return int(work.session.scalar(text("select coalesce(max(id), 0) from invoice")) or 0)


def written(
    work: Work,
    last: int,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> Preview:
    """What the running transaction has written so far; `last` is the newest invoice before it."""
    return Preview(
        _documents(work, _INVOICES, _INVOICE_LINES, {"last": last}),
        _documents(work, _NOTES, _NOTE_LINES, {}),
        _postings(work),
        before,
        after,
        work.now,
    )


def _documents(
    work: Work, documents: TextClause, lines: TextClause, values: dict[str, int]
) -> list[Document]:
    found = []
    for row in work.session.execute(documents, values).mappings().all():
        facts = dict(row)
        inner = work.session.execute(lines, {"id": facts.pop("id")}).mappings()
        found.append(Document(**facts, lines=[Line(**each) for each in inner]))
    return found


def _postings(work: Work) -> list[Posting]:
    found: dict[int, Posting] = {}
    for row in work.session.execute(_ENTRIES):
        posting = found.setdefault(row.id, Posting(row.event, row.booked_on, []))
        posting.entries.append(
            Entry(row.account, row.name, row.debit_minor, row.credit_minor, row.currency)
        )
    return list(found.values())


def _state(work: Work, subscription_id: int | None) -> dict[str, Any] | None:
    if subscription_id is None:
        return None
    row = work.session.execute(_STATE, {"id": subscription_id}).mappings().one_or_none()
    return dict(row) if row else None
