-- What money came in, went out and was held, in reporting currency?
-- One row per month, reporting currency and cash item, cost or account balance; money out negative.
-- Flows are converted at the rate of their day, costs and balances at that of the period's last day.
with flows as (
  select
    p.month, i.kind, i.document_id, i.day, i.day as rated_on, i.document,
    i.tenant_id, i.currency, i.amount_minor
  from periods p
  join cash_items i
    on cast(date_trunc('month', i.day) as date) = p.month and i.day <= p.last_on
),
costs as (
  select
    p.month, 'cost' as kind, c.id as document_id, c.month as day, p.last_on as rated_on,
    c.category as document, cast(null as bigint) as tenant_id, c.currency,
    -c.amount_minor as amount_minor
  from periods p
  join cost c on c.month = p.month
),
latest as (
  select
    p.month, b.id, b.held_on, p.last_on, b.account, b.currency, b.balance_minor,
    row_number() over (
      partition by p.month, b.account
      order by b.held_on desc, b.id desc
    ) as nth
  from periods p
  join cash_balance b on b.held_on <= p.last_on
),
balances as (
  select
    t.month, 'cash' as kind, t.id as document_id, t.held_on as day, t.last_on as rated_on,
    t.account as document, cast(null as bigint) as tenant_id, t.currency,
    t.balance_minor as amount_minor
  from latest t
  where t.nth = 1
),
pieces as (
  select f.* from flows f
  union all
  select c.* from costs c
  union all
  select b.* from balances b
)
select
  a.month, f.reporting_currency, a.kind, a.document_id, a.day, a.document, a.tenant_id,
  a.currency, a.amount_minor,
  case
    when f.reporting_currency = a.currency then a.amount_minor
    else (case when a.amount_minor < 0 then -1 else 1 end)
      * cast(floor(abs(cast(a.amount_minor as decimal(16, 0))) * f.rate + 0.5) as bigint)
  end as value_minor
from pieces a
join fx_daily f on f.day = a.rated_on and f.currency = a.currency
join reporting_currencies r on r.reporting_currency = f.reporting_currency
