-- Who are the tenants, in the words figures are grouped by? One row per tenant.
-- The key is the tenant's own from outside, else our number; marked where another's own looks the same.
select
  t.id as tenant_id,
  case
    when t.external_id is not null then t.external_id
    when o.id is null then cast(t.id as varchar)
    else concat('id:', cast(t.id as varchar))
  end as tenant_key,
  t.name as tenant_name,
  coalesce(t.country, 'unknown') as country
from tenant t
left join tenant o on o.external_id = cast(t.id as varchar)
