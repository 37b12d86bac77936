-- Which tenant has a key, and what is it called? One row per tenant, which is one at most.
select n.tenant_id, n.tenant_name
from tenants n
where n.tenant_key = $tenant
