-- In which currencies are the marts made ready? One row per currency.
select r.reporting_currency
from reporting_currencies r
order by r.reporting_currency
