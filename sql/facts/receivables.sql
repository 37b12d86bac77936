-- What was each invoice owed, and until when? One row per issued invoice; native minor units, tax included.
-- A recharge is paid as it is issued, by the wallet's own movement.
-- One that was written off and paid later was cleared when it was written off.
-- `cleared_on` is the first day on which nothing is owed for good: paid in full, voided or written off.
with allocated as (
  select
    a.invoice_id as invoice_id,
    cast(sum(a.amount_minor) as bigint) as allocated_minor,
    min(a.allocated_on) as first_allocated_on,
    max(a.allocated_on) as last_allocated_on
  from payment_allocation a
  group by a.invoice_id
)
select
  i.id as invoice_id,
  i.tenant_id,
  i.type,
  i.currency,
  i.total_minor,
  i.issued_on,
  i.due_on,
  i.disputed,
  i.status = 'cancelled' as is_void,
  a.first_allocated_on,
  case
    when i.status in ('cancelled', 'written_off') then coalesce(i.closed_on, i.issued_on)
    when i.total_minor = coalesce(a.allocated_minor, 0)
      then coalesce(i.closed_on, a.last_allocated_on, i.issued_on)
    when i.type = 'recharge' and i.status = 'paid' then i.issued_on
  end as cleared_on
from invoice i
left join allocated a on a.invoice_id = i.id
where i.status <> 'draft'
  and i.type <> 'refund'
