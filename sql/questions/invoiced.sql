-- What was invoiced? One row per day of issue up to `as_of`; reporting-currency minor units at the
-- rate of the day, tax included; voided invoices left out.
select
  r.issued_on,
  sum(floor(r.total_minor::decimal(16, 0) * f.rate + 0.5))::bigint as invoiced_minor
from receivables r
join fx_daily f
  on f.day = r.issued_on and f.currency = r.currency and f.reporting_currency = $currency
where r.issued_on <= $as_of
  and not r.is_void
group by r.issued_on
order by r.issued_on
