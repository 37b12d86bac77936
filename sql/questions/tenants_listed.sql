-- Which tenants have figures in a month, and what is their recurring revenue at its end? One row per
-- tenant of `recurring`, which is another question, or with a document in the month asked for alone;
-- reporting-currency minor units.
with documented as (
  select distinct p.tenant_id
  from revenue_pieces p
  anti join recurring r on r.tenant_id = p.tenant_id
  where p.reporting_currency = $currency
    and p.month between $first_month and $last_month
)
select r.tenant_id, r.mrr_minor, r.is_recurring
from recurring r
union all
select d.tenant_id, 0, false
from documented d
