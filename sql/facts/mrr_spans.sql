-- When did each subscription bring recurring revenue, and how much its tenant's ones up to it?
-- One row per subscription and stretch of days in which nothing of its tenant's in that currency
-- changed, half-open [valid_from, valid_until); native minor units.
-- `running_minor` adds the tenant's subscriptions of a stretch up, so that converted pieces sum to
-- the whole; the only one of a tenant (`is_alone`), as most are, needs no adding up.
with sharing as (
  select s.tenant_id
  from subscription_spans s
  where s.mrr_minor > 0
  group by s.tenant_id
  having min(s.subscription_id) <> max(s.subscription_id)
),
earning as (
  select
    s.tenant_id, s.subscription_id, s.plan_id, s.currency, s.status, s.mrr_minor,
    s.valid_from, s.valid_until,
    case when g.tenant_id is null then 1 else 0 end as is_alone
  from subscription_spans s
  left join sharing g on g.tenant_id = s.tenant_id
  where s.mrr_minor > 0
),
boundaries as (
  select e.tenant_id, e.currency, e.valid_from as day
  from earning e
  where e.is_alone = 0
  union
  select e.tenant_id, e.currency, e.valid_until
  from earning e
  where e.is_alone = 0 and e.valid_until is not null
),
stretches as (
  select
    b.tenant_id, b.currency, b.day,
    lead(b.day) over (partition by b.tenant_id, b.currency order by b.day) as next_day
  from boundaries b
)
select
  e.tenant_id, e.subscription_id, e.plan_id, e.currency, e.status, e.mrr_minor,
  e.mrr_minor as running_minor,
  e.valid_from, e.valid_until, e.is_alone
from earning e
where e.is_alone = 1
union all
select
  e.tenant_id, e.subscription_id, e.plan_id, e.currency, e.status, e.mrr_minor,
  cast(sum(e.mrr_minor) over (
    partition by s.tenant_id, s.currency, s.day
    order by e.subscription_id rows unbounded preceding
  ) as bigint),
  s.day, s.next_day, e.is_alone
from stretches s
join earning e
  on e.tenant_id = s.tenant_id and e.currency = s.currency
  and e.valid_from <= s.day and (e.valid_until is null or e.valid_until > s.day)
where e.is_alone = 0
