-- What was collected, spent and held each month?
-- One row per month and reporting currency; reporting-currency minor units, money out positive.
-- `items` counts what is behind a row, so that a change can be taken off and added: a row without
-- items is none.
select
  p.month, p.reporting_currency,
  count(*) as items,
  cast(sum(case when p.kind in ('collected', 'recharge') then p.value_minor else 0 end) as bigint)
    as collected_minor,
  cast(sum(case when p.kind in ('refund', 'refund_returned') then -p.value_minor else 0 end) as bigint)
    as refunds_paid_minor,
  cast(sum(case when p.kind in ('fee', 'recharge_fee') then -p.value_minor else 0 end) as bigint)
    as gateway_fees_minor,
  cast(sum(case when p.kind = 'cost' then -p.value_minor else 0 end) as bigint) as costs_minor,
  cast(sum(case when p.kind = 'cost' and p.document = 'sales_marketing' then -p.value_minor
    else 0 end) as bigint) as sales_marketing_minor,
  cast(sum(case when p.kind = 'cost' and p.document = 'cost_of_revenue' then -p.value_minor
    else 0 end) as bigint) as cost_of_revenue_minor,
  cast(sum(case when p.kind = 'cash' then p.value_minor else 0 end) as bigint) as cash_minor,
  count(case when p.kind = 'cost' then 1 end) as cost_rows,
  count(case when p.kind = 'cost' and p.document = 'sales_marketing' then 1 end)
    as sales_marketing_rows,
  count(case when p.kind = 'cash' then 1 end) as cash_rows
from cash_pieces p
group by p.month, p.reporting_currency
