-- How did each subscription's recurring revenue go from the start of a month to its end?
-- One row per month, reporting currency, tenant, subscription, plan and currency; losses negative.
-- A tenant's amount in a currency is converted and rounded once, at the rate of the day; its pieces
-- are differences of the rounded running sum, so that they add up to it.
-- fx = end − start − movements: what only the rates moved.
-- Nothing happens to most subscriptions in most months: those months (`quiet`) need no grouping.
-- `is_alone` is 1 where the tenant has surely no other piece in the month.
with edges as (
  select p.month, p.eve_on as day, 0 as at_end from periods p
  union all
  select p.month, p.last_on, 1 from periods p
),
edge_rates as (
  select e.month, e.at_end, f.currency, f.reporting_currency, f.rate
  from edges e
  join fx_daily f on f.day = e.day
  join reporting_currencies r on r.reporting_currency = f.reporting_currency
),
month_rates as (
  select
    e.month, e.currency, e.reporting_currency,
    max(case when e.at_end = 0 then e.rate end) as start_rate,
    max(case when e.at_end = 1 then e.rate end) as end_rate
  from edge_rates e
  group by e.month, e.currency, e.reporting_currency
),
quiet as (
  select
    p.month, f.reporting_currency, s.tenant_id, s.subscription_id, s.plan_id, s.currency, s.status,
    s.is_alone,
    case when f.start_rate is null then 0 else s.mrr_minor end as start_native,
    case when f.end_rate is null then 0 else s.mrr_minor end as end_native,
    case
      when f.start_rate is null then 0
      when f.reporting_currency = s.currency then s.mrr_minor
      else cast(floor(cast(s.running_minor as decimal(16, 0)) * f.start_rate + 0.5) as bigint)
        - case
          when s.running_minor = s.mrr_minor then 0
          else cast(floor(cast(s.running_minor - s.mrr_minor as decimal(16, 0)) * f.start_rate
            + 0.5) as bigint)
        end
    end as start_value,
    case
      when f.end_rate is null then 0
      when f.reporting_currency = s.currency then s.mrr_minor
      else cast(floor(cast(s.running_minor as decimal(16, 0)) * f.end_rate + 0.5) as bigint)
        - case
          when s.running_minor = s.mrr_minor then 0
          else cast(floor(cast(s.running_minor - s.mrr_minor as decimal(16, 0)) * f.end_rate
            + 0.5) as bigint)
        end
    end as end_value
  from periods p
  join mrr_spans s
    on s.valid_from <= p.eve_on and (s.valid_until is null or s.valid_until > p.last_on)
  join month_rates f on f.month = p.month and f.currency = s.currency
),
held as (
  select
    p.month, 0 as at_end,
    s.tenant_id, s.subscription_id, s.plan_id, s.currency, s.status, s.mrr_minor, s.running_minor
  from periods p
  join mrr_spans s
    on cast(date_trunc('month', s.valid_until) as date) = p.month
    and s.valid_from <= p.eve_on and s.valid_until <= p.last_on
  union all
  select
    p.month, 1,
    s.tenant_id, s.subscription_id, s.plan_id, s.currency, s.status, s.mrr_minor, s.running_minor
  from periods p
  join mrr_spans s
    on cast(date_trunc('month', s.valid_from) as date) = p.month
    and s.valid_from <= p.last_on and (s.valid_until is null or s.valid_until > p.last_on)
),
valued as (
  select
    h.month, f.reporting_currency, h.tenant_id, h.subscription_id, h.plan_id, h.currency,
    h.status, h.at_end, h.mrr_minor,
    case
      when f.reporting_currency = h.currency then h.mrr_minor
      else cast(floor(cast(h.running_minor as decimal(16, 0)) * f.rate + 0.5) as bigint)
        - case
          when h.running_minor = h.mrr_minor then 0
          else cast(floor(cast(h.running_minor - h.mrr_minor as decimal(16, 0)) * f.rate + 0.5)
            as bigint)
        end
    end as value_minor
  from held h
  join edge_rates f
    on f.month = h.month and f.at_end = h.at_end and f.currency = h.currency
),
moved as (
  select
    p.month, f.reporting_currency, m.tenant_id, m.subscription_id, m.plan_id, m.currency, m.kind,
    m.change_minor,
    case
      when f.reporting_currency = m.currency then m.change_minor
      else (case when m.running_minor < 0 then -1 else 1 end)
        * cast(floor(abs(cast(m.running_minor as decimal(16, 0))) * f.rate + 0.5) as bigint)
        - case
          when m.running_minor = m.change_minor then 0
          else (case when m.running_minor - m.change_minor < 0 then -1 else 1 end)
            * cast(floor(abs(cast(m.running_minor - m.change_minor as decimal(16, 0))) * f.rate
              + 0.5) as bigint)
        end
    end as value_minor
  from periods p
  join mrr_moves m
    on cast(date_trunc('month', m.day) as date) = p.month and m.day <= p.last_on
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
  cast(sum(e.risk_value) as bigint) as at_risk_minor,
  0 as is_alone
from entries e
group by e.month, e.reporting_currency, e.tenant_id, e.subscription_id, e.plan_id, e.currency
union all
select
  q.month, q.reporting_currency, q.tenant_id, q.subscription_id, q.plan_id, q.currency,
  q.start_native, q.end_native, 0, q.start_value, 0, 0, 0, 0, 0,
  q.end_value - q.start_value,
  q.end_value,
  case when q.status = 'past_due' then q.end_value else 0 end,
  q.is_alone
from quiet q
