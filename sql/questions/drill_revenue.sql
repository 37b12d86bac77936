-- Which invoice lines, refunds and lost disputes make up a revenue figure? One row per item, by day;
-- the column `value` sums to the figure, what was given back negative.
select
  p.month,
  p.tenant_id,
  p.plan_id,
  'none' as no_plan,
  p.day,
  p.kind,
  null::bigint as subscription_id,
  p.document_id,
  null::varchar as document,
  p.position::bigint as position,
  p.amount_minor as native_minor,
  p.currency,
  p.value_minor as value,
  datediff('day', $first_month::date, p.day) as place
from revenue_pieces p
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and case $measure
    when 'net' then true
    when 'platform' then p.kind = 'gross' and p.is_platform = 1
    else p.kind = 'gross'
  end
