-- Which tenants pay for each plan, or newly do? One row per month, tenant and plan; `value` is 1.
select distinct
  p.month,
  p.tenant_id,
  p.plan_id,
  null::varchar as no_plan,
  null::date as day,
  $measure as kind,
  null::bigint as subscription_id,
  null::bigint as document_id,
  null::varchar as document,
  null::bigint as position,
  null::bigint as native_minor,
  $currency as currency,
  1::bigint as value,
  0::bigint as place
from mrr_pieces p
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and case $measure
    when 'customers' then p.end_native_minor
    else p.new_native_minor
  end > 0
