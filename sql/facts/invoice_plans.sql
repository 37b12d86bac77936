-- Which plan is an invoice mostly about? One row per invoice with a plan on a line.
with ranked as (
  select
    l.invoice_id as invoice_id,
    l.plan_id as plan_id,
    row_number() over (
      partition by l.invoice_id
      order by l.net_minor desc, l.position
    ) as nth
  from invoice_line l
  where l.plan_id is not null
)
select r.invoice_id, r.plan_id
from ranked r
where r.nth = 1
