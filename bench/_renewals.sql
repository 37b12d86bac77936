-- Makes every running subscription of the company due within the next :days days: a third each paid from a
-- wallet, charged and sent an invoice, with a list price of its plan; numbers go on after the company's own.
insert into plan_price (plan_id, cycle, currency, version, amount_minor, valid_from)
select p.id, cycle, currency, 1, 1000 * p.id, date '2000-01-01'
from plan p, unnest(array['monthly', 'annual']) cycle, unnest(array['EUR', 'SEK', 'USD']) currency;

update subscription s
set current_period_end = {today}::date + (s.id / 3 % {days})::int,
  current_period_start = {today}::date - 28,
  anchor_day = extract(day from {today}::date + (s.id / 3 % {days})::int),
  collection = (array['wallet', 'charge_automatically', 'send_invoice'])[1 + s.id % 3],
  plan_price_id = p.id
from plan_price p
where s.status = 'active' and (p.plan_id, p.cycle, p.currency) = (s.plan_id, s.cycle, s.currency);

select setval(pg_get_serial_sequence('invoice', 'id'), max(id)) from invoice;
select setval(pg_get_serial_sequence('invoice_line', 'id'), max(id)) from invoice_line;
select setval(pg_get_serial_sequence('payment', 'id'), max(id)) from payment;
select setval(pg_get_serial_sequence('payment_allocation', 'id'), max(id)) from payment_allocation;

analyze;
