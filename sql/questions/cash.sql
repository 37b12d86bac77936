-- What was collected, spent and held? One row per month; reporting-currency minor units,
-- money out positive.
select m.* exclude (reporting_currency, items)
from cash_by_month m
where m.reporting_currency = $currency
  and m.month between $first_month and $last_month
order by m.month
