-- What was earned and given back? One row per invoice line, credit note line, refund and lost dispute;
-- native minor units without tax, what is given back negative.
-- Drafts, voided invoices and declined notes count nowhere; recharges and refund documents are no
-- revenue, and giving a recharge back takes none away. A refund counts when it gave revenue back: its
-- own credit note says the same once more and is left out, and what an earlier note left, money that
-- settled no invoice, or an invoice that is owed again gives none back. One whose money came back
-- still counts, as its note stands.
-- `running_minor` adds the lines of a document up, so that converted lines sum to the document; the
-- only line of an invoice, as most are, needs no adding up.
with returned as (
  select r.payment_id as payment_id from refund r where r.refunded_on is not null
  union
  select d.payment_id from dispute d where d.status = 'lost'
),
payment_invoices as (
  select
    a.payment_id as payment_id,
    min(a.invoice_id) as invoice_id
  from payment_allocation a
  join returned b on b.payment_id = a.payment_id
  group by a.payment_id
),
payment_plans as (
  select
    p.id as payment_id,
    i.plan_id as plan_id,
    case when v.type = 'recharge' then 1 else 0 end as is_recharge
  from returned b
  join payment p on p.id = b.payment_id
  left join payment_invoices a on a.payment_id = p.id
  left join invoice v on v.id = coalesce(p.invoice_id, a.invoice_id)
  left join invoice_plans i on i.invoice_id = v.id
),
several as (
  select distinct l.invoice_id
  from invoice_line l
  where l.position <> 1
),
running as (
  select
    l.invoice_id, l.position,
    cast(sum(l.net_minor) over (
      partition by l.invoice_id
      order by l.position rows unbounded preceding
    ) as bigint) as running_minor
  from invoice_line l
  join several s on s.invoice_id = l.invoice_id
)
select
  'gross' as kind,
  i.id as document_id,
  l.position as position,
  i.issued_on as day,
  i.tenant_id as tenant_id,
  l.plan_id as plan_id,
  i.currency as currency,
  l.net_minor as amount_minor,
  case when i.issuer_type = 'platform' then 1 else 0 end as is_platform,
  coalesce(r.running_minor, l.net_minor) as running_minor
from invoice i
join invoice_line l on l.invoice_id = i.id
left join running r on r.invoice_id = l.invoice_id and r.position = l.position
where i.status not in ('draft', 'cancelled')
  and i.type in ('subscription', 'usage', 'adjustment')
union all
select
  'refund', r.id, 1, r.refunded_on, r.tenant_id, p.plan_id, r.currency,
  r.tax_minor - r.amount_minor, 0, r.tax_minor - r.amount_minor
from refund r
left join payment_plans p on p.payment_id = r.payment_id
where r.refunded_on is not null and r.treatment = 'credit_note' and coalesce(p.is_recharge, 0) = 0
union all
select
  'credit', c.id, l.position, c.issued_on, c.tenant_id, l.plan_id, c.currency,
  -l.net_minor, 0,
  cast(sum(-l.net_minor) over (
    partition by c.id
    order by l.position rows unbounded preceding
  ) as bigint)
from credit_note c
join credit_note_line l on l.credit_note_id = c.id
where c.status = 'issued' and c.refund_id is null
union all
select
  'lost_dispute', d.id, 1, d.closed_on, d.tenant_id, p.plan_id, d.currency,
  d.tax_minor - d.amount_minor, 0, d.tax_minor - d.amount_minor
from dispute d
left join payment_plans p on p.payment_id = d.payment_id
where d.status = 'lost' and d.payment_id is not null and coalesce(p.is_recharge, 0) = 0
