-- What has been received, or credited, and is not yet set against an invoice at the end of a day?
-- One row per tenant and currency; native minor units.
with allocated as (
  select a.payment_id, sum(a.amount_minor) as minor
  from payment_allocation a
  where a.allocated_on <= $as_of
  group by a.payment_id
),
refunded as (
  select r.payment_id, sum(r.amount_minor) as minor
  from refund r
  where r.refunded_on <= $as_of and (r.returned_on is null or r.returned_on > $as_of)
  group by r.payment_id
)
select
  t.tenant_key as tenant,
  p.currency,
  sum(
    greatest(
      p.amount_minor - coalesce(p.returned_minor, 0) - coalesce(a.minor, 0) - coalesce(r.minor, 0),
      0
    )
  )::bigint as unapplied_minor
from payment p
join tenants t on t.tenant_id = p.tenant_id
left join allocated a on a.payment_id = p.id
left join refunded r on r.payment_id = p.id
where p.status in ('captured', 'partially_refunded', 'refunded')
  and p.method not in ('wallet', 'settled_before_import')
  and p.received_on <= $as_of
group by t.tenant_key, p.currency
having unapplied_minor > 0
order by t.tenant_key, p.currency
