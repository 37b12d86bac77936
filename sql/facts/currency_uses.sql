-- How often does a tenant's money need a rate, and of which day?
-- One row per use ('dated': on the day, 'running': from the day on), currency and day.
-- `items` counts what is behind a row, so that a change can be taken off and added.
with uses as (
  select 'running' as kind, s.currency, s.valid_from as day
  from subscription_spans s
  where s.mrr_minor > 0
  union all
  select 'dated', m.currency, m.day from mrr_moves m
  union all
  select 'dated', r.currency, r.day from revenue_items r
  union all
  select 'dated', c.currency, c.day from cash_items c
  union all
  select 'dated', v.currency, v.issued_on from receivables v
)
select u.kind, u.currency, u.day, count(*) as items
from uses u
group by u.kind, u.currency, u.day
