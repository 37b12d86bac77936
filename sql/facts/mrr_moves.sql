-- When did recurring revenue move, and why?
-- One row per tenant, day, subscription and plan; native minor units, losses negative.
-- The kind is the tenant's of that day: all its changes of a day are one move, and each piece carries it.
-- `running_minor` adds the pieces of a tenant, day and currency up, so that converted pieces sum to the whole.
with boundaries as (
  select
    s.subscription_id,
    s.tenant_id,
    s.valid_from as day,
    s.plan_id,
    s.currency,
    s.mrr_minor as after_minor,
    s.is_paused as paused_after,
    coalesce(lag(s.mrr_minor) over (
      partition by s.subscription_id order by s.valid_from
    ), 0) as before_minor,
    coalesce(lag(s.is_paused) over (
      partition by s.subscription_id order by s.valid_from
    ), 0) as paused_before,
    lag(s.plan_id) over (
      partition by s.subscription_id order by s.valid_from
    ) as plan_before_id,
    lag(s.currency) over (
      partition by s.subscription_id order by s.valid_from
    ) as currency_before
  from subscription_spans s
),
tenant_days as (
  select
    b.tenant_id,
    b.day,
    cast(sum(b.after_minor - b.before_minor) as bigint) as change_units,
    cast(sum(b.paused_after - b.paused_before) as bigint) as paused_change
  from boundaries b
  group by b.tenant_id, b.day
),
standings as (
  select
    t.tenant_id,
    t.day,
    t.change_units,
    t.paused_change,
    cast(sum(t.change_units) over (
      partition by t.tenant_id order by t.day rows unbounded preceding
    ) as bigint) as units_after,
    cast(sum(t.paused_change) over (
      partition by t.tenant_id order by t.day rows unbounded preceding
    ) as bigint) as paused_after
  from tenant_days t
),
histories as (
  select
    s.*,
    coalesce(max(s.units_after) over (
      partition by s.tenant_id order by s.day
      rows between unbounded preceding and 1 preceding
    ), 0) as most_paid_before
  from standings s
),
pieces as (
  select
    b.tenant_id, b.day, b.subscription_id, b.plan_id, b.currency,
    b.paused_before, b.paused_after,
    b.after_minor - b.before_minor as change_minor
  from boundaries b
  where b.after_minor <> b.before_minor
    and (b.before_minor = 0 or (b.plan_before_id = b.plan_id and b.currency_before = b.currency))
  union all
  select
    b.tenant_id, b.day, b.subscription_id, b.plan_before_id, b.currency_before,
    b.paused_before, b.paused_after,
    -b.before_minor
  from boundaries b
  where b.before_minor > 0
    and (b.plan_before_id <> b.plan_id or b.currency_before <> b.currency)
  union all
  select
    b.tenant_id, b.day, b.subscription_id, b.plan_id, b.currency,
    b.paused_before, b.paused_after,
    b.after_minor
  from boundaries b
  where b.before_minor > 0 and b.after_minor > 0
    and (b.plan_before_id <> b.plan_id or b.currency_before <> b.currency)
),
directions as (
  select
    p.tenant_id,
    p.day,
    count(distinct p.currency) as currencies,
    cast(sum(p.change_minor) as bigint) as native_change,
    sum(cast(p.change_minor as decimal(16, 0)) * coalesce(f.rate, 0)) as euro_change
  from pieces p
  left join fx_daily f
    on f.day = p.day and f.currency = p.currency and f.reporting_currency = 'EUR'
  group by p.tenant_id, p.day
),
kinds as (
  select
    h.tenant_id,
    h.day,
    case
      when h.units_after - h.change_units = 0 and h.most_paid_before = 0 then 'new'
      when h.units_after - h.change_units = 0 and h.paused_after - h.paused_change > 0
        then 'expansion'
      when h.units_after - h.change_units = 0 then 'reactivation'
      when h.units_after = 0 and h.paused_after > 0 then 'contraction'
      when h.units_after = 0 then 'churn'
      when d.currencies = 1 and d.native_change >= 0 then 'expansion'
      when d.currencies > 1 and d.euro_change >= 0 then 'expansion'
      else 'contraction'
    end as kind
  from histories h
  join directions d
    on d.tenant_id = h.tenant_id and d.day = h.day
)
select
  p.tenant_id,
  p.day,
  p.subscription_id,
  p.plan_id,
  p.currency,
  k.kind,
  case
    when p.paused_after > p.paused_before then 'paused'
    when p.paused_after < p.paused_before then 'resume'
    else ''
  end as tag,
  p.change_minor,
  cast(sum(p.change_minor) over (
    partition by p.tenant_id, p.day, p.currency
    order by p.subscription_id, p.plan_id rows unbounded preceding
  ) as bigint) as running_minor
from pieces p
join kinds k
  on k.tenant_id = p.tenant_id and k.day = p.day
