-- What was set against invoices? One row per allocation; native minor units.
select
  a.invoice_id,
  a.allocated_on,
  a.amount_minor,
  p.method = 'card' as by_card,
  p.method not in ('wallet', 'credit_note', 'settled_before_import') as cash
from payment_allocation a
join payment p on p.id = a.payment_id
