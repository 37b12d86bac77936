-- Which currencies cannot be valued in the reporting currency? One row per currency in use by
-- `last_day` without a rate on its first day of use at or after `first_day`.
with needed as (
  select u.currency, greatest(min(u.day), $first_day) as day
  from currency_days u
  where u.day <= $last_day
  group by u.currency
)
select n.currency, n.day
from needed n
left join fx_daily f
  on f.day = n.day and f.currency = n.currency and f.reporting_currency = $currency
where f.rate is null
order by n.day, n.currency
