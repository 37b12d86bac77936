-- What is owed on the newest day and at the end of the month before, by age?
-- One row per day of the two, reporting currency, currency of the invoices, age and whether they are
-- disputed; native and reporting-currency minor units at the rate of the day, tax included; each
-- invoice is converted and rounded by itself, in whole numbers where these cannot grow too large.
-- `items` counts what is behind a row, so that a change can be taken off and added: a row without
-- items is none.
with rates as (
  select
    f.day, f.currency, f.reporting_currency, f.rate,
    case when f.rate < 10000 then 1 else 0 end as is_short,
    cast(floor(f.rate * 100000) as bigint) as rate_high,
    cast((f.rate * 100000 - floor(f.rate * 100000)) * 100000 as bigint) as rate_low
  from fx_daily f
  join reporting_currencies c on c.reporting_currency = f.reporting_currency
)
select
  o.owed_on, f.reporting_currency, o.currency, o.bucket, o.disputed,
  cast(count(*) as bigint) as items,
  cast(sum(o.open_native_minor) as bigint) as native_minor,
  cast(sum(case
    when f.reporting_currency = o.currency then o.open_native_minor
    when f.is_short = 1 and o.open_native_minor < 1000000000 then
      (o.open_native_minor * f.rate_high + 50000 + (o.open_native_minor * f.rate_low) // 100000)
      // 100000
    else cast(floor(cast(o.open_native_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
  end) as bigint) as open_minor
from owed_invoices o
join rates f on f.day = o.owed_on and f.currency = o.currency
group by o.owed_on, f.reporting_currency, o.currency, o.bucket, o.disputed
