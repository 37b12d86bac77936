select month, sum(reporting_minor) filter (where mrr_minor > 0), count(distinct tenant_id) filter (where mrr_minor > 0)
from standing group by month order by month;
select month, plan_id, sum(reporting_minor), count(distinct tenant_id) from standing where mrr_minor > 0 group by 1, 2;
select month, country, sum(reporting_minor), count(distinct tenant_id) from standing where mrr_minor > 0 group by 1, 2;
select month, kind, sum(reporting_minor) from kinds group by 1, 2;
select a.month, count(distinct a.tenant_id) from standing a
where a.mrr_minor > 0 and not exists (
  select from standing b where b.tenant_id = a.tenant_id and b.month = a.month + interval '1 month')
group by 1;
select b.month, sum(least(a.mrr, b.mrr)), sum(b.mrr), sum(a.mrr)
from (select month, tenant_id, sum(reporting_minor) as mrr from standing group by 1, 2) a
left join (select month, tenant_id, sum(reporting_minor) as mrr from standing group by 1, 2) b
  on b.tenant_id = a.tenant_id and b.month = a.month + interval '1 month'
group by 1;
select date_trunc('month', i.issued_on)::date, sum(round(i.net_minor * r.rate))
from invoice i join rates r on r.day = i.issued_on and r.currency = i.currency
where i.status not in ('draft', 'cancelled') group by 1 order by 1;
select date_trunc('month', i.issued_on)::date, l.plan_id, sum(round(l.net_minor * r.rate))
from invoice i join invoice_line l on l.invoice_id = i.id join rates r on r.day = i.issued_on and r.currency = i.currency
where i.status not in ('draft', 'cancelled') group by 1, 2;
select date_trunc('month', i.issued_on)::date, t.country, sum(round(i.net_minor * r.rate))
from invoice i join tenant t on t.id = i.tenant_id join rates r on r.day = i.issued_on and r.currency = i.currency
where i.status not in ('draft', 'cancelled') group by 1, 2;
select date_trunc('month', p.received_on)::date, sum(round(p.amount_minor * r.rate))
from payment p join rates r on r.day = p.received_on and r.currency = p.currency group by 1
