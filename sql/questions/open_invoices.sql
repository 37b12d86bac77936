-- What was owed on a day? One row per invoice with something owed at the end of `as_of`;
-- native and reporting-currency minor units, tax included.
with candidates as (
  select r.*
  from receivables r
  where r.issued_on <= $as_of
    and (r.cleared_on is null or r.cleared_on > $as_of)
),
allocated as (
  select a.invoice_id, sum(a.amount_minor)::bigint as allocated_minor
  from payment_allocation a
  semi join candidates c on c.invoice_id = a.invoice_id
  where a.allocated_on <= $as_of
  group by a.invoice_id
),
owed as (
  select
    c.*,
    c.total_minor - coalesce(a.allocated_minor, 0) as open_native_minor,
    greatest(datediff('day', c.due_on, $as_of::date), 0) as days_overdue
  from candidates c
  left join allocated a using (invoice_id)
)
select
  o.invoice_id,
  o.number,
  t.tenant_key as tenant,
  t.tenant_name,
  t.country,
  o.issued_on,
  o.due_on,
  o.days_overdue,
  case
    when o.days_overdue = 0 then 'current'
    when o.days_overdue <= 30 then '1-30'
    when o.days_overdue <= 60 then '31-60'
    when o.days_overdue <= 90 then '61-90'
    else 'over_90'
  end as bucket,
  o.disputed,
  o.currency,
  o.open_native_minor,
  floor(o.open_native_minor::decimal(16, 0) * f.rate + 0.5)::bigint as open_minor
from owed o
join tenants t using (tenant_id)
join fx_daily f
  on f.day = $as_of and f.currency = o.currency and f.reporting_currency = $currency
where o.open_native_minor > 0
order by o.due_on, o.invoice_id
