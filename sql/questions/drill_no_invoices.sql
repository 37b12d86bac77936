-- Which invoices are behind a figure that is made of none? One row per invoice, of which there are
-- none: it stands in for all there are, so that they are not searched.
select i.id, i.number
from invoice i
limit 0
