-- What is owed on a day? One row per currency of the invoices, age and whether they are disputed;
-- native and reporting-currency minor units, tax included.
select
  o.currency,
  o.bucket,
  o.disputed,
  o.items as invoices,
  o.native_minor as open_native_minor,
  o.open_minor
from owed_by_age o
where o.owed_on = $as_of
  and o.reporting_currency = $currency
order by o.currency, o.bucket, o.disputed
