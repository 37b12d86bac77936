-- What is owed on a day? One row per invoice with something owed at the day's end, by due date, `limit`
-- of them after `offset`; of a tenant and of an age where these are given. Native and
-- reporting-currency minor units, tax included.
with chosen as (
  select o.*
  from owed_invoices o
  where o.owed_on = $as_of
    and ($bucket is null or o.bucket = $bucket)
    and (
      $tenant is null
      or o.tenant_id in (select t.tenant_id from tenants t where t.tenant_key = $tenant)
    )
  order by o.due_on, o.invoice_id
  limit $limit offset $offset
)
select
  c.invoice_id,
  i.number,
  t.tenant_key as tenant,
  t.tenant_name,
  t.country,
  c.issued_on,
  c.due_on,
  c.days_overdue,
  c.bucket,
  c.disputed,
  c.currency,
  c.open_native_minor,
  floor(c.open_native_minor::decimal(16, 0) * f.rate + 0.5)::bigint as open_minor
from chosen c
join invoice i on i.id = c.invoice_id
join tenants t on t.tenant_id = c.tenant_id
join fx_daily f
  on f.day = c.owed_on and f.currency = c.currency and f.reporting_currency = $currency
order by c.due_on, c.invoice_id
