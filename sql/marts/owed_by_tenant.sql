-- What does each tenant owe on the newest day, and for how long?
-- One row per reporting currency and tenant that owes; reporting-currency minor units at the rate of
-- the day, tax included; each invoice is converted and rounded by itself.
with valued as (
  select
    f.reporting_currency, o.tenant_id, o.bucket,
    case
      when f.reporting_currency = o.currency then o.open_native_minor
      else cast(floor(cast(o.open_native_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
    end as value_minor
  from owed_invoices o
  join fx_daily f on f.day = o.owed_on and f.currency = o.currency
  join reporting_currencies c on c.reporting_currency = f.reporting_currency
)
select
  v.reporting_currency, v.tenant_id,
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
group by v.reporting_currency, v.tenant_id
