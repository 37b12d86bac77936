-- How many ledger transactions does the copy hold of each month? One row per month.
select
  cast(date_trunc('month', t.booked_on) as date) as month,
  count(*) as transactions
from ledger_transaction t
group by date_trunc('month', t.booked_on)
order by date_trunc('month', t.booked_on)
