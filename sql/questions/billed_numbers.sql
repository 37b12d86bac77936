-- What are the numbers of the invoices that may be open at the end of a day? One row per invoice;
-- among them stand those that were written off, which may have been paid later.
select i.id as invoice_id, i.number
from receivables r
join invoice i on i.id = r.invoice_id
where r.issued_on <= $as_of
  and (r.cleared_on is null or r.cleared_on > $as_of)
union all
select i.id, i.number
from receivables r
join invoice i on i.id = r.invoice_id
where r.issued_on <= $as_of
  and r.cleared_on <= $as_of
  and i.closed_on is not null
