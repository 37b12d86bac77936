-- How did recurring revenue and customers move, in all, by plan and by country?
-- One row per month, reporting currency, dimension ('all', 'plan', 'country') and group;
-- reporting-currency minor units, losses negative.
-- By plan, amounts and customers follow each subscription's plan; cohorts (lost, kept) the main
-- plan a tenant had at the start. `items` counts what is behind a row, so that a change can be taken
-- off and added: a row without items is none.
with plan_customers as (
  select
    p.month, p.reporting_currency, p.plan_id, 1 as is_customer, 0 as is_new
  from mrr_pieces p
  where p.is_alone = 1 and p.end_native_minor > 0
  union all
  select
    p.month, p.reporting_currency, p.plan_id,
    max(case when p.end_native_minor > 0 then 1 else 0 end),
    max(case when p.new_native_minor > 0 then 1 else 0 end)
  from mrr_pieces p
  where p.is_alone = 0 and (p.end_native_minor > 0 or p.new_native_minor > 0)
  group by p.month, p.reporting_currency, p.tenant_id, p.plan_id
),
plan_counts as (
  select
    c.month, c.reporting_currency, c.plan_id,
    count(*) as items, sum(c.is_customer) as customers, sum(c.is_new) as new_customers
  from plan_customers c
  group by c.month, c.reporting_currency, c.plan_id
),
plan_sums as (
  select
    p.month, p.reporting_currency, p.plan_id, count(*) as items,
    sum(p.start_minor) as start_value, sum(p.new_minor) as new_value,
    sum(p.expansion_minor) as expansion_value, sum(p.contraction_minor) as contraction_value,
    sum(p.churn_minor) as churn_value, sum(p.reactivation_minor) as reactivation_value,
    sum(p.fx_minor) as fx_value, sum(p.end_minor) as end_value, sum(p.at_risk_minor) as risk_value
  from mrr_pieces p
  group by p.month, p.reporting_currency, p.plan_id
),
tenant_sums as (
  select
    t.month, t.reporting_currency, n.country, t.plan_id, t.was_customer, count(*) as items,
    sum(t.is_customer) as paying, sum(t.is_new) as joined, sum(t.is_lost) as lost,
    sum(t.start_minor) as start_value, sum(t.new_minor) as new_value,
    sum(t.expansion_minor) as expansion_value, sum(t.contraction_minor) as contraction_value,
    sum(t.churn_minor) as churn_value, sum(t.reactivation_minor) as reactivation_value,
    sum(t.fx_minor) as fx_value, sum(t.end_minor) as end_value, sum(t.at_risk_minor) as risk_value,
    sum(t.was_customer) as cohort, sum(t.was_customer * t.start_minor) as cohort_start,
    sum(t.cohort_end_minor) as cohort_end, sum(t.kept_minor) as kept
  from mrr_tenants t
  join tenants n on n.tenant_id = t.tenant_id
  group by t.month, t.reporting_currency, n.country, t.plan_id, t.was_customer
),
parts as (
  select
    t.month, t.reporting_currency, 'all' as dimension, 'all' as group_key, t.items,
    t.paying, t.joined, t.cohort, t.lost,
    t.start_value, t.new_value, t.expansion_value, t.contraction_value, t.churn_value,
    t.reactivation_value, t.fx_value, t.end_value, t.risk_value,
    t.cohort_start, t.cohort_end, t.kept
  from tenant_sums t
  union all
  select
    t.month, t.reporting_currency, 'country', t.country, t.items,
    t.paying, t.joined, t.cohort, t.lost,
    t.start_value, t.new_value, t.expansion_value, t.contraction_value, t.churn_value,
    t.reactivation_value, t.fx_value, t.end_value, t.risk_value,
    t.cohort_start, t.cohort_end, t.kept
  from tenant_sums t
  union all
  select
    t.month, t.reporting_currency, 'plan', l.slug, t.items,
    0, 0, t.cohort, t.lost,
    0, 0, 0, 0, 0, 0, 0, 0, 0,
    t.cohort_start, t.cohort_end, t.kept
  from tenant_sums t
  join plan l on l.id = t.plan_id
  where t.was_customer = 1
  union all
  select
    c.month, c.reporting_currency, 'plan', l.slug, c.items,
    c.customers, c.new_customers, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0
  from plan_counts c
  join plan l on l.id = c.plan_id
  union all
  select
    s.month, s.reporting_currency, 'plan', l.slug, s.items,
    0, 0, 0, 0,
    s.start_value, s.new_value, s.expansion_value, s.contraction_value, s.churn_value,
    s.reactivation_value, s.fx_value, s.end_value, s.risk_value,
    0, 0, 0
  from plan_sums s
  join plan l on l.id = s.plan_id
)
select
  a.month, a.reporting_currency, a.dimension, a.group_key,
  cast(sum(a.items) as bigint) as items,
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
