-- How did recurring revenue and customers move, in all, by plan and by country?
-- One row per month, reporting currency, dimension ('all', 'plan', 'country') and group;
-- reporting-currency minor units, losses negative.
-- By plan, amounts and customers follow each subscription's plan; cohorts (lost, kept) the main
-- plan a tenant had at the start.
with parts as (
  select
    t.month, t.reporting_currency, 'all' as dimension, 'all' as group_key,
    t.is_customer as paying, t.is_new as joined, t.was_customer as cohort, t.is_lost as lost,
    t.start_minor as start_value, t.new_minor as new_value,
    t.expansion_minor as expansion_value, t.contraction_minor as contraction_value,
    t.churn_minor as churn_value, t.reactivation_minor as reactivation_value,
    t.fx_minor as fx_value, t.end_minor as end_value, t.at_risk_minor as risk_value,
    case when t.was_customer = 1 then t.start_minor else 0 end as cohort_start,
    t.cohort_end_minor as cohort_end, t.kept_minor as kept
  from mrr_tenants t
  union all
  select
    t.month, t.reporting_currency, 'country', n.country,
    t.is_customer, t.is_new, t.was_customer, t.is_lost,
    t.start_minor, t.new_minor, t.expansion_minor, t.contraction_minor, t.churn_minor,
    t.reactivation_minor, t.fx_minor, t.end_minor, t.at_risk_minor,
    case when t.was_customer = 1 then t.start_minor else 0 end,
    t.cohort_end_minor, t.kept_minor
  from mrr_tenants t
  join tenants n on n.tenant_id = t.tenant_id
  union all
  select
    t.month, t.reporting_currency, 'plan', l.slug,
    0, 0, t.was_customer, t.is_lost,
    0, 0, 0, 0, 0, 0, 0, 0, 0,
    t.start_minor, t.cohort_end_minor, t.kept_minor
  from mrr_tenants t
  join plan l on l.id = t.plan_id
  where t.was_customer = 1
  union all
  select
    p.month, p.reporting_currency, 'plan', l.slug,
    max(case when p.end_native_minor > 0 then 1 else 0 end),
    max(case when p.new_native_minor > 0 then 1 else 0 end),
    0, 0,
    sum(p.start_minor), sum(p.new_minor), sum(p.expansion_minor), sum(p.contraction_minor),
    sum(p.churn_minor), sum(p.reactivation_minor), sum(p.fx_minor), sum(p.end_minor),
    sum(p.at_risk_minor),
    0, 0, 0
  from mrr_pieces p
  join plan l on l.id = p.plan_id
  group by p.month, p.reporting_currency, p.tenant_id, l.slug
)
select
  a.month, a.reporting_currency, a.dimension, a.group_key,
  cast(sum(a.paying) as bigint) as customers,
  cast(sum(a.joined) as bigint) as new_customers,
  cast(sum(a.cohort) as bigint) as customers_at_start,
  cast(sum(a.lost) as bigint) as customers_lost,
  cast(sum(a.start_value) as bigint) as start_minor,
  cast(sum(a.new_value) as bigint) as new_minor,
  cast(sum(a.expansion_value) as bigint) as expansion_minor,
  cast(sum(a.contraction_value) as bigint) as contraction_minor,
  cast(sum(a.churn_value) as bigint) as churn_minor,
  cast(sum(a.reactivation_value) as bigint) as reactivation_minor,
  cast(sum(a.fx_value) as bigint) as fx_minor,
  cast(sum(a.end_value) as bigint) as end_minor,
  cast(sum(a.risk_value) as bigint) as at_risk_minor,
  cast(sum(a.cohort_start) as bigint) as cohort_start_minor,
  cast(sum(a.cohort_end) as bigint) as cohort_end_minor,
  cast(sum(a.kept) as bigint) as kept_minor
from parts a
group by a.month, a.reporting_currency, a.dimension, a.group_key
order by a.reporting_currency, a.dimension, a.month, a.group_key
