-- What was billed and what was set against it? One row per issued invoice that was open or fell due
-- since a day and allocation on it; native minor units, tax included. Recharges and invoices over
-- nothing are left out, and those a card paid as they were issued: they were never open.
with chosen as (
  select r.*
  from receivables r
  where r.issued_on <= $as_of
    and r.type <> 'recharge'
    and r.total_minor > 0
    and (r.due_on >= $since or r.cleared_on is null or r.cleared_on >= $since)
),
allocations as (
  select
    a.invoice_id,
    a.allocated_on,
    a.amount_minor,
    p.method = 'card' as by_card,
    p.method not in ('wallet', 'credit_note', 'settled_before_import') as cash
  from payment_allocation a
  join payment p on p.id = a.payment_id
  semi join chosen c on c.invoice_id = a.invoice_id
),
at_once as (
  select a.invoice_id, bool_and(a.by_card) as by_card
  from allocations a
  where a.amount_minor > 0
  group by a.invoice_id
)
select
  c.invoice_id,
  i.number,
  t.tenant_key as tenant,
  t.tenant_name,
  t.country,
  c.currency,
  c.issued_on,
  c.due_on,
  c.total_minor,
  c.is_void,
  case when i.status in ('cancelled', 'written_off') then coalesce(i.closed_on, i.issued_on) end
    as closed_on,
  coalesce(o.by_card, false) as at_once,
  a.allocated_on,
  a.amount_minor,
  a.cash
from chosen c
join invoice i on i.id = c.invoice_id
join tenants t on t.tenant_id = c.tenant_id
left join at_once o on o.invoice_id = c.invoice_id
left join allocations a on a.invoice_id = c.invoice_id
where not (coalesce(o.by_card, false) and coalesce(c.cleared_on <= c.issued_on, false))
order by c.due_on, c.invoice_id, a.allocated_on, a.amount_minor
