-- Which payments, refunds, fees, costs and balances make up a cash figure? One row per item, by day;
-- the column `value` sums to the figure, money out negative. For costs and balances `document` is
-- the category or account.
select
  p.month,
  p.tenant_id,
  null::bigint as plan_id,
  null::varchar as no_plan,
  p.day,
  p.kind,
  null::bigint as subscription_id,
  p.document_id,
  p.document,
  null::bigint as position,
  p.amount_minor as native_minor,
  p.currency,
  p.value_minor as value,
  datediff('day', $first_month::date, p.day) as place
from cash_pieces p
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and case $measure
    when 'burn' then p.kind <> 'cash'
    when 'cash' then p.kind = 'cash'
    when 'collected' then p.kind not in ('cash', 'cost')
    else p.kind = 'cost' and p.document = $measure
  end
