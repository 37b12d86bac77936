"""What honest analysts ask, and what they get where that is the same for every company."""

HONEST = (
    ("select 1 + 1 as two", [(2,)]),
    ("select count(*) from tenant", [(12,)]),
    ("from tenant select count(*)", [(12,)]),
    ("show tables", None),
    ("describe invoice", None),
    ("describe select 1 as a", None),
    ("summarize tenant", None),
    ("show tenant", None),
    ("values (1, 'a'), (2, 'b')", [(1, "a"), (2, "b")]),
    ("table tenant", None),
    ("with a as (select 1 as n), b as (select n + 1 as n from a) select * from b", [(2,)]),
    (
        (
            "with recursive r(n) as (select 1 union all select n + 1 from r where n < 100) "
            "select sum(n) from r"
        ),
        [(5050,)],
    ),
    ("select tenant_id, sum(total_minor) from invoice group by all order by 2 desc", None),
    ("select i.number, t.name from invoice i join tenant t on t.id = i.tenant_id", None),
    (
        (
            "select month, end_minor, lag(end_minor) over (order by month), sum(end_minor) over "
            "(order by month rows between 2 preceding and current row) from mrr_by_month "
            "where dimension = 'all' and reporting_currency = 'EUR'"
        ),
        None,
    ),
    (
        (
            "select *, row_number() over w, ntile(4) over w from tenant window w as (order by id) "
            "qualify row_number() over w <= 3"
        ),
        None,
    ),
    (
        (
            "pivot invoice on status in ('issued', 'paid') using count(*) as n, "
            "sum(total_minor) as s group by currency"
        ),
        None,
    ),
    ("select * from invoice pivot (count(*) for status in ('issued', 'paid'))", None),
    ("unpivot tenant on name, country into name what value said", None),
    ("select date_trunc('month', issued_on) as m, count(*) from invoice group by m", None),
    (
        (
            "select date '2026-01-31' + interval 1 month, last_day(date '2026-02-03'), "
            "extract(year from date '2026-02-03'), date_diff('day', date '2026-01-01', today())"
        ),
        None,
    ),
    ("select strftime(date '2026-02-03', '%d.%m.%Y')", [("03.02.2026",)]),
    (
        (
            "select list(id order by id)[1:2], list_sum(list(id)), "
            "string_agg(name, ', ' order by id) from tenant where id <= 3"
        ),
        None,
    ),
    ("select list_transform([1, 2, 3], lambda x: x * 2)", [("[2, 4, 6]",)]),
    ("select [x * 2 for x in [1, 2, 3] if x > 1]", [("[4, 6]",)]),
    ("select unnest([1, 2, 3]) as n", [(1,), (2,), (3,)]),
    ("select sum(n) from range(1000) r(n)", [(499500,)]),
    ("select {'a': 1, 'b': 'x'}.b, map(['k'], [1])['k']", [("x", 1)]),
    ("select coalesce(null, 1), nullif(1, 1), greatest(1, 2), if(true, 1, 2)", [(1, None, 2, 1)]),
    ("select case when 1 > 0 then 'yes' else 'no' end", [("yes",)]),
    ("select round(2.345, 2)::double, 7 // 2, 7 / 2, -7 % 3, 2 ** 3", None),
    ("select upper('a') || lower('B'), 'abc' like 'a%', 'abc' ilike 'A%'", [("Ab", True, True)]),
    ("select regexp_extract('INV-2026-7', '(\\d+)', 1), split_part('a,b', ',', 2)", None),
    (
        (
            "select quantile_cont(total_minor, 0.5), median(total_minor), stddev(total_minor) "
            "from invoice"
        ),
        None,
    ),
    ("select arg_max(name, id), max_by(name, id), mode(country) from tenant", None),
    (
        "select count(*) filter (where status = 'paid'), count(distinct tenant_id) from invoice",
        None,
    ),
    ("select country, currency, count(*) from tenant group by rollup (country, currency)", None),
    ("select grouping(country), count(*) from tenant group by cube (country)", None),
    ("select * exclude (created_at) from tenant", None),
    ("select columns('.*_minor') from invoice limit 1", None),
    ("select * replace (upper(name) as name) from tenant", None),
    (
        "select * from tenant t where exists (select 1 from invoice i where i.tenant_id = t.id)",
        None,
    ),
    (
        (
            "select t.name, x.n from tenant t, lateral (select count(*) as n from invoice i "
            "where i.tenant_id = t.id) x"
        ),
        None,
    ),
    ("select * from invoice asof join fx_rate f on issued_on >= f.rated_on limit 3", None),
    ("select 1 as n union all select 2 union select 3 intersect select 3 order by 1", None),
    ("select name from tenant order by id limit 2 offset 1", None),
    ("select * from tenant using sample 3 rows", None),
    ("select to_json({'a': 1}), '{\"a\": 2}'::json->>'a'", None),
    ("select try_cast('x' as int), '7'::int, cast(1 as decimal(9,2))", None),
    ("/* what */ select 1 -- one\n", [(1,)]),
    ("select 1;", [(1,)]),
    ("select 'a; drop table invoice' as harmless", [("a; drop table invoice",)]),
    ("select 1 as a, 2 as a, 3 as \"read_text('x')\"", [(1, 2, 3)]),
    ("select sum(9223372036854775807::hugeint * 4)::varchar", [("36893488147419103228",)]),
    ("select true, null, 1.5::double, 'ü€\U0001f600', timestamp '2026-01-01 10:00:00'", None),
    ("select interval 3 day, uuid '00000000-0000-0000-0000-000000000000', [1]::int[1]", None),
    (
        (
            "with paid as (select tenant_id, sum(total_minor) as s from invoice group by 1), "
            "ranked as (select *, rank() over (order by s desc) as r from paid) "
            "select t.name, r.s from ranked r join tenant t on t.id = r.tenant_id where r <= 5"
        ),
        None,
    ),
    ("from invoice select count(*), min(issued_on), max(issued_on)", None),
    (
        (
            "pivot (select status, currency, total_minor from invoice) "
            "on currency in ('EUR', 'SEK') using sum(total_minor) group by status"
        ),
        None,
    ),
    ("select distinct on (tenant_id) tenant_id, number from invoice order by tenant_id, id", None),
    (
        (
            "with recursive m(d) as (select date '2026-01-01' union all "
            "select (d + interval 1 month)::date from m where d < date '2026-03-01') "
            "select strftime(d, '%Y-%m') from m"
        ),
        [("2026-01",), ("2026-02",), ("2026-03",)],
    ),
    ("select percentile_cont(0.5) within group (order by total_minor) from invoice", None),
    ("select a.id from invoice a anti join payment p on p.tenant_id = a.tenant_id", None),
    ("select a.id from invoice a semi join tenant t on a.tenant_id = t.id", None),
    (
        (
            "select grouping_id(currency, status), sum(total_minor) from invoice "
            "group by grouping sets ((currency), (status), ())"
        ),
        None,
    ),
    ("select string_agg(distinct currency, ', ' order by currency) from invoice", None),
    ("select name similar to 'A.*', name ~ 'A.*', contains(name, 'a') from tenant", None),
    (
        (
            "select count(*) from (values ('SE', 0.25), ('NO', 0.25)) v(country, rate) "
            "join tenant using (country)"
        ),
        None,
    ),
    ("select name from tenant order by random() limit 3", None),
    ("select lpad(7::varchar, 5, '0'), concat_ws(' ', 'a', null, 'b')", [("00007", "a b")]),
    ("select * from invoice limit 10%", None),
    (
        (
            "select count(*) from "
            "generate_series(date '2026-01-01', date '2026-01-10', interval 1 day)"
        ),
        [(10,)],
    ),
    ("select now() at time zone 'Europe/Stockholm', timezone('UTC', now())", None),
    ("select unnest(['a', 'b']), generate_subscripts(['a', 'b'], 1)", [("a", 1), ("b", 2)]),
    ("select equi_width_bins(0, 10, 2, true)", [("[5, 10]",)]),
    ("describe select * from invoice", None),
)
