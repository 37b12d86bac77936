-- How many tenants owe something on a day? One row per answer.
select count(*) as tenants
from owed_by_tenant o
where o.owed_on = $as_of
  and o.reporting_currency = $currency
