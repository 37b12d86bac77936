-- Who brings most? One row per tenant of `listed`, which is another question, by recurring revenue, the
-- largest first, `limit` of them after `offset`.
with chosen as (
  select l.tenant_id, l.mrr_minor
  from listed l
  order by l.mrr_minor desc, l.tenant_id
  limit $limit offset $offset
)
select c.tenant_id, n.tenant_key as tenant, n.tenant_name, c.mrr_minor
from chosen c
join tenants n on n.tenant_id = c.tenant_id
order by c.mrr_minor desc, c.tenant_id
