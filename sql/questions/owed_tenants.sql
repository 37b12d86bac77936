-- Who owes what on the newest day, and for how long? One row per tenant that owes, the largest first;
-- reporting-currency minor units, tax included.
with sums as (
  select
    o.tenant_id,
    coalesce(sum(o.open_minor) filter (where o.bucket = 'current'), 0)::bigint as "current",
    coalesce(sum(o.open_minor) filter (where o.bucket = '1-30'), 0)::bigint as "1-30",
    coalesce(sum(o.open_minor) filter (where o.bucket = '31-60'), 0)::bigint as "31-60",
    coalesce(sum(o.open_minor) filter (where o.bucket = '61-90'), 0)::bigint as "61-90",
    coalesce(sum(o.open_minor) filter (where o.bucket = 'over_90'), 0)::bigint as over_90,
    sum(o.open_minor)::bigint as total
  from owed_by_tenant o
  where o.reporting_currency = $currency
  group by o.tenant_id
)
select
  t.tenant_key as tenant,
  t.tenant_name,
  t.country,
  s.* exclude (tenant_id)
from sums s
join tenants t on t.tenant_id = s.tenant_id
order by s.total desc, t.tenant_key
