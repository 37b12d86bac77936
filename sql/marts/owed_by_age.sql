-- What is owed on the newest day, by age?
-- One row per reporting currency, currency of the invoices, age and whether they are disputed; native
-- and reporting-currency minor units at the rate of the day, tax included; each invoice is converted
-- and rounded by itself, those over the same amount once for all.
-- `items` counts what is behind a row, so that a change can be taken off and added: a row without
-- items is none.
with amounts as (
  select
    o.owed_on, o.currency, o.bucket, o.disputed, o.open_native_minor,
    count(*) as invoices
  from owed_invoices o
  group by o.owed_on, o.currency, o.bucket, o.disputed, o.open_native_minor
)
select
  f.reporting_currency, a.currency, a.bucket, a.disputed,
  cast(sum(a.invoices) as bigint) as items,
  cast(sum(a.invoices * a.open_native_minor) as bigint) as native_minor,
  cast(sum(a.invoices * case
    when f.reporting_currency = a.currency then a.open_native_minor
    else cast(floor(cast(a.open_native_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
  end) as bigint) as open_minor
from amounts a
join fx_daily f on f.day = a.owed_on and f.currency = a.currency
join reporting_currencies c on c.reporting_currency = f.reporting_currency
group by f.reporting_currency, a.currency, a.bucket, a.disputed
