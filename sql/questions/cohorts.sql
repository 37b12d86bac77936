-- How many of the tenants that first paid in a month still pay, and what? One row per cohort and
-- later month; reporting-currency minor units; the size counts first payments up to `as_of`.
with firsts as (
  select m.tenant_id, min(m.day) as first_day
  from mrr_moves m
  where m.kind = 'new' and m.day <= $as_of
  group by m.tenant_id
),
members as (
  select f.tenant_id, date_trunc('month', f.first_day)::date as cohort
  from firsts f
),
sizes as (
  select m.cohort, count(*) as size
  from members m
  where m.cohort between $first_cohort and $last_cohort
  group by m.cohort
),
kept as (
  select
    m.cohort,
    t.month,
    count(*) filter (where t.is_customer = 1) as retained,
    sum(t.end_minor)::bigint as mrr_minor
  from mrr_tenants t
  join members m using (tenant_id)
  where t.reporting_currency = $currency
    and t.month between $first_month and $last_month
  group by m.cohort, t.month
)
select s.cohort, s.size, k.month, coalesce(k.retained, 0) as retained,
  coalesce(k.mrr_minor, 0) as mrr_minor
from sizes s
left join kept k using (cohort)
order by s.cohort, k.month
