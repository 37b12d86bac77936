-- What did each document earn or give back, in reporting currency?
-- One row per month, reporting currency and revenue item; a document is converted and rounded once,
-- at the rate of its day, and its lines add up to it.
select
  p.month, f.reporting_currency, i.kind, i.document_id, i.position, i.day,
  i.tenant_id, i.plan_id, i.currency, i.amount_minor, i.is_platform,
  case
    when f.reporting_currency = i.currency then i.amount_minor
    else (case when i.running_minor < 0 then -1 else 1 end)
      * cast(floor(abs(cast(i.running_minor as decimal(16, 0))) * f.rate + 0.5) as bigint)
      - case
        when i.running_minor = i.amount_minor then 0
        else (case when i.running_minor - i.amount_minor < 0 then -1 else 1 end)
          * cast(floor(abs(cast(i.running_minor - i.amount_minor as decimal(16, 0))) * f.rate
            + 0.5) as bigint)
      end
  end as value_minor
from periods p
join revenue_items i
  on cast(date_trunc('month', i.day) as date) = p.month and i.day <= p.last_on
join fx_daily f on f.day = i.day and f.currency = i.currency
join reporting_currencies r on r.reporting_currency = f.reporting_currency
