-- What has been received, or credited, and is not yet set against an invoice at the end of a day?
-- One row per tenant and currency; native minor units. Most payments are set against one invoice
-- whole and need no adding up, unless something was taken back.
with applied as (
  select a.payment_id, a.amount_minor
  from payment_allocation a
  where a.allocated_on <= $as_of
),
left_over as (
  select p.*
  from payment p
  where p.status in ('captured', 'partially_refunded', 'refunded')
    and p.method not in ('wallet', 'settled_before_import')
    and p.received_on <= $as_of
    and (
      not exists (
        select 1
        from applied a
        where a.payment_id = p.id and a.amount_minor = p.amount_minor
      )
      or p.id in (select a.payment_id from applied a where a.amount_minor < 0)
    )
),
allocated as (
  select a.payment_id, sum(a.amount_minor) as minor
  from applied a
  semi join left_over l on l.id = a.payment_id
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
from left_over p
join tenants t on t.tenant_id = p.tenant_id
left join allocated a on a.payment_id = p.id
left join refunded r on r.payment_id = p.id
group by t.tenant_key, p.currency
having unapplied_minor > 0
order by t.tenant_key, p.currency
