-- Which tenants are asked for, when all are? One row per tenant.
select n.tenant_id, n.tenant_key
from tenants n
