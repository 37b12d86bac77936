-- What did each tenant in `wanted` bring and get back, which is another question? One row per month
-- and tenant;
-- reporting-currency minor units without tax, what is given back positive.
select
  p.month,
  n.tenant_key as group_key,
  sum(p.value_minor) filter (where p.kind = 'gross')::bigint as gross_minor,
  sum(p.value_minor) filter (where p.kind = 'gross' and p.is_platform = 1)::bigint
    as platform_fees_minor,
  -sum(p.value_minor) filter (where p.kind in ('refund', 'credit'))::bigint as refunds_minor,
  -sum(p.value_minor) filter (where p.kind = 'lost_dispute')::bigint as lost_disputes_minor
from revenue_pieces p
join wanted n on n.tenant_id = p.tenant_id
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
group by p.month, n.tenant_key
order by p.month, n.tenant_key
