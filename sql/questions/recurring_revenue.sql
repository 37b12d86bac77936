-- How did recurring revenue and customers go? One row per month and group of a dimension;
-- reporting-currency minor units, losses negative.
select m.* exclude (reporting_currency, dimension, items)
from mrr_by_month m
where m.reporting_currency = $currency
  and m.dimension = $dimension
  and m.month between $first_month and $last_month
order by m.month, m.group_key
