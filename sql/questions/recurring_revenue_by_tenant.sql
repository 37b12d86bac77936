-- How did the recurring revenue of each tenant in `wanted` go, which is another question? One row per
-- month and tenant;
-- reporting-currency minor units, losses negative.
select
  m.month,
  n.tenant_key as group_key,
  m.is_customer as customers,
  m.is_new as new_customers,
  m.was_customer as customers_at_start,
  m.is_lost as customers_lost,
  m.start_minor,
  m.new_minor,
  m.expansion_minor,
  m.contraction_minor,
  m.churn_minor,
  m.reactivation_minor,
  m.fx_minor,
  m.end_minor,
  m.at_risk_minor,
  case when m.was_customer = 1 then m.start_minor else 0 end as cohort_start_minor,
  m.cohort_end_minor,
  m.kept_minor
from mrr_tenants m
join wanted n on n.tenant_id = m.tenant_id
where m.reporting_currency = $currency
  and m.month between $first_month and $last_month
order by m.month, n.tenant_key
