-- Which tenants pay for each plan, or newly do? One row per month, tenant and plan; `value` is 1.
select
  p.month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  l.slug as plan,
  n.country,
  d.last_on as day,
  $measure as kind,
  null::varchar as document,
  null::bigint as native_minor,
  $currency as currency,
  1::bigint as value
from mrr_pieces p
join periods d on d.month = p.month
join tenants n on n.tenant_id = p.tenant_id
join plan l on l.id = p.plan_id
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and case $measure
    when 'customers' then p.end_native_minor
    else p.new_native_minor
  end > 0
group by all
order by tenant, plan
