-- Which tenants have recurring revenue in a month, and how much at its end? One row per tenant;
-- reporting-currency minor units.
select m.tenant_id, m.end_minor as mrr_minor, true as is_recurring
from mrr_tenants m
where m.reporting_currency = $currency
  and m.month between $first_month and $last_month
