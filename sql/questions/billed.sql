-- What was billed? One row per issued invoice that was open or fell due since a day; native minor
-- units, tax included. Recharges and invoices over nothing are left out.
select
  r.invoice_id,
  r.tenant_id,
  r.currency,
  r.issued_on,
  r.due_on,
  r.total_minor,
  r.is_void,
  r.cleared_on,
  c.closed_on
from receivables r
semi join tenants t on t.tenant_id = r.tenant_id
left join (
  select i.id, coalesce(i.closed_on, i.issued_on) as closed_on
  from invoice i
  where i.status in ('cancelled', 'written_off')
) c on c.id = r.invoice_id
where r.issued_on <= $as_of
  and r.type <> 'recharge'
  and r.total_minor > 0
  and (r.due_on >= $since or r.cleared_on is null or r.cleared_on >= $since)
order by r.due_on, r.invoice_id
