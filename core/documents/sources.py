"""Reading what a document states from the record, its issuer and its customer (INV.4, REF.3)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, text

from core.base import LARGEST_ID
from core.documents.home import home_tax
from core.documents.records import CREDIT_NOTE, INVOICE, Buyer, Line, Record, Seller
from core.errors import NotFound
from core.invoices.parties import DETAILS, issuer_details
from core.listing import admit_reader, record_id
from core.settings import Settings
from core.work import Work

NAMES = {INVOICE: "invoice", CREDIT_NOTE: "credit note"}
_PARTIES = """
  d.billed_to, p.details as issuer, t.name as tenant_name, t.billing_address, t.country, t.tax_id,
  t.language
"""
_JOINED = """
join tenant t on t.id = d.tenant_id
left join issuer_profile p on p.id = d.issuer_profile_id
where d.id = :source_id
"""
_RECORD = {
    INVOICE: text(f"""
-- What does an invoice state, and to whom? One row; amounts in minor units of its currency.
select d.id, d.tenant_id, d.status, d.number, d.currency, d.net_minor, d.tax_minor, d.total_minor,
  d.issued_on, d.due_on, d.period_start, d.period_end, coalesce(d.ocr, '') as reference,
  d.discount_minor, d.note, cast(null as text) as credited_number, '' as settles,
  case when d.type = 'recharge' then d.total_minor else least(d.total_minor, greatest(0, (
    select coalesce(sum(a.amount_minor), 0) from payment_allocation a
    where a.invoice_id = d.id and a.allocated_on = d.issued_on)))::bigint end as settled_minor,
  exists (
    select from subscription s join payment_method m on m.tenant_id = s.tenant_id
    where s.id = d.subscription_id and s.collection = 'charge_automatically'
      and (m.created_at at time zone :zone)::date <= d.issued_on
      and (m.removed_at is null or (m.removed_at at time zone :zone)::date > d.issued_on)
  ) as by_card,
  d.issued_on as taxed_on, {_PARTIES}
from invoice d {_JOINED}
"""),
    CREDIT_NOTE: text(f"""
-- What does a credit note state, and to whom? One row; amounts in minor units of its currency.
select d.id, d.tenant_id, d.status, d.number, d.currency, d.net_minor, d.tax_minor, d.total_minor,
  d.issued_on, cast(null as date) as due_on, cast(null as date) as period_start,
  cast(null as date) as period_end, '' as reference, 0 as discount_minor, d.note,
  (select i.number from invoice i where i.id = d.invoice_id) as credited_number, d.settles,
  0 as settled_minor, false as by_card,
  coalesce((select i.issued_on from invoice i where i.id = d.invoice_id), d.issued_on) as taxed_on,
  {_PARTIES}
from credit_note d {_JOINED}
"""),
}
_LINES = {
    INVOICE: text("""
-- The lines of an invoice in their order; amounts in minor units.
select description, net_minor, tax_percent, tax_category, tax_minor, quantity, unit_minor,
  discount_minor, tax_inclusive, service_start, service_end
from invoice_line where invoice_id = :source_id order by position
"""),
    CREDIT_NOTE: text("""
-- The lines of a credit note in their order; amounts in minor units.
select description, net_minor, tax_percent, tax_category, tax_minor, service_start, service_end
from credit_note_line where credit_note_id = :source_id order by position
"""),
}
_MINE = "number = :number and (cast(:tenant_id as bigint) is null or tenant_id = :tenant_id)"
_NUMBERED = {
    INVOICE: text(f"select id from invoice where {_MINE}"),
    CREDIT_NOTE: text(f"select id from credit_note where {_MINE}"),
}
_FACTS = (
    "tenant_id",
    "status",
    "number",
    "currency",
    "net_minor",
    "tax_minor",
    "total_minor",
    "issued_on",
    "due_on",
    "period_start",
    "period_end",
    "reference",
    "discount_minor",
    "note",
    "credited_number",
    "settles",
    "settled_minor",
    "by_card",
)


def record_of(work: Work, kind: str, source_id: int) -> Record:
    """What a record states. Raises NotFound, also for another tenant's, and NotAllowed.

    A record from before issuer and customer were kept names them as they are now; so does a draft.
    """
    own = admit_reader(work)
    row = None
    if 0 < source_id <= LARGEST_ID:
        asked = {"source_id": source_id, "zone": work.settings.billing_timezone}
        row = work.session.execute(_RECORD[kind], asked).one_or_none()
    if row is None or own not in (None, row.tenant_id):
        raise NotFound(f"There is no {NAMES[kind]} {source_id}")
    lines = work.session.execute(_LINES[kind], {"source_id": source_id})
    seller = _seller(row.issuer, work.settings)
    home = None
    if row.issued_on is not None:
        home = home_tax(work, seller.tax_id, row.currency, row.tax_minor, row.taxed_on)
    return Record(
        kind=kind,
        source_id=source_id,
        seller=seller,
        buyer=_buyer(row),
        lines=tuple(Line(**line._mapping) for line in lines),
        home=home,
        **{name: getattr(row, name) for name in _FACTS},
    )


def source_named(work: Work, kind: str, name: str) -> int:
    """The id of a record given as its id or its number. Raises NotFound, NotAllowed."""
    own = admit_reader(work)
    given = record_id(name)
    if given is not None:
        return given
    asked = {"number": name.strip(), "tenant_id": own}
    found: int | None = work.session.scalar(_NUMBERED[kind], asked)
    if found is None:
        raise NotFound(f"There is no {NAMES[kind]} {name}")
    return found


def _seller(kept: Mapping[str, str] | None, settings: Settings) -> Seller:
    details = kept or issuer_details(settings)
    return Seller(**{name: details[name] for name in DETAILS if name in details})


def _buyer(row: Row[Any]) -> Buyer:
    kept = row.billed_to or {
        "name": row.tenant_name,
        "address": row.billing_address,
        "country": row.country,
        "tax_id": row.tax_id,
        "language": row.language,
    }
    return Buyer(
        name=kept["name"],
        number=str(row.tenant_id),
        address=kept.get("address") or "",
        country=kept.get("country") or "",
        tax_id=kept.get("tax_id") or "",
        language=kept.get("language") or "en",
    )
