-- How many tenants owe something on a day, where what each owes is not made ready? One row per answer.
select count(distinct o.tenant_id) as tenants
from owed_invoices o
where o.owed_on = $as_of
