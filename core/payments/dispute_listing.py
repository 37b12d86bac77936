"""Disputes of payments and recharges for pages, commands and files, with postings (PAY.8)."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import text as sql

from core.errors import BadInput, NotFound
from core.listing import LARGEST_PAGE, Conditions, admit_reader, known, like
from core.payments.models import PROVIDERS
from core.work import Work

STATUSES = ("needs_response", "under_review", "won", "lost")
SORTS = {
    "evidence": "d.closed_on is not null, d.evidence_due_on {way}, d.id {way}",
    "newest": "d.opened_on {way}, d.id {way}",
    "tenant": "lower(t.name) {way}",
    "amount": "d.currency, d.amount_minor {way}",
}
"""Orders of the list, each in one way or the other; `evidence` has the open ones first."""
_FROM = """
from dispute d
join tenant t on t.id = d.tenant_id
where {conditions}
"""
_ROWS = f"""
-- Which disputes fit, of which payments and invoices? One row per dispute; minor units.
select d.id, d.payment_id, d.wallet_transaction_id, d.tenant_id, t.name as tenant_name, d.provider,
  d.provider_dispute_id,
  (select w.invoice_id from wallet_transaction w where w.id = d.wallet_transaction_id)
    as recharge_invoice_id,
  d.status, d.reason, d.currency, d.amount_minor, d.fee_minor, d.tax_minor, d.opened_on,
  d.evidence_due_on, d.closed_on,
  case when d.status = 'needs_response' then d.evidence_due_on - cast(:today as date) end
    as days_left,
  array(select i.number from payment_allocation a join invoice i on i.id = a.invoice_id
        where a.payment_id = d.payment_id and i.number is not null
        union
        select i.number from wallet_transaction w join invoice i on i.id = w.invoice_id
        where w.id = d.wallet_transaction_id and i.number is not null
        order by 1) as invoice_numbers
{_FROM}
order by {{order}}
limit :limit offset :offset
"""
_COUNTS = f"""
-- How many disputes fit in each status? One row per status.
select d.status, count(*) as disputes
{_FROM}
group by d.status
"""
_POSTINGS = sql("""
-- What did a dispute post? One row per entry; minor units.
select t.kind as event, t.booked_on, e.account_code as account, a.name, e.currency,
  greatest(e.amount_minor, 0) as debit_minor, greatest(-e.amount_minor, 0) as credit_minor
from ledger_transaction t
join accounting_entry e on e.ledger_transaction_id = t.id
join account a on a.code = e.account_code
where t.source_type = 'dispute' and t.source_id = :id
order by t.id, e.id
""")


@dataclass(frozen=True)
class DisputeFilters:
    """What to look for; `text` in the tenant's name or as the gateway's number.

    The days are the first and last on which it was opened.
    """

    text: str | None = None
    status: str | None = None
    provider: str | None = None
    currency: str | None = None
    opened_from: date | None = None
    opened_until: date | None = None
    tenant_id: int | None = None


@dataclass(frozen=True)
class DisputeListRow:
    """A dispute in minor units, the gateway's fee beside the amount.

    It is about a payment or a recharge, the transaction of a wallet. `days_left` to answer the
    gateway, below zero once they are over; None when no answer is awaited.
    """

    id: int
    payment_id: int | None
    wallet_transaction_id: int | None
    recharge_invoice_id: int | None
    tenant_id: int
    tenant_name: str
    provider: str
    provider_dispute_id: str
    status: str
    reason: str
    currency: str
    amount_minor: int
    fee_minor: int
    tax_minor: int
    opened_on: date
    evidence_due_on: date | None
    closed_on: date | None
    days_left: int | None
    invoice_numbers: list[str]


@dataclass(frozen=True)
class DisputePage:
    """Some disputes, how many fit, and how many of any status would, by status."""

    rows: list[DisputeListRow]
    count: int
    by_status: dict[str, int]


@dataclass(frozen=True)
class DisputeEntry:
    """One side of a posting, in minor units; `event` names the posting."""

    event: str
    booked_on: date
    account: str
    name: str
    currency: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True)
class DisputeDetail:
    """A dispute with what it posted; a tenant's users are not shown the books."""

    row: DisputeListRow
    entries: list[DisputeEntry]


def disputes(
    work: Work,
    wanted: DisputeFilters | None = None,
    *,
    sort: str = "evidence",
    descending: bool = False,
    limit: int = 100,
    offset: int = 0,
) -> DisputePage:
    """Disputes that fit, in one of SORTS; a tenant's users get their own.

    Needs `billing.read`, or `org.billing.read` of the own tenant. Raises BadInput.
    """
    own = admit_reader(work)
    if sort not in SORTS:
        raise BadInput(f"Disputes are sorted by {', '.join(SORTS)}")
    chosen = wanted or DisputeFilters()
    parts = _conditions(chosen, own)
    where, values = parts.joined()
    counted = work.session.execute(sql(_COUNTS.format(conditions=where)), values)
    held = {row.status: row.disputes for row in counted}
    parts.equal("d.status", known(chosen.status, STATUSES, "status"))
    page = {"limit": max(1, min(limit, LARGEST_PAGE)), "offset": max(0, offset)}
    order = SORTS[sort].format(way=f"{'desc' if descending else 'asc'} nulls last")
    rows = _read(work, parts, f"{order}, d.id desc", page)
    by_status = {name: held[name] for name in STATUSES if name in held}
    count = by_status.get(chosen.status, 0) if chosen.status else sum(by_status.values())
    return DisputePage(rows, count, by_status)


def dispute_detail(work: Work, dispute_id: int) -> DisputeDetail:
    """One dispute and its postings, the oldest first.

    Needs `billing.read`, or `org.billing.read` of the own tenant. Raises NotFound.
    """
    own = admit_reader(work)
    parts = Conditions()
    parts.equal("d.id", dispute_id)
    parts.equal("d.tenant_id", own)
    rows = _read(work, parts, "d.id", {"limit": 1, "offset": 0})
    if not rows:
        raise NotFound(f"There is no dispute {dispute_id}")
    posted = work.session.execute(_POSTINGS, {"id": dispute_id}) if own is None else ()
    return DisputeDetail(rows[0], [DisputeEntry(**entry._mapping) for entry in posted])


def _read(work: Work, parts: Conditions, order: str, page: dict[str, int]) -> list[DisputeListRow]:
    where, values = parts.joined(today=work.today, **page)
    found = work.session.execute(sql(_ROWS.format(conditions=where, order=order)), values)
    return [DisputeListRow(**row._mapping) for row in found]


def _conditions(wanted: DisputeFilters, own: int | None) -> Conditions:
    """Conditions of everything but the status."""
    parts = Conditions()
    parts.equal("d.tenant_id", own if own is not None else wanted.tenant_id)
    if found := like(wanted.text):
        parts.add("(t.name ilike :part or d.provider_dispute_id = :exact)", **found)
    parts.equal("d.provider", known(wanted.provider, PROVIDERS, "provider"))
    parts.equal("d.currency", wanted.currency)
    parts.between("d.opened_on", wanted.opened_from, wanted.opened_until)
    return parts
