-- What is owed on the newest day and at the end of the month before, and for how long?
-- One row per day of the two and invoice with something owed at its end; native minor units, tax
-- included. Most invoices are paid at once or not at all: only those with an allocation by the day
-- (`begun`) need adding up.
with days as (
  select p.last_on as day
  from periods p
  where p.month_index >= (select max(n.month_index) - 1 from periods n)
),
begun as (
  select
    r.invoice_id, r.tenant_id, r.currency, r.issued_on, r.due_on, r.disputed, d.day,
    cast(r.total_minor - sum(a.amount_minor) as bigint) as open_native_minor
  from receivables r
  join days d
    on r.first_allocated_on <= d.day
    and r.issued_on <= d.day
    and (r.cleared_on is null or r.cleared_on > d.day)
  join payment_allocation a on a.invoice_id = r.invoice_id and a.allocated_on <= d.day
  group by
    r.invoice_id, r.tenant_id, r.currency, r.issued_on, r.due_on, r.disputed, r.total_minor, d.day
),
owed as (
  select b.* from begun b
  union all
  select
    r.invoice_id, r.tenant_id, r.currency, r.issued_on, r.due_on, r.disputed, d.day, r.total_minor
  from receivables r
  join days d
    on r.issued_on <= d.day
    and (r.cleared_on is null or r.cleared_on > d.day)
    and (r.first_allocated_on is null or r.first_allocated_on > d.day)
),
aged as (
  select
    o.*,
    case when o.due_on < o.day then datediff('day', o.due_on, o.day) else 0 end as days_overdue
  from owed o
  where o.open_native_minor > 0
)
select
  a.day as owed_on,
  a.invoice_id, a.tenant_id, a.currency, a.issued_on, a.due_on,
  cast(a.days_overdue as bigint) as days_overdue,
  case
    when a.days_overdue = 0 then 'current'
    when a.days_overdue <= 30 then '1-30'
    when a.days_overdue <= 60 then '31-60'
    when a.days_overdue <= 90 then '61-90'
    else 'over_90'
  end as bucket,
  a.disputed,
  a.open_native_minor
from aged a
