-- Which currencies in use by a day cannot be valued at the rates of one day? One row per currency,
-- the one figures are asked in last.
select u.currency
from currency_days u
left join fx_daily f
  on f.day = $constant_on and f.currency = u.currency and f.reporting_currency = $currency
where u.day <= $last_day
  and f.rate is null
group by u.currency
order by u.currency = $currency, u.currency
