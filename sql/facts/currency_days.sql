-- On which days is a rate needed? One row per currency and day on which money is converted.
-- Running subscriptions are converted at every month's end, from their first day or the calendar's on.
with beginnings as (
  select min(d.day) as first_day
  from calendar_days d
),
used as (
  select
    s.currency as currency,
    case when min(s.valid_from) < b.first_day then b.first_day else min(s.valid_from) end as day
  from subscription_spans s
  cross join beginnings b
  where s.mrr_minor > 0
  group by s.currency, b.first_day
  union
  select m.currency, m.day from mrr_moves m
  union
  select r.currency, r.day from revenue_items r
  union
  select c.currency, c.day from cash_items c
  union
  select v.currency, v.issued_on from receivables v
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
