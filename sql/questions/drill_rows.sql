-- Which rows are behind a figure, in words? One row per row of `behind`, which is another question, in
-- its order, `limit` of them after `offset`.
with chosen as (
  select b.*
  from behind b
  order by b.place, b.tenant_id, b.subscription_id, b.document_id, b.month, b.kind, b.position,
    b.plan_id, b.currency, b.value, b.native_minor
  limit $limit offset $offset
)
select
  c.month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  coalesce(l.slug, c.no_plan) as plan,
  l.name as plan_name,
  n.country,
  coalesce(
    c.day,
    case when c.kind in ('start', 'at_start', 'cohort_start') then d.eve_on else d.last_on end
  ) as day,
  c.kind,
  coalesce(
    c.document, i.number, k.number, r.provider_refund_id, s.provider_dispute_id,
    c.subscription_id::varchar
  ) as document,
  c.native_minor,
  c.currency,
  c.value
from chosen c
left join periods d on d.month = c.month
left join tenants n on n.tenant_id = c.tenant_id
left join plan l on l.id = c.plan_id
left join invoice i on c.kind = 'gross' and i.id = c.document_id
left join credit_note k on c.kind = 'credit' and k.id = c.document_id
left join refund r on c.kind = 'refund' and r.id = c.document_id
left join dispute s on c.kind = 'lost_dispute' and s.id = c.document_id
order by c.place, c.tenant_id, c.subscription_id, c.document_id, c.month, c.kind, c.position,
  c.plan_id, c.currency, c.value, c.native_minor
