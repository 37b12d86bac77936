-- Who owes what on a day, and for how long? One row per tenant that owes, the largest first, `limit`
-- of them after `offset`; reporting-currency minor units, tax included.
with chosen as (
  select o.*
  from owed_by_tenant o
  where o.owed_on = $as_of
    and o.reporting_currency = $currency
  order by o.open_minor desc, o.tenant_id
  limit $limit offset $offset
)
select
  t.tenant_key as tenant,
  t.tenant_name,
  t.country,
  c.current_minor as "current",
  c.days_1_30_minor as "1-30",
  c.days_31_60_minor as "31-60",
  c.days_61_90_minor as "61-90",
  c.over_90_minor as over_90,
  c.open_minor as total
from chosen c
join tenants t on t.tenant_id = c.tenant_id
order by c.open_minor desc, c.tenant_id
