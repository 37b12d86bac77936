-- What does each tenant owe on the newest day and at the end of the month before, and for how long?
-- One row per day of the two, reporting currency and tenant that owes; reporting-currency minor units at
-- the rate of the day, tax included; each invoice is converted and rounded by itself, in whole numbers
-- where these cannot grow too large.
with rates as (
  select
    f.day, f.currency, f.reporting_currency, f.rate,
    case when f.rate < 10000 then 1 else 0 end as is_short,
    cast(floor(f.rate * 100000) as bigint) as rate_high,
    cast((f.rate * 100000 - floor(f.rate * 100000)) * 100000 as bigint) as rate_low
  from fx_daily f
  join reporting_currencies c on c.reporting_currency = f.reporting_currency
),
valued as (
  select
    o.owed_on, f.reporting_currency, o.tenant_id, o.bucket,
    case
      when f.reporting_currency = o.currency then o.open_native_minor
      when f.is_short = 1 and o.open_native_minor < 1000000000 then
        (o.open_native_minor * f.rate_high + 50000 + (o.open_native_minor * f.rate_low) // 100000)
        // 100000
      else cast(floor(cast(o.open_native_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
    end as value_minor
  from owed_invoices o
  join rates f on f.day = o.owed_on and f.currency = o.currency
)
select
  v.owed_on, v.reporting_currency, v.tenant_id,
  count(*) as invoices,
  cast(sum(case when v.bucket = 'current' then v.value_minor else 0 end) as bigint)
    as current_minor,
  cast(sum(case when v.bucket = '1-30' then v.value_minor else 0 end) as bigint)
    as days_1_30_minor,
  cast(sum(case when v.bucket = '31-60' then v.value_minor else 0 end) as bigint)
    as days_31_60_minor,
  cast(sum(case when v.bucket = '61-90' then v.value_minor else 0 end) as bigint)
    as days_61_90_minor,
  cast(sum(case when v.bucket = 'over_90' then v.value_minor else 0 end) as bigint)
    as over_90_minor,
  cast(sum(v.value_minor) as bigint) as open_minor
from valued v
group by v.owed_on, v.reporting_currency, v.tenant_id
