-- What does each tenant owe on the newest day, and for how long?
-- One row per reporting currency, tenant, currency of the invoices, age and whether they are disputed;
-- native and reporting-currency minor units, tax included.
with newest as (
  select max(p.last_on) as day
  from periods p
),
candidates as (
  select r.invoice_id, r.tenant_id, r.currency, r.total_minor, r.due_on, r.disputed, n.day
  from receivables r
  join newest n on r.issued_on <= n.day and (r.cleared_on is null or r.cleared_on > n.day)
),
allocated as (
  select a.invoice_id, sum(a.amount_minor) as allocated_minor
  from payment_allocation a
  join candidates c on c.invoice_id = a.invoice_id
  where a.allocated_on <= c.day
  group by a.invoice_id
),
owed as (
  select
    c.tenant_id, c.currency, c.disputed, c.day,
    case when c.due_on < c.day then datediff('day', c.due_on, c.day) else 0 end as days_overdue,
    c.total_minor - coalesce(a.allocated_minor, 0) as native_minor
  from candidates c
  left join allocated a on a.invoice_id = c.invoice_id
),
aged as (
  select
    f.reporting_currency, o.tenant_id, o.currency, o.disputed, o.native_minor, f.rate,
    case
      when o.days_overdue = 0 then 'current'
      when o.days_overdue <= 30 then '1-30'
      when o.days_overdue <= 60 then '31-60'
      when o.days_overdue <= 90 then '61-90'
      else 'over_90'
    end as bucket
  from owed o
  join fx_daily f on f.day = o.day and f.currency = o.currency
  join reporting_currencies c on c.reporting_currency = f.reporting_currency
  where o.native_minor > 0
)
select
  a.reporting_currency, a.tenant_id, a.currency, a.bucket, a.disputed,
  count(*) as invoices,
  cast(sum(a.native_minor) as bigint) as open_native_minor,
  cast(sum(floor(cast(a.native_minor as decimal(16, 0)) * a.rate + 0.5)) as bigint) as open_minor
from aged a
group by a.reporting_currency, a.tenant_id, a.currency, a.bucket, a.disputed
