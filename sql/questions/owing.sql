-- How many tenants owe something on a day? One row per answer.
select count(*) as tenants
from owed_by_tenant o
where o.reporting_currency = $currency
