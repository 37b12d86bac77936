"""What a payment still holds on its invoices, less what went back or is about to (REF.1)."""

from sqlalchemy import text

from core.payments.models import Payment
from core.refunds.rules import Held
from core.work import Work

_HELD = text("""
-- What did a payment put on each invoice and not give back? One row per invoice; minor units.
select a.invoice_id,
  (a.amount_minor - coalesce(n.amount_minor, 0))::bigint as applied_minor,
  (i.total_minor - coalesce(c.amount_minor, 0))::bigint as creditable_minor
from (
  select invoice_id, min(id) as first, sum(amount_minor) as amount_minor
  from payment_allocation where payment_id = :payment_id group by invoice_id) a
join invoice i on i.id = a.invoice_id
left join (
  select c.invoice_id, sum(c.total_minor) as amount_minor
  from credit_note c join refund r on r.id = c.refund_id
  where r.payment_id = :payment_id and r.status <> 'failed' and c.status <> 'declined'
  group by c.invoice_id) n on n.invoice_id = a.invoice_id
left join (
  select invoice_id, sum(total_minor) as amount_minor
  from credit_note where status <> 'declined' group by invoice_id) c
  on c.invoice_id = a.invoice_id
where a.amount_minor > 0
order by a.first
""")


def held_of(work: Work, payment: Payment) -> list[Held]:
    """What a locked payment holds, by invoice in the order it was applied."""
    rows = work.session.execute(_HELD, {"payment_id": payment.id})
    return [Held(row.invoice_id, row.applied_minor, row.creditable_minor) for row in rows]


def returnable(payment: Payment) -> int:
    """What settled invoices and is not about to go back, in minor units."""
    return payment.allocated_minor - (payment.refunded_minor - payment.returned_minor)
