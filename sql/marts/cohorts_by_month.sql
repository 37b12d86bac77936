-- How many of the tenants that first paid in a month still pay, and what?
-- One row per month, reporting currency and cohort, which is the month of the first payment;
-- reporting-currency minor units. Every tenant of a cohort has a row in its first month.
-- `items` counts what is behind a row, so that a change can be taken off and added: a row without
-- items is none.
with firsts as (
  select m.tenant_id, cast(date_trunc('month', min(m.day)) as date) as cohort
  from mrr_moves m
  where m.kind = 'new'
  group by m.tenant_id
)
select
  t.month, t.reporting_currency, f.cohort,
  count(*) as items,
  cast(sum(t.is_customer) as bigint) as retained,
  cast(sum(t.end_minor) as bigint) as mrr_minor
from mrr_tenants t
join firsts f on f.tenant_id = t.tenant_id
group by t.month, t.reporting_currency, f.cohort
