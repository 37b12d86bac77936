-- Which moves make up a movement of recurring revenue? One row per tenant, day, subscription and
-- plan; losses positive where `$sign` is -1; the column `value` sums to the figure.
with moves as (
  select
    m.*,
    f.rate,
    m.running_minor - m.change_minor as before_minor
  from mrr_moves m
  join fx_daily f
    on f.day = m.day and f.currency = m.currency and f.reporting_currency = $currency
  where m.day between $first_day and $last_day
    and m.kind = $kind
)
select
  date_trunc('month', m.day)::date as month,
  $part as part,
  n.tenant_key as tenant,
  n.tenant_name,
  l.slug as plan,
  n.country,
  m.day,
  m.kind || case when m.tag = '' then '' else ' (' || m.tag || ')' end as kind,
  m.subscription_id::varchar as document,
  $sign * m.change_minor as native_minor,
  m.currency,
  ($sign * (
    case when m.running_minor < 0 then -1 else 1 end
      * floor(abs(m.running_minor::decimal(16, 0)) * m.rate + 0.5)::bigint
    - case when m.before_minor < 0 then -1 else 1 end
      * floor(abs(m.before_minor::decimal(16, 0)) * m.rate + 0.5)::bigint
  ))::bigint as value
from moves m
join tenants n on n.tenant_id = m.tenant_id
join plan l on l.id = m.plan_id
order by m.day, tenant, document
