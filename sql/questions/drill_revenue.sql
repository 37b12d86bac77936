-- Which invoice lines, refunds and lost disputes make up a revenue figure? One row per item;
-- the column `value` sums to the figure, what was given back negative.
select
  p.month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  coalesce(l.slug, 'none') as plan,
  n.country,
  p.day,
  p.kind,
  p.document,
  p.amount_minor as native_minor,
  p.currency,
  p.value_minor as value
from revenue_pieces p
join tenants n on n.tenant_id = p.tenant_id
left join plan l on l.id = p.plan_id
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and case $measure
    when 'net' then true
    when 'platform' then p.kind = 'gross' and p.is_platform = 1
    else p.kind = 'gross'
  end
order by p.day, p.document, p.position
