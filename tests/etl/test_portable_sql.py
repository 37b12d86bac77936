"""Facts and marts use only what means the same on DuckDB and on Spark; every question runs."""

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from etl.tables import TABLES
from etl.transform import NATIVE, REPORTED, SQL, models

REFUSED = (
    exp.Div,
    exp.Round,
    exp.Sign,
    exp.Qualify,
    exp.Filter,
    exp.Median,
    exp.GenerateSeries,
    exp.Unnest,
    exp.Explode,
    exp.DayOfWeek,
    exp.ArgMax,
    exp.ArgMin,
    exp.GroupConcat,
    exp.Lambda,
    exp.Interval,
    exp.Bracket,
    exp.Struct,
    exp.LogicalAnd,
    exp.LogicalOr,
    exp.Stddev,
    exp.PercentileCont,
    exp.PercentileDisc,
    exp.Quantile,
    exp.Lower,
    exp.Upper,
    exp.Left,
    exp.Right,
    exp.Substring,
    exp.SplitPart,
    exp.RegexpReplace,
    exp.ConcatWs,
)
INEXACT = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
DAY = re.compile(r"(.*_)?(day|on|month|from|until)")
"""How the models name a column that holds a day."""
TRUNCATED = (exp.DateTrunc, exp.TimestampTrunc)
SHIPPED = {"calendar_days", "calendar_months", "periods", "fx_daily", "reporting_currencies"}
FILES = sorted(path for folder in (*NATIVE, *REPORTED) for path in (SQL / folder).glob("*.sql"))


def faults(text: str) -> list[str]:
    """What in a model is not portable."""
    tree = sqlglot.parse_one(text, read="duckdb")
    found: list[exp.Expression] = [*tree.find_all(*REFUSED)]
    found += [j for j in tree.find_all(exp.Join) if j.method == "ASOF" or j.args.get("using")]
    found += [u for u in tree.find_all(exp.SetOperation) if u.args.get("by_name")]
    found += [g for g in tree.find_all(exp.Group) if g.args.get("all")]
    found += [d for d in tree.find_all(exp.DateDiff) if d.text("unit").lower() != "day"]
    found += [c for c in tree.find_all(exp.Cast) if c.to.this in INEXACT or _rounds(c)]
    found += [s for s in tree.find_all(exp.Sum) if _shown(s)]
    found += [s for s in tree.find_all(exp.Sub) if _is_day(s.left) and _is_day(s.right)]
    found += [d for d in tree.find_all(exp.Distinct) if d.args.get("on")]
    found += [e for e in tree.find_all(exp.Extract) if e.name.lower() not in ("year", "month")]
    found += [c for c in tree.find_all(*TRUNCATED) if not isinstance(c.parent, exp.Cast)]
    found += [a for a in tree.find_all(exp.Alias) if _hides(a)]
    return [node.sql() for node in found]


def _rounds(cast: exp.Cast) -> bool:
    """Whether a fraction becomes a whole number in the engine's own way."""
    return cast.to.is_type(*exp.DataType.INTEGER_TYPES) and any(
        number.is_number and not number.is_int and number.find_ancestor(exp.Floor, exp.Cast) is cast
        for number in cast.find_all(exp.Literal)
    )


def _is_day(node: exp.Expression) -> bool:
    return isinstance(node, exp.Column) and bool(DAY.fullmatch(node.name))


def _hides(alias: exp.Alias) -> bool:
    """Whether an aggregate takes the name of what it adds up, which nothing tells apart then."""
    return any(
        column.name == alias.alias and not column.table
        for total in alias.find_all(exp.AggFunc)
        for column in total.find_all(exp.Column)
    )


def _shown(total: exp.Sum) -> bool:
    """Whether a sum leaves the model with the type the engine chose."""
    inside = total.find_ancestor(exp.Cast, exp.Select)
    return not isinstance(inside, exp.Cast) and total.find_ancestor(exp.CTE) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_model_is_portable(path: Path) -> None:
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "select a / 2 from t",
        "select round(a) from t",
        "select * from t asof join u on t.a >= u.a",
        "select * from t join u using (a)",
        "select a, sum(b) from t group by all",
        "select datediff('month', a, b) from t",
        "select * from generate_series(1, 3)",
        "select sum(a) from t",
        "select cast(a as double) from t",
        "select count(*) filter (where a > 0) from t",
        "select sign(a) from t",
        "select a from t qualify row_number() over (order by a) = 1",
        "select median(a) from t",
        "select unnest([1, 2])",
        "select dayofweek(d) from t",
        "select extract(isodow from d) from t",
        "select arg_max(a, b) from t",
        "select arg_min(a, b) from t",
        "select string_agg(a, ',' order by b) from t",
        "select list_transform(a, lambda x: x + 1) from t",
        "select a from t union all by name select b from u",
        "select distinct on (a) a, b from t",
        "select d + interval 1 month from t",
        "select date_trunc('month', d) from t",
        "select t.paid_on - t.due_on from t",
        "select day - valid_from from t",
        "select cast(a * 1.5 as bigint) from t",
        "select cast(2.5 as int)",
        "select cast(7 / 2 as bigint)",
        "select cast(sum(a) as bigint) as a from t",
        "select count(distinct a) as a from t",
        "select stddev(a) from t",
        "select quantile_disc(a, 0.5) from t",
        "select bool_or(a) from t",
        "select bool_and(a) from t",
        "select struct_pack(x := a) from t",
        "select a[1] from t",
        "select lower(a) from t",
        "select upper(a) from t",
        "select left(a, 2) from t",
        "select right(a, 2) from t",
        "select substr(a, 2, 3) from t",
        "select split_part(a, '-', 1) from t",
        "select regexp_replace(a, 'b', 'c', 'g') from t",
        "select concat_ws('-', a, b) from t",
    ],
)
def test_lint_refuses_what_engines_read_differently(text: str) -> None:
    assert faults(text)


@pytest.mark.parametrize(
    "text",
    [
        "select cast(floor(cast(a as decimal(16, 0)) * rate + 0.5) as bigint) from t",
        "select (a * 2 + 3) // 6 from t",
        "select cast(date_trunc('month', d) as date) from t",
        "select datediff('day', a, b) from t",
        "select cast(sum(t.items) as bigint) as items from t",
        "select after_minor - before_minor from t",
    ],
)
def test_lint_lets_pass_what_engines_read_alike(text: str) -> None:
    assert faults(text) == []


def test_no_cte_hides_a_relation() -> None:
    names = {model.name for model in models()} | {table.name for table in TABLES} | SHIPPED
    for model in models():
        assert not model.ctes & names, model.name


def test_models_read_only_what_the_copy_has() -> None:
    names = {model.name for model in models()} | {table.name for table in TABLES} | SHIPPED
    for model in models():
        assert model.reads <= names, model.name


@pytest.mark.parametrize(
    "path", sorted(SQL.rglob("*.sql")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_first_comment_states_question_and_grain(path: Path) -> None:
    comment = []
    for line in path.read_text().splitlines():
        if not line.startswith("--"):
            break
        comment.append(line.removeprefix("--").strip())
    said = " ".join(comment)
    assert "?" in said
    assert "One row per" in said or "one row per" in said
    assert path.read_text().upper() != path.read_text()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_model_has_a_spark_form(path: Path) -> None:
    [text] = sqlglot.transpile(
        path.read_text(), read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    assert sqlglot.parse_one(text, read="spark")
