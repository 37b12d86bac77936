-- Which tenants are asked for, by their numbers? One row per tenant.
select n.tenant_id, n.tenant_key
from tenants n
where n.tenant_id in (select unnest($tenants::bigint[]))
