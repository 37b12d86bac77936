-- Which tenants make up a count or a cohort? One row per month and tenant; the column `value`
-- sums to the figure (`$measure`), the largest come first. The plan is the one a tenant paid most for
-- at the start.
select
  m.month,
  m.tenant_id,
  m.plan_id,
  null::varchar as no_plan,
  null::date as day,
  $measure as kind,
  null::bigint as subscription_id,
  null::bigint as document_id,
  null::varchar as document,
  null::bigint as position,
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
  end)::bigint as value,
  -value as place
from mrr_tenants m
where m.reporting_currency = $currency
  and m.month between $first_month and $last_month
  and value <> 0
