"""Invoices of all tenants for pages, commands and files, filtered and paged (INV.4)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text as sql

from core.errors import BadInput, NotFound
from core.invoices.models import ISSUERS, STATUSES, TYPES
from core.listing import LARGEST_PAGE, Conditions, admit_reader, known, like, record_id
from core.work import Work

SHOWN = ("overdue", *STATUSES)
"""Statuses to look for; `overdue` is an open invoice past its due date."""
_OVERDUE = "i.status in ('issued', 'partially_paid') and i.due_on < :today"
_DUE = "case when i.status in ('issued', 'partially_paid') then i.total_minor - i.paid_minor end"
SORTS = {
    "newest": "coalesce(i.issued_on, cast(i.created_at as date)) {way}, i.id {way}",
    "number": "i.number {way}",
    "tenant": "lower(t.name) {way}",
    "due": "i.due_on {way}",
    "total": "i.currency, i.total_minor {way}",
    "open": f"i.currency, {_DUE} {{way}}",
    "status": "i.status {way}",
}
"""Orders of the list, each in one way or the other; amounts within their currency."""
_FROM = """
from invoice i
join tenant t on t.id = i.tenant_id
left join dunning_case d on d.invoice_id = i.id and d.status <> 'closed'
where {conditions}
"""
_ROWS = f"""
-- Which invoices fit, and what is owed on them? One row per invoice; minor units.
select i.id, i.number, i.ocr, i.type, i.issuer_type, i.tenant_id, t.name as tenant_name,
  i.subscription_id, i.status, i.currency, i.net_minor, i.tax_minor, i.total_minor, i.paid_minor,
  coalesce({_DUE}, 0) as due_minor, i.issued_on, i.due_on, i.settled_on, i.closed_on,
  i.period_start, i.period_end, i.disputed, i.created_at,
  coalesce({_OVERDUE}, false) as overdue,
  case when {_OVERDUE} then :today - i.due_on else 0 end as days_overdue,
  d.id as dunning_case_id, d.stage as dunning_stage
{_FROM}
order by {{order}}
limit :limit offset :offset
"""
_COUNTS = f"""
-- How many invoices fit in each status, and what is open? One row per status and currency.
select case when {_OVERDUE} then 'overdue' else i.status end as status, i.currency,
  count(*) as invoices, sum(coalesce({_DUE}, 0))::bigint as due_minor
{_FROM}
group by 1, 2
"""


@dataclass(frozen=True)
class InvoiceFilters:
    """What to look for; `text` in the tenant's name, the number or the payment reference.

    The days are the first and last of issue, and of the due date.
    """

    text: str | None = None
    status: str | None = None
    type: str | None = None
    issuer_type: str | None = None
    currency: str | None = None
    issued_from: date | None = None
    issued_until: date | None = None
    due_from: date | None = None
    due_until: date | None = None
    in_dunning: bool = False
    tenant_id: int | None = None
    subscription_id: int | None = None


@dataclass(frozen=True)
class InvoiceRow:
    """An invoice in minor units; `due_minor` is still owed, `days_overdue` 0 while it is not.

    `dunning_stage` is that of its open case.
    """

    id: int
    number: str | None
    ocr: str | None
    type: str
    issuer_type: str
    tenant_id: int
    tenant_name: str
    subscription_id: int | None
    status: str
    currency: str
    net_minor: int
    tax_minor: int
    total_minor: int
    paid_minor: int
    due_minor: int
    issued_on: date | None
    due_on: date | None
    settled_on: date | None
    closed_on: date | None
    period_start: date | None
    period_end: date | None
    disputed: bool
    created_at: datetime
    overdue: bool
    days_overdue: int
    dunning_case_id: int | None
    dunning_stage: str | None

    @property
    def shown_status(self) -> str:
        """The status, `overdue` for an open invoice past its due date."""
        return "overdue" if self.overdue else self.status


@dataclass(frozen=True)
class InvoicePage:
    """Some invoices, how many fit, how many of any status would, and what is open by currency."""

    rows: list[InvoiceRow]
    count: int
    by_status: dict[str, int]
    open_minor: dict[str, int]


def invoices(
    work: Work,
    wanted: InvoiceFilters | None = None,
    *,
    sort: str = "newest",
    descending: bool = True,
    limit: int = 100,
    offset: int = 0,
) -> InvoicePage:
    """Invoices that fit, in one of SORTS; a tenant's users get their own, without drafts.

    Needs `billing.read`, or `org.billing.read` of the own tenant. Raises BadInput.
    """
    own = admit_reader(work)
    if sort not in SORTS:
        raise BadInput(f"Invoices are sorted by {', '.join(SORTS)}")
    chosen = wanted or InvoiceFilters()
    parts = _conditions(chosen, own)
    where, values = parts.joined(today=work.today)
    counted = work.session.execute(sql(_COUNTS.format(conditions=where)), values).all()
    by_status: dict[str, int] = {}
    owed: dict[str, int] = {}
    for row in counted:
        by_status[row.status] = by_status.get(row.status, 0) + row.invoices
        if not chosen.status or row.status == chosen.status:
            owed[row.currency] = owed.get(row.currency, 0) + int(row.due_minor)
    _narrow(parts, chosen.status)
    where, values = parts.joined(today=work.today)
    order = SORTS[sort].format(way=f"{'desc' if descending else 'asc'} nulls last")
    page = {"limit": max(1, min(limit, LARGEST_PAGE)), "offset": max(0, offset)}
    rows = work.session.execute(
        sql(_ROWS.format(conditions=where, order=f"{order}, i.id desc")), {**values, **page}
    )
    found = [InvoiceRow(**row._mapping) for row in rows]
    count = by_status.get(chosen.status, 0) if chosen.status else sum(by_status.values())
    ordered = {name: by_status[name] for name in SHOWN if name in by_status}
    return InvoicePage(found, count, ordered, {c: m for c, m in sorted(owed.items()) if m})


def one_invoice(work: Work, name: str, own: int | None) -> InvoiceRow:
    """An invoice by id or number; the caller has asked who may read. Raises NotFound."""
    parts = Conditions()
    number = record_id(name)
    parts.equal("i.id" if number else "i.number", number or name.strip())
    parts.equal("i.tenant_id", own)
    if own is not None:
        parts.add("i.status <> 'draft'")
    where, values = parts.joined(today=work.today, limit=1, offset=0)
    row = work.session.execute(
        sql(_ROWS.format(conditions=where, order="i.id")), values
    ).one_or_none()
    if row is None or not name.strip():
        raise NotFound(f"There is no invoice {name}")
    return InvoiceRow(**row._mapping)


def _conditions(wanted: InvoiceFilters, own: int | None) -> Conditions:
    """Conditions of everything but the status."""
    parts = Conditions()
    tenant_id = own if own is not None else wanted.tenant_id
    parts.equal("i.tenant_id", tenant_id)
    parts.equal("i.subscription_id", wanted.subscription_id)
    if own is not None:
        parts.add("i.status <> 'draft'")
    if found := like(wanted.text):
        parts.add("(t.name ilike :part or i.number ilike :part or i.ocr = :exact)", **found)
    parts.equal("i.type", known(wanted.type, TYPES, "type"))
    parts.equal("i.issuer_type", known(wanted.issuer_type, ISSUERS, "issuer"))
    parts.equal("i.currency", wanted.currency)
    parts.between("i.issued_on", wanted.issued_from, wanted.issued_until)
    parts.between("i.due_on", wanted.due_from, wanted.due_until)
    if wanted.in_dunning:
        parts.add("d.id is not null")
    return parts


def _narrow(parts: Conditions, status: str | None) -> None:
    if known(status, SHOWN, "status") == "overdue":
        parts.add(_OVERDUE)
    elif status:
        parts.equal("i.status", status)
        if status in ("issued", "partially_paid"):
            parts.add("i.due_on >= :today")
