-- Which tenants have figures in a month, and what is their recurring revenue at its end? One row per
-- tenant with recurring revenue or a document in the months asked for; reporting-currency minor units.
with recurring as (
  select m.tenant_id, m.end_minor
  from mrr_tenants m
  where m.reporting_currency = $currency
    and m.month between $first_month and $last_month
),
documented as (
  select distinct p.tenant_id
  from revenue_pieces p
  where p.reporting_currency = $currency
    and p.month between $first_month and $last_month
)
select
  coalesce(r.tenant_id, d.tenant_id) as tenant_id,
  coalesce(r.end_minor, 0) as mrr_minor,
  r.tenant_id is not null as is_recurring
from recurring r
full join documented d on d.tenant_id = r.tenant_id
