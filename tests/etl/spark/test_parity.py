"""Every model built on Spark is what DuckDB makes of the same rows: row for row, to the cent."""

from functools import partial
from pathlib import Path

import duckdb
import pytest

from core.settings import Settings
from etl.spark.making import on_spark
from etl.transform import models
from tests.etl.spark.hard_books import hard_books


@pytest.fixture(scope="module")
def copies(cluster: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same hard books as DuckDB makes figures of them, and as Spark does."""
    books = hard_books()
    here = Settings(_env_file=None, SALDO_HOME=tmp_path_factory.mktemp("duckdb"))
    there = Settings(
        _env_file=None, SALDO_HOME=tmp_path_factory.mktemp("spark"), SALDO_SPARK_URL=cluster
    )
    books.published(here)
    books.published(there, making=partial(on_spark, there))
    assert [path.name for path in there.home.iterdir()] == ["copy"]
    return here.copy_path, there.copy_path


@pytest.mark.parametrize("name", [model.name for model in models()])
def test_spark_makes_the_rows_that_duckdb_makes(copies: tuple[Path, Path], name: str) -> None:
    with _both(copies) as both:
        here, there = f"select * from here.{name}", f"select * from there.{name}"
        [(rows, differing)] = both.execute(
            f"select (select count(*) from there.{name}), (select count(*) from"
            f" (({here} except all {there}) union all ({there} except all {here})))"
        ).fetchall()
        assert both.execute(f"describe {here}").fetchall() == (
            both.execute(f"describe {there}").fetchall()
        )
    assert rows > 0
    assert differing == 0


def test_the_books_hold_what_engines_read_differently(copies: tuple[Path, Path]) -> None:
    with _both(copies) as both:
        [held] = both.execute(
            "select (select count(*) from here.fx_daily where rate * 2 = floor(rate * 2)),"
            " (select count(*) from here.revenue_items where amount_minor < 0),"
            " (select count(*) from here.revenue_items where plan_id is null),"
            " (select count(*) from here.subscription_spans where valid_from = '2024-02-29'),"
            " (select count(distinct reporting_currency) from here.mrr_pieces) - 1,"
            " (select count(*) from here.mrr_pieces where fx_minor <> 0),"
            " (select count(*) from here.receivables where issued_on < '1100-01-01')"
        ).fetchall()
    assert all(held)


def _both(copies: tuple[Path, Path]) -> duckdb.DuckDBPyConnection:
    both = duckdb.connect()
    for name, path in zip(("here", "there"), copies, strict=True):
        both.execute(f"attach '{path}' as {name} (read_only)").fetchall()
    return both
