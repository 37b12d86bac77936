"""Facts and marts use only what means the same on DuckDB and on Spark; every question runs."""

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
    exp.DayOfWeek,
    exp.ArgMax,
    exp.ArgMin,
    exp.GroupConcat,
    exp.Lambda,
)
INEXACT = (exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT)
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
    found += [c for c in tree.find_all(exp.Cast) if c.to.this in INEXACT]
    found += [s for s in tree.find_all(exp.Sum) if _shown(s)]
    return [node.sql() for node in found]


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
    ],
)
def test_lint_refuses_what_engines_read_differently(text: str) -> None:
    assert faults(text)


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
