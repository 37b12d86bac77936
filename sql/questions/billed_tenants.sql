-- Who may be billed? One row per tenant, by key.
select t.tenant_id, t.tenant_key as tenant, t.tenant_name, t.country
from tenants t
order by t.tenant_key
