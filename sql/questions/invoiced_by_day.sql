-- What was invoiced, in a currency held ready? One row per day of issue up to `as_of`;
-- reporting-currency minor units, tax included; voided invoices left out.
select d.issued_on, d.invoiced_minor
from invoiced_by_day d
where d.reporting_currency = $currency
  and d.issued_on <= $as_of
order by d.issued_on
