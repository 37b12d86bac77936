-- How did each tenant go from the start of a month to its end?
-- One row per month, reporting currency and tenant; reporting-currency minor units, losses negative.
-- `cohort_end_minor` is the end valued at the start's rate, of tenants that paid at the start;
-- `kept_minor` the same, at most what it was at the start. `plan_id` is the main plan at the start.
-- Only tenants with several pieces in a month (`crowded`) need adding up, and where nothing happened
-- to the one there is (`is_alone`) the end is worth at the start's rate what the start was.
with crowded as (
  select p.month, p.reporting_currency, p.tenant_id
  from mrr_pieces p
  where p.is_alone = 0
  group by p.month, p.reporting_currency, p.tenant_id
  having count(*) > 1
),
start_rates as (
  select d.month, f.currency, f.reporting_currency, f.rate
  from periods d
  join fx_daily f on f.day = d.eve_on
),
lone_pieces as (
  select p.*
  from mrr_pieces p
  left join crowded c
    on c.month = p.month and c.reporting_currency = p.reporting_currency
    and c.tenant_id = p.tenant_id
  where p.is_alone = 0 and c.tenant_id is null
),
crowd_pieces as (
  select p.*
  from mrr_pieces p
  join crowded c
    on c.month = p.month and c.reporting_currency = p.reporting_currency
    and c.tenant_id = p.tenant_id
  where p.is_alone = 0
),
natives as (
  select
    p.month, p.reporting_currency, p.tenant_id, p.currency,
    cast(sum(p.start_native_minor) as bigint) as start_native,
    cast(sum(p.end_native_minor) as bigint) as end_native,
    cast(sum(p.new_native_minor) as bigint) as new_native,
    cast(sum(p.start_minor) as bigint) as start_value,
    cast(sum(p.new_minor) as bigint) as new_value,
    cast(sum(p.expansion_minor) as bigint) as expansion_value,
    cast(sum(p.contraction_minor) as bigint) as contraction_value,
    cast(sum(p.churn_minor) as bigint) as churn_value,
    cast(sum(p.reactivation_minor) as bigint) as reactivation_value,
    cast(sum(p.fx_minor) as bigint) as fx_value,
    cast(sum(p.end_minor) as bigint) as end_value,
    cast(sum(p.at_risk_minor) as bigint) as risk_value
  from crowd_pieces p
  group by p.month, p.reporting_currency, p.tenant_id, p.currency
),
plan_values as (
  select
    p.month, p.reporting_currency, p.tenant_id, p.plan_id,
    cast(sum(p.start_minor) as bigint) as plan_minor
  from crowd_pieces p
  where p.start_native_minor > 0
  group by p.month, p.reporting_currency, p.tenant_id, p.plan_id
),
main_plans as (
  select
    v.month, v.reporting_currency, v.tenant_id, v.plan_id,
    row_number() over (
      partition by v.month, v.reporting_currency, v.tenant_id
      order by v.plan_minor desc, l.slug
    ) as nth
  from plan_values v
  join plan l on l.id = v.plan_id
),
crowd_months as (
  select
    n.month, n.reporting_currency, n.tenant_id,
    max(case when n.start_native > 0 then 1 else 0 end) as was_customer,
    max(case when n.end_native > 0 then 1 else 0 end) as is_customer,
    max(case when n.new_native > 0 then 1 else 0 end) as is_new,
    cast(sum(n.start_value) as bigint) as start_minor,
    cast(sum(n.new_value) as bigint) as new_minor,
    cast(sum(n.expansion_value) as bigint) as expansion_minor,
    cast(sum(n.contraction_value) as bigint) as contraction_minor,
    cast(sum(n.churn_value) as bigint) as churn_minor,
    cast(sum(n.reactivation_value) as bigint) as reactivation_minor,
    cast(sum(n.fx_value) as bigint) as fx_minor,
    cast(sum(n.end_value) as bigint) as end_minor,
    cast(sum(n.risk_value) as bigint) as at_risk_minor,
    cast(sum(coalesce(
      cast(floor(cast(n.end_native as decimal(16, 0)) * f.rate + 0.5) as bigint), 0
    )) as bigint) as end_at_start_rate_minor
  from natives n
  left join start_rates f
    on f.month = n.month and f.currency = n.currency
    and f.reporting_currency = n.reporting_currency
  group by n.month, n.reporting_currency, n.tenant_id
),
tenant_months as (
  select
    p.month, p.reporting_currency, p.tenant_id,
    case when p.start_native_minor > 0 then p.plan_id end as plan_id,
    case when p.start_native_minor > 0 then 1 else 0 end as was_customer,
    case when p.end_native_minor > 0 then 1 else 0 end as is_customer,
    0 as is_new,
    p.start_minor, p.new_minor, p.expansion_minor, p.contraction_minor, p.churn_minor,
    p.reactivation_minor, p.fx_minor, p.end_minor, p.at_risk_minor,
    p.start_minor as end_at_start_rate_minor
  from mrr_pieces p
  where p.is_alone = 1
  union all
  select
    p.month, p.reporting_currency, p.tenant_id,
    case when p.start_native_minor > 0 then p.plan_id end,
    case when p.start_native_minor > 0 then 1 else 0 end,
    case when p.end_native_minor > 0 then 1 else 0 end,
    case when p.new_native_minor > 0 then 1 else 0 end,
    p.start_minor, p.new_minor, p.expansion_minor, p.contraction_minor, p.churn_minor,
    p.reactivation_minor, p.fx_minor, p.end_minor, p.at_risk_minor,
    case
      when f.rate is null then 0
      when p.currency = p.reporting_currency then p.end_native_minor
      else cast(floor(cast(p.end_native_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
    end
  from lone_pieces p
  left join start_rates f
    on f.month = p.month and f.currency = p.currency
    and f.reporting_currency = p.reporting_currency
  union all
  select
    c.month, c.reporting_currency, c.tenant_id, m.plan_id, c.was_customer, c.is_customer, c.is_new,
    c.start_minor, c.new_minor, c.expansion_minor, c.contraction_minor, c.churn_minor,
    c.reactivation_minor, c.fx_minor, c.end_minor, c.at_risk_minor, c.end_at_start_rate_minor
  from crowd_months c
  left join main_plans m
    on m.month = c.month and m.reporting_currency = c.reporting_currency
    and m.tenant_id = c.tenant_id and m.nth = 1
),
paused as (
  select distinct d.month, s.tenant_id
  from periods d
  join subscription_spans s
    on s.valid_from <= d.last_on and (s.valid_until is null or s.valid_until > d.last_on)
  where s.is_paused = 1
)
select
  t.month, t.reporting_currency, t.tenant_id,
  t.plan_id,
  t.was_customer, t.is_customer, t.is_new,
  case
    when t.was_customer = 1 and t.is_customer = 0 and z.tenant_id is null then 1
    else 0
  end as is_lost,
  t.start_minor, t.new_minor, t.expansion_minor, t.contraction_minor, t.churn_minor,
  t.reactivation_minor, t.fx_minor, t.end_minor, t.at_risk_minor,
  case when t.was_customer = 1 then t.end_at_start_rate_minor else 0 end as cohort_end_minor,
  case
    when t.was_customer = 0 then 0
    when t.end_at_start_rate_minor < t.start_minor then t.end_at_start_rate_minor
    else t.start_minor
  end as kept_minor
from tenant_months t
left join paused z on z.month = t.month and z.tenant_id = t.tenant_id
