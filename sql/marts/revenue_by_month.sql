-- What was earned and given back, in all, by plan and by country?
-- One row per month, reporting currency, dimension ('all', 'plan', 'country') and group;
-- reporting-currency minor units without tax, what is given back positive.
with parts as (
  select
    p.month, p.reporting_currency, p.kind, p.is_platform, p.value_minor as amount,
    coalesce(l.slug, 'none') as plan_key, n.country
  from revenue_pieces p
  join tenants n on n.tenant_id = p.tenant_id
  left join plan l on l.id = p.plan_id
),
grouped as (
  select
    a.month, a.reporting_currency, a.plan_key, a.country,
    sum(case when a.kind = 'gross' then a.amount else 0 end) as gross,
    sum(case when a.kind = 'gross' and a.is_platform = 1 then a.amount else 0 end) as fees,
    sum(case when a.kind = 'refund' then -a.amount else 0 end) as refunded,
    sum(case when a.kind = 'lost_dispute' then -a.amount else 0 end) as lost
  from parts a
  group by a.month, a.reporting_currency, a.plan_key, a.country
),
views as (
  select g.month, g.reporting_currency, 'all' as dimension, 'all' as group_key,
    g.gross, g.fees, g.refunded, g.lost
  from grouped g
  union all
  select g.month, g.reporting_currency, 'plan', g.plan_key, g.gross, g.fees, g.refunded, g.lost
  from grouped g
  union all
  select g.month, g.reporting_currency, 'country', g.country, g.gross, g.fees, g.refunded, g.lost
  from grouped g
)
select
  v.month, v.reporting_currency, v.dimension, v.group_key,
  cast(sum(v.gross) as bigint) as gross_minor,
  cast(sum(v.fees) as bigint) as platform_fees_minor,
  cast(sum(v.refunded) as bigint) as refunds_minor,
  cast(sum(v.lost) as bigint) as lost_disputes_minor
from views v
group by v.month, v.reporting_currency, v.dimension, v.group_key
order by v.reporting_currency, v.dimension, v.month, v.group_key
