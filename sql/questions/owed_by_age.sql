-- What is owed on the newest day? One row per currency of the invoices, age and whether they are
-- disputed; native and reporting-currency minor units, tax included.
select
  o.currency,
  o.bucket,
  o.disputed,
  sum(o.invoices)::bigint as invoices,
  sum(o.open_native_minor)::bigint as open_native_minor,
  sum(o.open_minor)::bigint as open_minor
from owed_by_tenant o
where o.reporting_currency = $currency
group by o.currency, o.bucket, o.disputed
order by o.currency, o.bucket, o.disputed
