"""The comparison itself, line by line, in SQL that PostgreSQL and DuckDB both run (REC.2).

It reads two relations of one shape, `ours` and `theirs`: `provider`, `account` (the tenant whose
own account it is, 0 for the company's), `kind`, `reference`, `currency`, `amount_minor`,
`fee_minor`, `counted` (1 for an event, 0 for what only corrects one) and `happened_on`. It takes
the window as `:since` and `:until`, both days included. The benchmark runs this very text.

Few of many rows differ, so they are looked for in two passes. The first adds both sides up by a
64-bit number of what a row is about and lets no difference pass; the second looks at the few
that are left exactly.
"""

_SIDES = """
sides as not materialized (
  select provider, account, kind, reference, currency, amount_minor, fee_minor, counted,
    happened_on, 1 as side, happened_on between :since and :until as inside
  from ours
  union all
  select provider, account, kind, reference, currency, amount_minor, fee_minor, counted,
    happened_on, -1 as side, happened_on between :since and :until as inside
  from theirs
)
"""
_NUMBER = (
    "hashtextextended(reference, hashtextextended(kind,"
    " hashtextextended(provider, hashtextextended(currency, account))))"
)
"""What a row is about as one number, each part hashed with the next as its seed."""
DIFFERENCES = f"""
-- Which events do the two sides tell differently, or on two sides of the window's edge?
-- One row per provider, account, kind and reference, and per currency of an event that agrees in
-- each of several, since it was exchanged in the books; minor units.
{_SIDES.strip()},
suspected as (
  select {_NUMBER} as number
  from sides
  group by 1
  having sum(side * amount_minor) <> 0
    or sum(side * fee_minor) <> 0
    or sum(case when inside then side * (amount_minor - fee_minor) else 0 end) <> 0
),
looked_at as (
  select *,
    sum(side * amount_minor) over one_currency as amount_apart,
    sum(side * fee_minor) over one_currency as fee_apart,
    sum(amount_minor) over one_side as amount_told,
    sum(fee_minor) over one_side as fee_told
  from sides
  where {_NUMBER} in (select number from suspected)
  window one_currency as (partition by provider, account, kind, reference, currency),
    one_side as (partition by provider, account, kind, reference, currency, side)
),
weighed as (
  select *,
    max(case when amount_apart <> 0 or fee_apart <> 0 then 1 else 0 end)
      over (partition by provider, account, kind, reference) as apart,
    case when amount_told <> 0 or fee_told <> 0 then currency end as standing
  from looked_at
)
select
  provider,
  account,
  kind,
  reference,
  cast(sum(case when side = 1 then counted else 0 end) as bigint) as ours_rows,
  cast(sum(case when side = -1 then counted else 0 end) as bigint) as theirs_rows,
  coalesce(min(case when side = 1 then standing end), min(case when side = 1 then currency end))
    as ours_currency,
  coalesce(min(case when side = -1 then standing end), min(case when side = -1 then currency end))
    as theirs_currency,
  cast(sum(case when side = 1 then amount_minor else 0 end) as bigint) as ours_minor,
  cast(sum(case when side = -1 then amount_minor else 0 end) as bigint) as theirs_minor,
  cast(sum(case when side = 1 then fee_minor else 0 end) as bigint) as ours_fee_minor,
  cast(sum(case when side = -1 then fee_minor else 0 end) as bigint) as theirs_fee_minor,
  cast(sum(case when side = 1 and inside then amount_minor - fee_minor else 0 end) as bigint)
    as ours_inside_minor,
  cast(sum(case when side = -1 and inside then amount_minor - fee_minor else 0 end) as bigint)
    as theirs_inside_minor,
  min(case when side = 1 then happened_on end) as ours_on,
  min(case when side = -1 then happened_on end) as theirs_on
from weighed
group by provider, account, kind, reference, case when apart = 0 then currency end
having max(case when inside then 1 else 0 end) = 1
  and (
    sum(side * amount_minor) <> 0
    or sum(side * fee_minor) <> 0
    or min(standing) <> max(standing)
    or sum(case when inside then side * (amount_minor - fee_minor) else 0 end) <> 0
  )
"""
TOTALS = f"""
-- What does each side hold of the window? One row per provider and currency; minor units.
{_SIDES.strip()}
select provider, currency,
  cast(sum(case when side = 1 then amount_minor - fee_minor else 0 end) as bigint) as ledger_minor,
  cast(sum(case when side = -1 then amount_minor - fee_minor else 0 end) as bigint)
    as provider_minor,
  cast(sum(case when side = 1 then counted else 0 end) as bigint) as ledger_rows,
  cast(sum(case when side = -1 then counted else 0 end) as bigint) as provider_rows
from sides
where inside
group by provider, currency
order by provider, currency
"""
