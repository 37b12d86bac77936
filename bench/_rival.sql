-- The revenue page's figures asked of PostgreSQL itself: state of every subscription at every month end, the
-- tenants' moves, revenue by month; in reporting currency. What is needed twice is kept in temporary tables.
create temp table spans as
select subscription_id, tenant_id, plan_id, currency, effective_on as valid_from,
  lead(effective_on) over w as valid_until,
  case when status in ('active', 'past_due', 'grace_period') then
    case cycle when 'annual' then (amount_minor * 2 + 12) / 24 else amount_minor end else 0 end as mrr_minor,
  (status = 'paused')::int as paused
from (select h.*, row_number() over (partition by subscription_id, effective_on order by id desc) as n
      from plan_history h) h
where n = 1
window w as (partition by subscription_id order by effective_on);

create temp table months as
select d::date as month, least((d + interval '1 month' - interval '1 day')::date, {today}) as last_on
from generate_series({first}::timestamp, {last}::timestamp, interval '1 month') d;

create temp table rates as
select d::date as day, c.currency, coalesce((
  select rate_to_eur from fx_rate r where r.currency = c.currency and r.rated_on <= d::date
  order by rated_on desc limit 1), 1) as rate
from generate_series({first}::timestamp - interval '1 month', {today}::timestamp, interval '1 day') d,
  (select distinct currency from tenant) c;
create index on rates (day, currency);

create temp table standing as
select m.month, s.tenant_id, s.plan_id, t.country, s.currency, sum(s.mrr_minor) as mrr_minor,
  round(sum(s.mrr_minor) * max(r.rate)) as reporting_minor, max(s.paused) as paused
from months m
join spans s on s.valid_from <= m.last_on and (s.valid_until is null or s.valid_until > m.last_on)
join tenant t on t.id = s.tenant_id
join rates r on r.day = m.last_on and r.currency = s.currency
where s.mrr_minor > 0 or s.paused = 1
group by m.month, s.tenant_id, s.plan_id, t.country, s.currency;

create temp table moves as
select tenant_id, day, currency, change, total - change as before, total as after, paused_total, paused_change,
  max(total) over (partition by tenant_id order by day rows between unbounded preceding and 1 preceding) as most_before
from (
  select tenant_id, day, max(currency) as currency, sum(change) as change, sum(paused_change) as paused_change,
    sum(sum(change)) over w as total, sum(sum(paused_change)) over w as paused_total
  from (
    select tenant_id, valid_from as day, currency,
      mrr_minor - coalesce(lag(mrr_minor) over s, 0) as change, paused - coalesce(lag(paused) over s, 0) as paused_change
    from spans window s as (partition by subscription_id order by valid_from)
  ) changes
  group by tenant_id, day
  window w as (partition by tenant_id order by day)
) days;

create temp table kinds as
select date_trunc('month', day)::date as month, tenant_id,
  case when before = 0 and coalesce(most_before, 0) = 0 then 'new'
    when before = 0 and paused_total - paused_change > 0 then 'expansion'
    when before = 0 then 'reactivation'
    when after = 0 and paused_total > 0 then 'contraction'
    when after = 0 then 'churn'
    when change > 0 then 'expansion' else 'contraction' end as kind,
  round(change * rate) as reporting_minor
from moves join rates using (day, currency)
where change <> 0;
