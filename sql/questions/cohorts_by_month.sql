-- How many of the tenants that first paid in a month still pay, and what, in months held ready?
-- One row per cohort and later month; reporting-currency minor units.
select s.cohort, s.items as size, k.month, k.retained, k.mrr_minor
from cohorts_by_month s
join cohorts_by_month k
  on k.cohort = s.cohort and k.reporting_currency = s.reporting_currency
where s.month = s.cohort
  and s.reporting_currency = $currency
  and s.cohort between $first_cohort and $last_cohort
  and k.month between $first_month and $last_month
order by s.cohort, k.month
