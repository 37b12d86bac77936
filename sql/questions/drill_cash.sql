-- Which payments, refunds, fees, costs and balances make up a cash figure? One row per item;
-- the column `value` sums to the figure, money out negative. For costs and balances `document` is
-- the category or account.
select
  p.month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  null::varchar as plan,
  n.country,
  p.day,
  p.kind,
  p.document,
  p.amount_minor as native_minor,
  p.currency,
  p.value_minor as value
from cash_pieces p
left join tenants n on n.tenant_id = p.tenant_id
where p.reporting_currency = $currency
  and p.month between $first_month and $last_month
  and case $measure
    when 'burn' then p.kind <> 'cash'
    when 'cash' then p.kind = 'cash'
    when 'collected' then p.kind not in ('cash', 'cost')
    else p.kind = 'cost' and p.document = $measure
  end
order by p.day, p.kind, p.document_id
