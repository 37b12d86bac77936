-- What was earned and given back, in all, by plan and by country?
-- One row per month, reporting currency, dimension ('all', 'plan', 'country') and group;
-- reporting-currency minor units without tax, what is given back positive.
-- `items` counts what is behind a row, so that a change can be taken off and added: a row without
-- items is none.
with sums as (
  select
    p.month, p.reporting_currency, p.plan_id, n.country, count(*) as items,
    sum(case when p.kind = 'gross' then p.value_minor else 0 end) as gross,
    sum(case when p.kind = 'gross' and p.is_platform = 1 then p.value_minor else 0 end) as fees,
    sum(case when p.kind in ('refund', 'credit') then -p.value_minor else 0 end) as refunded,
    sum(case when p.kind = 'lost_dispute' then -p.value_minor else 0 end) as lost
  from revenue_pieces p
  join tenants n on n.tenant_id = p.tenant_id
  group by p.month, p.reporting_currency, p.plan_id, n.country
),
grouped as (
  select
    s.month, s.reporting_currency, coalesce(l.slug, 'none') as plan_key, s.country, s.items,
    s.gross, s.fees, s.refunded, s.lost
  from sums s
  left join plan l on l.id = s.plan_id
),
views as (
  select g.month, g.reporting_currency, 'all' as dimension, 'all' as group_key,
    g.items, g.gross, g.fees, g.refunded, g.lost
  from grouped g
  union all
  select g.month, g.reporting_currency, 'plan', g.plan_key,
    g.items, g.gross, g.fees, g.refunded, g.lost
  from grouped g
  union all
  select g.month, g.reporting_currency, 'country', g.country,
    g.items, g.gross, g.fees, g.refunded, g.lost
  from grouped g
)
select
  v.month, v.reporting_currency, v.dimension, v.group_key,
  cast(sum(v.items) as bigint) as items,
  cast(sum(v.gross) as bigint) as gross_minor,
  cast(sum(v.fees) as bigint) as platform_fees_minor,
  cast(sum(v.refunded) as bigint) as refunds_minor,
  cast(sum(v.lost) as bigint) as lost_disputes_minor
from views v
group by v.month, v.reporting_currency, v.dimension, v.group_key
order by v.reporting_currency, v.dimension, v.month, v.group_key
