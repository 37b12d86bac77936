-- Which tenants make up a count or a cohort? One row per month and tenant; the column `value`
-- sums to the figure (`$measure`). The plan is the one a tenant paid most for at the start.
select
  m.month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  l.slug as plan,
  n.country,
  case when $measure in ('at_start', 'cohort_start') then d.eve_on else d.last_on end as day,
  $measure as kind,
  null::varchar as document,
  null::bigint as native_minor,
  $currency as currency,
  (case $measure
    when 'customers' then m.is_customer
    when 'new_customers' then m.is_new
    when 'at_start' then m.was_customer
    when 'lost' then m.is_lost
    when 'cohort_start' then m.was_customer * m.start_minor
    when 'cohort_end' then m.cohort_end_minor
    when 'kept' then m.kept_minor
  end)::bigint as value
from mrr_tenants m
join periods d on d.month = m.month
join tenants n on n.tenant_id = m.tenant_id
left join plan l on l.id = m.plan_id
where m.reporting_currency = $currency
  and m.month between $first_month and $last_month
  and value <> 0
order by value desc, tenant
