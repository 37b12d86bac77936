-- Which tenant has a key? One row per tenant, which is one at most.
select n.tenant_id
from tenants n
where n.tenant_key = $tenant
