-- Which moves make up a movement of recurring revenue? One row per tenant, day, subscription and
-- plan, by day; losses positive where `$sign` is -1; the column `value` sums to the figure.
with moves as (
  select
    m.*,
    f.rate,
    m.running_minor - m.change_minor as before_minor
  from mrr_moves m
  join fx_daily f
    on f.day = m.day and f.currency = m.currency and f.reporting_currency = $currency
  where m.day between $first_day and $last_day
    and m.kind = $measure
)
select
  date_trunc('month', m.day)::date as month,
  m.tenant_id,
  m.plan_id,
  null::varchar as no_plan,
  m.day,
  m.kind || case when m.tag = '' then '' else ' (' || m.tag || ')' end as kind,
  m.subscription_id,
  null::bigint as document_id,
  null::varchar as document,
  null::bigint as position,
  $sign * m.change_minor as native_minor,
  m.currency,
  ($sign * (
    case when m.running_minor < 0 then -1 else 1 end
      * floor(abs(m.running_minor::decimal(16, 0)) * m.rate + 0.5)::bigint
    - case when m.before_minor < 0 then -1 else 1 end
      * floor(abs(m.before_minor::decimal(16, 0)) * m.rate + 0.5)::bigint
  ))::bigint as value,
  datediff('day', $first_day::date, m.day) as place
from moves m
