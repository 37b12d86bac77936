-- Which subscriptions make up a recurring-revenue figure? One row per month, subscription and plan
-- with an amount; the column `value` sums to the figure (`$measure`), the largest come first.
select
  p.month,
  p.tenant_id,
  p.plan_id,
  null::varchar as no_plan,
  null::date as day,
  $measure as kind,
  p.subscription_id,
  null::bigint as document_id,
  null::varchar as document,
  null::bigint as position,
  case $measure
    when 'start' then p.start_native_minor
    when 'fx' then 0
    else p.end_native_minor
  end as native_minor,
  p.currency,
  case $measure
    when 'start' then p.start_minor
    when 'fx' then p.fx_minor
    when 'at_risk' then p.at_risk_minor
    when 'arr' then 12 * p.end_minor
    else p.end_minor
  end as value,
  -value as place
from mrr_pieces p
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and (value <> 0 or (native_minor <> 0 and $measure <> 'at_risk'))
