-- On which days is a rate needed? One row per currency and day on which money is converted.
-- Running subscriptions are converted at every month's end, from their first day or the calendar's on.
with beginnings as (
  select min(d.day) as first_day
  from calendar_days d
),
used as (
  select
    c.currency as currency,
    case when min(c.day) < b.first_day then b.first_day else min(c.day) end as day
  from currency_uses c
  cross join beginnings b
  where c.kind = 'running'
  group by c.currency, b.first_day
  union
  select c.currency, c.day from currency_uses c where c.kind = 'dated'
  union
  select c.currency, d.last_on
  from cost c
  join calendar_months d on d.month = c.month
  union
  select b.currency, b.held_on from cash_balance b
)
select u.currency, u.day
from used u
join calendar_days d on d.day = u.day
