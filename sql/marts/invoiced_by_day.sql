-- What was invoiced each day?
-- One row per day of issue and reporting currency; reporting-currency minor units at the rate of the
-- day, tax included; voided invoices left out.
-- `items` counts what is behind a row, so that a change can be taken off and added: a row without
-- items is none.
select
  r.issued_on, f.reporting_currency,
  count(*) as items,
  cast(sum(floor(cast(r.total_minor as decimal(16, 0)) * f.rate + 0.5)) as bigint) as invoiced_minor
from receivables r
join fx_daily f on f.day = r.issued_on and f.currency = r.currency
join reporting_currencies c on c.reporting_currency = f.reporting_currency
where not r.is_void
group by r.issued_on, f.reporting_currency
