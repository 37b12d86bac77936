-- Which plan is an invoice mostly about? One row per invoice with a plan on a line.
-- Most invoices have one line, numbered 1; only those with another need ranking.
with several as (
  select distinct l.invoice_id
  from invoice_line l
  where l.position <> 1
),
ranked as (
  select
    l.invoice_id as invoice_id,
    l.tenant_id as tenant_id,
    l.plan_id as plan_id,
    row_number() over (
      partition by l.invoice_id
      order by l.net_minor desc, l.position
    ) as nth
  from invoice_line l
  join several s on s.invoice_id = l.invoice_id
  where l.plan_id is not null
)
select r.invoice_id, r.tenant_id, r.plan_id
from ranked r
where r.nth = 1
union all
select l.invoice_id, l.tenant_id, l.plan_id
from invoice_line l
left join several s on s.invoice_id = l.invoice_id
where s.invoice_id is null
  and l.plan_id is not null
