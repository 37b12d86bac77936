-- A company of :subscriptions subscriptions over :months months that end today, made by arithmetic on row
-- numbers, so that every run has the same shape. Triggers are off: row_xid comes from its default.
set session_replication_role = replica;
set synchronous_commit = off;
set max_parallel_workers_per_gather = 0;

create function pg_temp.dice(subject bigint, roll bigint, sides bigint) returns bigint
language sql immutable as $$
  select (hashint8extended(subject, roll) & 9223372036854775807) % sides
$$;

insert into plan (id, slug, name, created_at)
select n, (array['starter', 'growth', 'pro', 'enterprise'])[n], 'Plan ' || n, now()
from generate_series(1, 4) n;

insert into tenant (id, external_id, name, country, currency, signed_up_on, created_at)
select t, 't' || t, 'Tenant ' || t, (array['SE', 'NO', 'DE', 'FR', 'US', 'NG'])[1 + pg_temp.dice(t, 1, 6)],
  (array['EUR', 'EUR', 'EUR', 'SEK', 'USD'])[1 + pg_temp.dice(t, 2, 5)], {first}, now()
from generate_series(1, {tenants}) t;

insert into fx_rate (rated_on, currency, rate_to_eur, created_at)
select d::date, c.currency, c.rate * (1 + (pg_temp.dice(extract(epoch from d)::bigint, 3, 2000) - 1000) / 100000.0), now()
from generate_series({first}::timestamp, {last}::timestamp, interval '1 day') d,
  (values ('SEK', 0.0875), ('USD', 0.92)) c (currency, rate);

create temp table life as
select s as id, 1 + (s - 1) % {tenants} as tenant_id, 1 + pg_temp.dice(s, 4, 4) as plan_id,
  case when pg_temp.dice(s, 5, 5) = 0 then 'annual' else 'monthly' end as cycle,
  {first}::date + pg_temp.dice(s, 6, {days})::int as started_on,
  60 + pg_temp.dice(s, 7, 1500)::int as lived,
  pg_temp.dice(s, 8, 100) as fate
from generate_series(1, {subscriptions}) s;

create temp table dated as
select l.*, t.currency,
  (2000 * l.plan_id + pg_temp.dice(l.id, 9, 1000)) * case l.cycle when 'annual' then 10 else 1 end as amount_minor,
  case when l.started_on + l.lived <= {last}::date then l.started_on + l.lived end as ended_on
from life l join tenant t on t.id = l.tenant_id;

insert into subscription (id, external_id, tenant_id, plan_id, status, cycle, currency, amount_minor,
  collection, started_on, anchor_day, ended_on, created_at)
select id, 's' || id, tenant_id, plan_id, case when ended_on is null then 'active' else 'cancelled' end,
  cycle, currency, amount_minor, 'send_invoice', started_on, extract(day from started_on), ended_on, now()
from dated;

insert into plan_history (subscription_id, tenant_id, kind, effective_on, status, plan_id, cycle, currency,
  amount_minor, actor_type, created_at)
select id, tenant_id, kind, on_day, status, case when kind = 'plan_changed' then 1 + plan_id % 4 else plan_id end,
  cycle, currency, case when kind = 'plan_changed' then amount_minor * 3 / 2 else amount_minor end, 'system', now()
from (
  select d.*, 'created' as kind, started_on as on_day, 'active' as status from dated d
  union all
  select d.*, 'plan_changed', started_on + 40, 'active' from dated d
  where fate < 30 and coalesce(ended_on, {last}::date) > started_on + 40
  union all
  select d.*, 'paused', started_on + 41, 'paused' from dated d
  where fate >= 90 and coalesce(ended_on, {last}::date) > started_on + 55
  union all
  select d.*, 'resumed', started_on + 55, 'active' from dated d
  where fate >= 90 and coalesce(ended_on, {last}::date) > started_on + 55
  union all
  select d.*, 'cancelled', ended_on, 'cancelled' from dated d where ended_on is not null
) moves order by on_day, id;

create temp table due as
select row_number() over (order by day, d.id) as id, d.id as subscription_id, d.tenant_id, d.plan_id,
  d.currency, d.amount_minor, day
from dated d, lateral (
  select (d.started_on + make_interval(months => (n * case d.cycle when 'annual' then 12 else 1 end)::int))::date as day
  from generate_series(0, case d.cycle when 'annual' then 4 else {months} end) n
) days
where day < coalesce(d.ended_on, {last}::date + 1) and day <= {last}::date;

-- Of a thousand invoices 970 are paid within six weeks, 15 months late, 15 never.
create temp table billed as
select *, case when paid_on <= {last}::date then paid_on end as settled_on
from (
  select *, day + case
    when pg_temp.dice(id, 10, 1000) < 970 then 3 + pg_temp.dice(id, 11, 40)
    when pg_temp.dice(id, 10, 1000) < 985 then 43 + pg_temp.dice(id, 11, 150)
  end::int as paid_on
  from due
) fates;

insert into invoice (id, external_id, tenant_id, subscription_id, type, status, number, currency, net_minor,
  tax_minor, total_minor, paid_minor, issued_on, due_on, settled_on, created_at)
select id, 'i' || id, tenant_id, subscription_id, 'subscription', case when settled_on is null then 'issued' else 'paid' end,
  'B-' || id, currency, amount_minor, amount_minor / 4, amount_minor + amount_minor / 4,
  case when settled_on is null then 0 else amount_minor + amount_minor / 4 end, day, day + 30,
  settled_on, now()
from billed;

insert into invoice_line (id, invoice_id, tenant_id, plan_id, position, description, unit_minor, net_minor,
  tax_minor, total_minor, tax_percent)
select id, id, tenant_id, plan_id, 1, 'Subscription', amount_minor, amount_minor, amount_minor / 4,
  amount_minor + amount_minor / 4, 25
from billed;

insert into payment (id, external_id, tenant_id, invoice_id, provider, method, status, currency, amount_minor,
  allocated_minor, received_on, created_at)
select id, 'p' || id, tenant_id, id, 'manual', 'bank_transfer', 'captured', currency,
  amount_minor + amount_minor / 4, amount_minor + amount_minor / 4, settled_on, now()
from billed where settled_on is not null;

insert into payment_allocation (id, payment_id, invoice_id, tenant_id, currency, amount_minor, allocated_on, created_at)
select id, id, id, tenant_id, currency, amount_minor + amount_minor / 4, settled_on, now()
from billed where settled_on is not null;

analyze;
