"""Payments of all tenants for pages, commands and files, filtered and paged (PAY.1)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text as sql

from core.errors import BadInput, NotFound
from core.listing import LARGEST_PAGE, Conditions, admit_reader, known, like
from core.payments.models import METHODS, PROVIDERS, STATUSES
from core.work import Work

_DAY = "coalesce(p.received_on, cast(p.created_at as date))"
SORTS = {
    "newest": f"{_DAY} {{way}}, p.id {{way}}",
    "tenant": "lower(t.name) {way}",
    "amount": "p.currency, p.amount_minor {way}",
    "fee": "p.currency, p.fee_minor {way}",
    "credit": "p.currency, p.amount_minor - p.allocated_minor - p.returned_minor {way}",
    "status": "p.status {way}",
}
"""Orders of the list, each in one way or the other; amounts within their currency."""
_CREDIT = (
    "case when p.status in ('captured', 'partially_refunded', 'refunded', 'disputed', "
    "'charged_back') then p.amount_minor - p.allocated_minor - p.returned_minor else 0 end"
)
_FROM = """
from payment p
join tenant t on t.id = p.tenant_id
where {conditions}
"""
_ROWS = f"""
-- Which payments fit, on which invoices, and what went back? One row per payment; minor units.
select p.id, p.tenant_id, t.name as tenant_name, p.provider, p.method, p.provider_payment_id,
  p.status, p.currency, p.amount_minor, p.allocated_minor, p.refunded_minor, p.fee_minor,
  {_CREDIT} as credit_minor, p.reference, p.failure_code, p.received_on, p.created_at,
  p.captured_at,
  array(select distinct i.id from payment_allocation a join invoice i on i.id = a.invoice_id
        where a.payment_id = p.id union select p.invoice_id where p.invoice_id is not null
        order by 1) as invoice_ids,
  array(select distinct i.number from invoice i
        where i.number is not null and (i.id = p.invoice_id or i.id in (
          select a.invoice_id from payment_allocation a where a.payment_id = p.id))
        order by 1) as invoice_numbers,
  (select max(r.settled_at) from refund r where r.payment_id = p.id and r.status = 'succeeded')
    as refunded_at,
  (select d.status from dispute d where d.payment_id = p.id order by d.id desc limit 1) as dispute,
  (select g.payout_id from gateway_ledger_entry g
   where g.provider = p.provider and g.kind = 'charge' and g.external_id = p.provider_payment_id
   limit 1) as payout_id
{_FROM}
order by {{order}}
limit :limit offset :offset
"""
_COUNTS = f"""
-- How many payments fit in each status? One row per status.
select p.status, count(*) as payments
{_FROM}
group by p.status
"""


@dataclass(frozen=True)
class PaymentFilters:
    """What to look for; `text` in the tenant's name, a reference or the provider's number.

    The days are the first and last on which money came, or was tried for.
    """

    text: str | None = None
    status: str | None = None
    provider: str | None = None
    method: str | None = None
    currency: str | None = None
    received_from: date | None = None
    received_until: date | None = None
    with_credit: bool = False
    tenant_id: int | None = None
    invoice_id: int | None = None


@dataclass(frozen=True)
class PaymentRow:
    """A payment in minor units; `credit_minor` of it settles no invoice.

    `invoice_ids` and `invoice_numbers` are those it was put on or tried for, `refunded_at` the
    last time money went back, `dispute` the status of the newest one.
    """

    id: int
    tenant_id: int
    tenant_name: str
    provider: str
    method: str
    provider_payment_id: str | None
    status: str
    currency: str
    amount_minor: int
    allocated_minor: int
    refunded_minor: int
    fee_minor: int
    credit_minor: int
    reference: str | None
    failure_code: str | None
    received_on: date | None
    created_at: datetime
    captured_at: datetime | None
    invoice_ids: list[int]
    invoice_numbers: list[str]
    refunded_at: datetime | None
    dispute: str | None
    payout_id: str | None


@dataclass(frozen=True)
class PaymentPage:
    """Some payments, how many fit, and how many of any status would, by status."""

    rows: list[PaymentRow]
    count: int
    by_status: dict[str, int]


def payments(
    work: Work,
    wanted: PaymentFilters | None = None,
    *,
    sort: str = "newest",
    descending: bool = True,
    limit: int = 100,
    offset: int = 0,
) -> PaymentPage:
    """Payments that fit, in one of SORTS; a tenant's users get their own.

    Needs `billing.read`, or `org.billing.read` of the own tenant. Raises BadInput.
    """
    own = admit_reader(work)
    if sort not in SORTS:
        raise BadInput(f"Payments are sorted by {', '.join(SORTS)}")
    chosen = wanted or PaymentFilters()
    parts = _conditions(chosen, own)
    where, values = parts.joined()
    counted = work.session.execute(sql(_COUNTS.format(conditions=where)), values)
    held = {row.status: row.payments for row in counted}
    parts.equal("p.status", known(chosen.status, STATUSES, "status"))
    where, values = parts.joined(limit=max(1, min(limit, LARGEST_PAGE)), offset=max(0, offset))
    order = SORTS[sort].format(way=f"{'desc' if descending else 'asc'} nulls last")
    rows = work.session.execute(
        sql(_ROWS.format(conditions=where, order=f"{order}, p.id desc")), values
    )
    by_status = {name: held[name] for name in STATUSES if name in held}
    count = by_status.get(chosen.status, 0) if chosen.status else sum(by_status.values())
    return PaymentPage([PaymentRow(**row._mapping) for row in rows], count, by_status)


def one_payment(work: Work, payment_id: int, own: int | None) -> PaymentRow:
    """A payment by id; the caller has asked who may read. Raises NotFound."""
    parts = Conditions()
    parts.equal("p.id", payment_id)
    parts.equal("p.tenant_id", own)
    where, values = parts.joined(limit=1, offset=0)
    row = work.session.execute(
        sql(_ROWS.format(conditions=where, order="p.id")), values
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no payment {payment_id}")
    return PaymentRow(**row._mapping)


def _conditions(wanted: PaymentFilters, own: int | None) -> Conditions:
    """Conditions of everything but the status."""
    parts = Conditions()
    parts.equal("p.tenant_id", own if own is not None else wanted.tenant_id)
    if found := like(wanted.text):
        parts.add(
            "(t.name ilike :part or p.reference ilike :part or p.provider_payment_id = :exact)",
            **found,
        )
    parts.equal("p.provider", known(wanted.provider, PROVIDERS, "provider"))
    parts.equal("p.method", known(wanted.method, METHODS, "method"))
    parts.equal("p.currency", wanted.currency)
    parts.between(_DAY, wanted.received_from, wanted.received_until)
    if wanted.with_credit:
        parts.add(f"{_CREDIT} > 0")
    if wanted.invoice_id is not None:
        parts.add(
            "(p.invoice_id = :at_invoice or p.id in (select a.payment_id from payment_allocation a "
            "where a.invoice_id = :at_invoice))",
            at_invoice=wanted.invoice_id,
        )
    return parts
