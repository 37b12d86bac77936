"""One invoice with its lines, what settled and credited it, and its timeline (INV.4)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import text as sql

from core.audit.timeline import Happening, timeline
from core.errors import NotFound
from core.invoices.listing import InvoiceRow, one_invoice
from core.listing import admit_reader
from core.work import Work

_MORE = sql("""
-- What else is said of an invoice? One row; minor units.
select i.rounding, i.discount_minor, i.due_days, i.note, i.reason, i.billed_to, p.details as issuer
from invoice i left join issuer_profile p on p.id = i.issuer_profile_id
where i.id = :id
""")
_LINES = sql("""
-- What is on an invoice? One row per line; minor units, `[service_start, service_end)`.
select l.id, l.position, l.plan_id, l.description, l.quantity, l.unit_minor, l.discount_minor,
  l.discount_minor - l.whole_discount_minor as own_discount_minor, l.net_minor,
  l.tax_percent, l.tax_category, l.tax_inclusive, l.tax_minor, l.total_minor, l.service_start,
  l.service_end, coalesce(c.credited_minor, 0)::bigint as credited_minor
from invoice_line l
left join (
  select n.invoice_line_id, sum(n.total_minor) as credited_minor
  from credit_note_line n join credit_note c on c.id = n.credit_note_id
  where c.invoice_id = :id and c.status <> 'declined'
  group by n.invoice_line_id) c on c.invoice_line_id = l.id
where l.invoice_id = :id
order by l.position
""")
_RATES = sql("""
-- What does an invoice add up to by rate? One row per rate and category; minor units.
select tax_percent, tax_category, sum(net_minor)::bigint as net_minor,
  sum(tax_minor)::bigint as tax_minor
from invoice_line where invoice_id = :id
group by tax_percent, tax_category order by min(position)
""")
_APPLIED = sql("""
-- What was put on an invoice and taken off it? One row per allocation; minor units.
select a.payment_id, p.provider, p.method, coalesce(p.reference, p.provider_payment_id)
  as reference, a.amount_minor, a.allocated_on, a.created_at
from payment_allocation a join payment p on p.id = a.payment_id
where a.invoice_id = :id order by a.id
""")
_NOTES = sql("""
-- Which credit notes were written over an invoice? One row per note; minor units.
select c.id, c.number, c.status, c.settles, c.reason, c.total_minor, c.issued_on, c.refund_id,
  c.created_at, c.decided_at
from credit_note c where c.invoice_id = :id order by c.id
""")


@dataclass(frozen=True)
class InvoiceLineRow:
    """A line; `credited_minor` of it, tax included, stands on credit notes and drafts.

    `own_discount_minor` is its discount without its share of the whole one.
    """

    id: int
    position: int
    plan_id: int | None
    description: str
    quantity: Decimal
    unit_minor: int
    discount_minor: int
    own_discount_minor: int
    net_minor: int
    tax_percent: Decimal
    tax_category: str
    tax_inclusive: bool
    tax_minor: int
    total_minor: int
    service_start: date | None
    service_end: date | None
    credited_minor: int


@dataclass(frozen=True)
class RateRow:
    """The lines of one rate and category together."""

    tax_percent: Decimal
    tax_category: str
    net_minor: int
    tax_minor: int


@dataclass(frozen=True)
class AppliedRow:
    """Money put on an invoice; negative when it was taken off again."""

    payment_id: int
    provider: str
    method: str
    reference: str | None
    amount_minor: int
    allocated_on: date
    created_at: datetime


@dataclass(frozen=True)
class NoteOf:
    """A credit note over an invoice, tax included."""

    id: int
    number: str | None
    status: str
    settles: str
    reason: str
    total_minor: int
    issued_on: date | None
    refund_id: int | None
    created_at: datetime
    decided_at: datetime | None


@dataclass(frozen=True)
class InvoiceDetail:
    """An invoice with all that belongs to it; amounts in minor units of its currency."""

    row: InvoiceRow
    rounding: str
    discount_minor: int
    due_days: int | None
    note: str
    reason: str
    billed_to: dict[str, Any] | None
    issuer: dict[str, Any] | None
    lines: list[InvoiceLineRow]
    by_rate: list[RateRow]
    applied: list[AppliedRow]
    credit_notes: list[NoteOf]
    happenings: list[Happening]

    @property
    def creditable_minor(self) -> int:
        """What credit notes could still give back, tax included."""
        return self.row.total_minor - sum(line.credited_minor for line in self.lines)


def invoice_detail(work: Work, name: str) -> InvoiceDetail:
    """An invoice by id or number, its lines, payments, credit notes and timeline.

    Needs `billing.read`, or `org.billing.read` of the own tenant, whose users see neither drafts
    nor who did what. Raises NotFound.
    """
    own = admit_reader(work)
    row = one_invoice(work, name, own)
    asked = {"id": row.id}
    more = work.session.execute(_MORE, asked).one_or_none()
    if more is None:
        raise NotFound(f"There is no invoice {name}")
    return InvoiceDetail(
        row,
        **more._mapping,
        lines=[InvoiceLineRow(**each._mapping) for each in work.session.execute(_LINES, asked)],
        by_rate=[RateRow(**each._mapping) for each in work.session.execute(_RATES, asked)],
        applied=[AppliedRow(**each._mapping) for each in work.session.execute(_APPLIED, asked)],
        credit_notes=[NoteOf(**each._mapping) for each in work.session.execute(_NOTES, asked)],
        happenings=timeline(work, "invoice_id", row.id) if own is None else [],
    )
