-- How much does a tenant owe on a day? One row per age; reporting-currency minor units, tax included.
select
  o.bucket,
  count(*) as invoices,
  sum(floor(o.open_native_minor::decimal(16, 0) * f.rate + 0.5))::bigint as open_minor
from owed_invoices o
join fx_daily f
  on f.day = o.owed_on and f.currency = o.currency and f.reporting_currency = $currency
where o.owed_on = $as_of
  and o.tenant_id in (select t.tenant_id from tenants t where t.tenant_key = $tenant)
group by o.bucket
order by o.bucket
