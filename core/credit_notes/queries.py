"""Credit notes for pages, commands and actions: the list, one, and what can still be credited."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from core.credit_notes.rules import Creditable
from core.errors import BadInput, NotFound
from core.listing import admit_reader, like, record_id
from core.work import Work

MOST_ROWS = 500
_LINES = text("""
-- What was credited of each line of an invoice? One row per line; minor units.
select l.id as line_id, l.total_minor, l.tax_minor,
  coalesce(sum(n.total_minor), 0)::bigint as credited_minor,
  coalesce(sum(n.tax_minor), 0)::bigint as credited_tax_minor
from invoice_line l
left join (
  select n.invoice_line_id, n.total_minor, n.tax_minor
  from credit_note_line n join credit_note c on c.id = n.credit_note_id
  where c.invoice_id = :invoice_id and c.status = any(:statuses)) n on n.invoice_line_id = l.id
where l.invoice_id = :invoice_id
group by l.id
order by l.position
""")
_FROM = """
from credit_note c
join tenant t on t.id = c.tenant_id
left join invoice i on i.id = c.invoice_id
left join payment p on p.id = c.payment_id
left join app_user a on a.id = c.created_by
left join app_user d on d.id = c.decided_by
where (cast(:id as bigint) is null or c.id = :id)
  and (cast(:number as text) is null or c.number = :number)
  and (cast(:status as text) is null or c.status = :status)
  and (cast(:tenant_id as bigint) is null or c.tenant_id = :tenant_id)
  and (cast(:invoice_id as bigint) is null or c.invoice_id = :invoice_id)
  and (cast(:currency as text) is null or c.currency = :currency)
  and (cast(:text as text) is null or t.name ilike :text or c.number ilike :text)
"""
_ROWS = f"""
-- Which credit notes fit? One row per note; minor units.
select c.id, c.number, c.status, c.settles, c.reason, c.note, c.tenant_id, t.name as tenant_name,
  c.invoice_id, i.number as invoice_number, c.refund_id, c.payment_id, c.currency, c.net_minor,
  c.tax_minor, c.total_minor, c.issued_on, c.created_at, c.decided_at,
  a.email as created_by, a.name as created_by_name, d.email as decided_by,
  d.name as decided_by_name,
  case when p.id is null then 0
    else p.amount_minor - p.allocated_minor - p.returned_minor end as left_minor
{_FROM}
order by {{order}} limit :limit offset :offset
"""
SORTS = {
    "newest": "c.id {way}",
    "tenant": "lower(t.name) {way}, c.id desc",
    "total": "c.currency, c.total_minor {way}, c.id desc",
    "left": "c.currency, left_minor {way}, c.id desc",
    "issued": "c.issued_on {way} nulls last, c.id desc",
}
_COUNT = text(f"select count(*) {_FROM}")
_NOTE_LINES = text("""
select position, description, net_minor, tax_percent, tax_category, tax_minor, total_minor,
  service_start, service_end
from credit_note_line where credit_note_id = :id order by position
""")


@dataclass(frozen=True)
class NoteRow:
    """A credit note; `left_minor` is what of it is still the customer's credit."""

    id: int
    number: str | None
    status: str
    settles: str
    reason: str
    note: str
    tenant_id: int
    tenant_name: str
    invoice_id: int | None
    invoice_number: str | None
    refund_id: int | None
    payment_id: int | None
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    issued_on: date | None
    created_at: datetime
    decided_at: datetime | None
    created_by: str | None
    created_by_name: str | None
    decided_by: str | None
    decided_by_name: str | None
    left_minor: int


@dataclass(frozen=True)
class NoteLineRow:
    """A line of a credit note; minor units, `[service_start, service_end)`."""

    position: int
    description: str
    net_minor: int
    tax_percent: Decimal
    tax_category: str
    tax_minor: int
    total_minor: int
    service_start: date | None
    service_end: date | None


@dataclass(frozen=True)
class NotePage:
    """A page of notes, newest first, and how many fit in all."""

    count: int
    rows: list[NoteRow]


@dataclass(frozen=True)
class NoteFilters:
    """What to look for; `text` in the tenant's name or the number."""

    text: str | None = None
    status: str | None = None
    tenant_id: int | None = None
    invoice_id: int | None = None
    currency: str | None = None


def creditable_lines(work: Work, invoice_id: int, *, issued_only: bool = False) -> list[Creditable]:
    """The lines of an invoice with what was credited of them; drafts count unless told."""
    statuses = ["issued"] if issued_only else ["issued", "draft"]
    rows = work.session.execute(_LINES, {"invoice_id": invoice_id, "statuses": statuses})
    return [Creditable(**row._mapping) for row in rows]


def credit_notes(
    work: Work,
    filters: NoteFilters,
    *,
    sort: str = "newest",
    descending: bool = True,
    limit: int = 100,
    offset: int = 0,
) -> NotePage:
    """A page of credit notes. Needs `billing.read`; a tenant's users get their own issued ones.

    Raises BadInput.
    """
    own = admit_reader(work)
    if not 0 < limit <= MOST_ROWS or offset < 0:
        raise BadInput(f"A page holds 1 to {MOST_ROWS} rows")
    if sort not in SORTS:
        raise BadInput(f"Credit notes are sorted by {', '.join(SORTS)}")
    asked = _asked(
        text=like(filters.text).get("part"),
        status=filters.status if own is None else "issued",
        tenant_id=filters.tenant_id if own is None else own,
        invoice_id=filters.invoice_id,
        currency=filters.currency,
    )
    order = SORTS[sort].format(way="desc" if descending else "asc")
    rows = work.session.execute(
        text(_ROWS.format(order=order)), {**asked, "limit": limit, "offset": offset}
    )
    count = int(work.session.scalar(_COUNT, asked) or 0)
    return NotePage(count, [NoteRow(**row._mapping) for row in rows])


def credit_note(work: Work, name: str) -> tuple[NoteRow, list[NoteLineRow]]:
    """A note by id or number with its lines. Needs what the list needs; raises NotFound."""
    own, number = admit_reader(work), record_id(name)
    asked = _asked(id=number) if number else _asked(number=name.strip())
    if own is not None:
        asked |= {"tenant_id": own, "status": "issued"}
    statement = text(_ROWS.format(order="c.id"))
    row = work.session.execute(statement, {**asked, "limit": 1, "offset": 0}).one_or_none()
    if row is None:
        raise NotFound(f"There is no credit note {name}")
    found = NoteRow(**row._mapping)
    lines = work.session.execute(_NOTE_LINES, {"id": found.id})
    return found, [NoteLineRow(**line._mapping) for line in lines]


def _asked(**given: Any) -> dict[str, Any]:
    names = ("id", "number", "status", "tenant_id", "invoice_id", "currency", "text")
    return {name: given.get(name) for name in names}
