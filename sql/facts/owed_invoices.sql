-- What is owed on the newest day, and for how long?
-- One row per invoice with something owed at the day's end; native minor units, tax included.
-- Most invoices are paid at once or not at all: only those with an allocation by the day (`is_begun`)
-- need adding up.
with newest as (
  select max(p.last_on) as day
  from periods p
),
candidates as (
  select
    r.invoice_id, r.number, r.tenant_id, r.currency, r.total_minor, r.issued_on, r.due_on,
    r.disputed, n.day,
    case when r.first_allocated_on <= n.day then 1 else 0 end as is_begun
  from receivables r
  join newest n on r.issued_on <= n.day and (r.cleared_on is null or r.cleared_on > n.day)
),
allocated as (
  select a.invoice_id, sum(a.amount_minor) as allocated_minor
  from payment_allocation a
  join candidates c on c.invoice_id = a.invoice_id
  where c.is_begun = 1
    and a.allocated_on <= c.day
  group by a.invoice_id
),
owed as (
  select
    c.invoice_id, c.number, c.tenant_id, c.currency, c.issued_on, c.due_on, c.disputed, c.day,
    case when c.due_on < c.day then datediff('day', c.due_on, c.day) else 0 end as days_overdue,
    cast(c.total_minor - coalesce(a.allocated_minor, 0) as bigint) as open_native_minor
  from candidates c
  left join allocated a on a.invoice_id = c.invoice_id
)
select
  o.invoice_id, o.number, o.tenant_id, o.currency, o.issued_on, o.due_on,
  o.day as owed_on,
  cast(o.days_overdue as bigint) as days_overdue,
  case
    when o.days_overdue = 0 then 'current'
    when o.days_overdue <= 30 then '1-30'
    when o.days_overdue <= 60 then '31-60'
    when o.days_overdue <= 90 then '61-90'
    else 'over_90'
  end as bucket,
  o.disputed,
  o.open_native_minor
from owed o
where o.open_native_minor > 0
