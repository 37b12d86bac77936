-- How did each subscription's recurring revenue go from the start of a month to its end?
-- One row per month, reporting currency, tenant, subscription, plan and currency; losses negative.
-- A tenant's amount in a currency is converted and rounded once, at the rate of the day; its pieces
-- are differences of the rounded running sum, so that they add up to it.
-- fx = end − start − movements: what only the rates moved.
with held as (
  select
    p.month,
    1 as at_end,
    p.last_on as day,
    s.tenant_id, s.subscription_id, s.plan_id, s.currency, s.status, s.mrr_minor,
    cast(sum(s.mrr_minor) over (
      partition by p.month, s.tenant_id, s.currency
      order by s.subscription_id rows unbounded preceding
    ) as bigint) as running_minor
  from periods p
  join subscription_spans s
    on s.valid_from <= p.last_on and (s.valid_until is null or s.valid_until > p.last_on)
  where s.mrr_minor > 0
  union all
  select
    p.month,
    0,
    p.eve_on,
    s.tenant_id, s.subscription_id, s.plan_id, s.currency, s.status, s.mrr_minor,
    cast(sum(s.mrr_minor) over (
      partition by p.month, s.tenant_id, s.currency
      order by s.subscription_id rows unbounded preceding
    ) as bigint)
  from periods p
  join subscription_spans s
    on s.valid_from <= p.eve_on and (s.valid_until is null or s.valid_until > p.eve_on)
  where s.mrr_minor > 0
),
valued as (
  select
    h.month, f.reporting_currency, h.tenant_id, h.subscription_id, h.plan_id, h.currency,
    h.status, h.at_end, h.mrr_minor,
    cast(floor(cast(h.running_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
      - cast(floor(cast(h.running_minor - h.mrr_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
      as value_minor
  from held h
  join fx_daily f
    on f.day = h.day and f.currency = h.currency
  join reporting_currencies r on r.reporting_currency = f.reporting_currency
),
moved as (
  select
    p.month, f.reporting_currency, m.tenant_id, m.subscription_id, m.plan_id, m.currency, m.kind,
    m.change_minor,
    (case when m.running_minor < 0 then -1 else 1 end)
      * cast(floor(abs(cast(m.running_minor as decimal(16, 0))) * f.rate + 0.5) as bigint)
      - (case when m.running_minor - m.change_minor < 0 then -1 else 1 end)
      * cast(floor(abs(cast(m.running_minor - m.change_minor as decimal(16, 0))) * f.rate + 0.5)
        as bigint)
      as value_minor
  from periods p
  join mrr_moves m on m.day >= p.first_on and m.day <= p.last_on
  join fx_daily f on f.day = m.day and f.currency = m.currency
  join reporting_currencies r on r.reporting_currency = f.reporting_currency
),
entries as (
  select
    v.month, v.reporting_currency, v.tenant_id, v.subscription_id, v.plan_id, v.currency,
    case when v.at_end = 0 then v.mrr_minor else 0 end as start_native,
    case when v.at_end = 1 then v.mrr_minor else 0 end as end_native,
    case when v.at_end = 0 then v.value_minor else 0 end as start_value,
    case when v.at_end = 1 then v.value_minor else 0 end as end_value,
    case when v.at_end = 1 and v.status = 'past_due' then v.value_minor else 0 end as risk_value,
    0 as new_native, 0 as new_value, 0 as expansion_value, 0 as contraction_value,
    0 as churn_value, 0 as reactivation_value
  from valued v
  union all
  select
    m.month, m.reporting_currency, m.tenant_id, m.subscription_id, m.plan_id, m.currency,
    0, 0, 0, 0, 0,
    case when m.kind = 'new' then m.change_minor else 0 end,
    case when m.kind = 'new' then m.value_minor else 0 end,
    case when m.kind = 'expansion' then m.value_minor else 0 end,
    case when m.kind = 'contraction' then m.value_minor else 0 end,
    case when m.kind = 'churn' then m.value_minor else 0 end,
    case when m.kind = 'reactivation' then m.value_minor else 0 end
  from moved m
)
select
  e.month, e.reporting_currency, e.tenant_id, e.subscription_id, e.plan_id, e.currency,
  cast(sum(e.start_native) as bigint) as start_native_minor,
  cast(sum(e.end_native) as bigint) as end_native_minor,
  cast(sum(e.new_native) as bigint) as new_native_minor,
  cast(sum(e.start_value) as bigint) as start_minor,
  cast(sum(e.new_value) as bigint) as new_minor,
  cast(sum(e.expansion_value) as bigint) as expansion_minor,
  cast(sum(e.contraction_value) as bigint) as contraction_minor,
  cast(sum(e.churn_value) as bigint) as churn_minor,
  cast(sum(e.reactivation_value) as bigint) as reactivation_minor,
  cast(sum(e.end_value - e.start_value - e.new_value - e.expansion_value - e.contraction_value
    - e.churn_value - e.reactivation_value) as bigint) as fx_minor,
  cast(sum(e.end_value) as bigint) as end_minor,
  cast(sum(e.risk_value) as bigint) as at_risk_minor
from entries e
group by e.month, e.reporting_currency, e.tenant_id, e.subscription_id, e.plan_id, e.currency
order by e.reporting_currency, e.month, e.tenant_id, e.subscription_id
