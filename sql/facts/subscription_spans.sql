-- What was each subscription worth a month, and since when?
-- One row per subscription and state, half-open [valid_from, valid_until); native minor units.
-- Of several changes of one day the last one holds; weeks count 52 to the year.
with changes as (
  select
    h.subscription_id as subscription_id,
    h.tenant_id as tenant_id,
    h.plan_id as plan_id,
    h.status as status,
    h.cycle as cycle,
    h.currency as currency,
    h.amount_minor as amount_minor,
    h.effective_on as valid_from,
    row_number() over (
      partition by h.subscription_id, h.effective_on
      order by h.id desc
    ) as nth_last
  from plan_history h
),
states as (
  select
    c.*,
    lead(c.valid_from) over (
      partition by c.subscription_id
      order by c.valid_from
    ) as valid_until,
    case c.cycle
      when 'weekly' then (c.amount_minor * 104 + 12) // 24
      when 'quarterly' then (c.amount_minor * 2 + 3) // 6
      when 'semiannual' then (c.amount_minor * 2 + 6) // 12
      when 'annual' then (c.amount_minor * 2 + 12) // 24
      else c.amount_minor
    end as monthly_minor
  from changes c
  where c.nth_last = 1
)
select
  s.subscription_id,
  s.tenant_id,
  s.plan_id,
  s.status,
  s.currency,
  s.monthly_minor,
  case
    when s.status in ('active', 'past_due', 'grace_period') then s.monthly_minor
    else 0
  end as mrr_minor,
  case when s.status = 'paused' and s.monthly_minor > 0 then 1 else 0 end as is_paused,
  s.valid_from,
  s.valid_until
from states s
