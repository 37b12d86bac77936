"""One payment with its invoices, refunds, disputes, gateway lines and timeline (PAY.1)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import text as sql

from core.audit.timeline import Happening, timeline
from core.listing import admit_reader
from core.payments.listing import PaymentRow, one_payment
from core.payments.models import Payment
from core.refunds.held import held_of, returnable
from core.work import Work

_ON = sql("""
-- Which invoices does a payment settle? One row per invoice; minor units.
select i.id, i.number, i.status, i.total_minor, sum(a.amount_minor)::bigint as applied_minor
from payment_allocation a join invoice i on i.id = a.invoice_id
where a.payment_id = :id group by i.id having sum(a.amount_minor) <> 0 order by i.id
""")
_REFUNDS = sql("""
-- What was given back of a payment? One row per refund; minor units.
select r.id, r.amount_minor, r.tax_minor, r.nth, r.status, r.treatment, r.reason, r.failure,
  r.provider_refund_id, r.refunded_on, r.returned_on, r.requested_at, r.settled_at,
  u.email as by, u.name as by_name,
  array(select c.number from credit_note c
        where (c.refund_id = r.id or c.id = r.credit_note_id) and c.number is not null
        order by 1) as credit_notes
from refund r left join app_user u on u.id = r.actor_id
where r.payment_id = :id order by r.id
""")
_DISPUTES = sql("""
-- Which disputes does a payment have? One row per dispute; minor units.
select id, provider_dispute_id, status, reason, amount_minor, fee_minor, opened_on,
  evidence_due_on, closed_on
from dispute where payment_id = :id order by id
""")
_GATEWAY = sql("""
-- What does the gateway's ledger say of a payment? One row per line; minor units.
select g.kind, g.external_id, g.amount_minor, g.fee_minor, g.net_minor, g.occurred_on,
  g.available_on, g.payout_id
from gateway_ledger_entry g join payment p on p.provider = g.provider
where p.id = :id and p.provider_payment_id in (g.external_id, g.source_id) order by g.id
""")


@dataclass(frozen=True)
class OnInvoice:
    """An invoice a payment settles, and how much of it."""

    id: int
    number: str | None
    status: str
    total_minor: int
    applied_minor: int


@dataclass(frozen=True)
class RefundRow:
    """Money given back, or about to; `by`, named `by_name`, asked for it.

    It came back on `returned_on`.
    """

    id: int
    amount_minor: int
    tax_minor: int
    nth: int
    status: str
    treatment: str
    reason: str
    failure: str | None
    provider_refund_id: str | None
    refunded_on: date | None
    returned_on: date | None
    requested_at: datetime
    settled_at: datetime | None
    by: str | None
    by_name: str | None
    credit_notes: list[str]


@dataclass(frozen=True)
class DisputeRow:
    """A card holder's dispute."""

    id: int
    provider_dispute_id: str
    status: str
    reason: str
    amount_minor: int
    fee_minor: int
    opened_on: date
    evidence_due_on: date | None
    closed_on: date | None


@dataclass(frozen=True)
class GatewayRow:
    """A line of the gateway's own ledger; money to us positive."""

    kind: str
    external_id: str
    amount_minor: int
    fee_minor: int
    net_minor: int
    occurred_on: date
    available_on: date | None
    payout_id: str | None


@dataclass(frozen=True)
class PaymentDetail:
    """A payment with all that belongs to it; amounts in minor units of its currency.

    `refundable_minor` can go back with a credit note, `reopenable_minor` without one.
    """

    row: PaymentRow
    note: str
    on: list[OnInvoice]
    refunds: list[RefundRow]
    disputes: list[DisputeRow]
    gateway: list[GatewayRow]
    refundable_minor: int
    reopenable_minor: int
    happenings: list[Happening]


def payment_detail(work: Work, payment_id: int) -> PaymentDetail:
    """A payment with its invoices, refunds, disputes and timeline.

    Needs `billing.read`, or `org.billing.read` of the own tenant, whose users do not see who did
    what. Raises NotFound.
    """
    own = admit_reader(work)
    row = one_payment(work, payment_id, own)
    asked = {"id": row.id}
    payment = work.session.get_one(Payment, row.id)
    room = returnable(payment) if payment.status in ("captured", "partially_refunded") else 0
    notable = sum(each.notable_minor for each in held_of(work, payment))
    return PaymentDetail(
        row,
        payment.note,
        [OnInvoice(**each._mapping) for each in work.session.execute(_ON, asked)],
        [RefundRow(**each._mapping) for each in work.session.execute(_REFUNDS, asked)],
        [DisputeRow(**each._mapping) for each in work.session.execute(_DISPUTES, asked)],
        [GatewayRow(**each._mapping) for each in work.session.execute(_GATEWAY, asked)],
        min(room, notable),
        room,
        timeline(work, "payment_id", row.id) if own is None else [],
    )
