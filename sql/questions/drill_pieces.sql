-- Which subscriptions make up a recurring-revenue figure? One row per month, subscription and plan
-- with an amount; the column `value` sums to the figure (`$measure`).
select
  p.month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  l.slug as plan,
  n.country,
  case when $measure = 'start' then d.eve_on else d.last_on end as day,
  $measure as kind,
  p.subscription_id::varchar as document,
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
  end as value
from mrr_pieces p
join periods d on d.month = p.month
join tenants n on n.tenant_id = p.tenant_id
join plan l on l.id = p.plan_id
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and (value <> 0 or (native_minor <> 0 and $measure <> 'at_risk'))
order by value desc, tenant, document
