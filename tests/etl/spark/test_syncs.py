"""A copy whose figures Spark made is the one that DuckDB makes, and small syncs go on from it."""

from datetime import timedelta
from pathlib import Path

import duckdb
import psycopg
import pytest

from core.settings import Settings
from etl import delta, pipeline
from etl.check import BuildRefused
from etl.spark import making
from etl.warehouse import Warehouse
from tests.etl.books import NOW, Books

OF_THE_RUN = {"copy_info", "sync_state"}
"""Tables that say when and by which run a copy was made."""
SHAPE = (
    "select table_name, column_name, column_index, data_type, is_nullable"
    " from duckdb_columns() where database_name = ?"
)


@pytest.fixture
def books(database_url: str) -> Books:
    """A few tenants who pay in two currencies; one that is changed later."""
    made = Books()
    made.rate("2025-12-01", "SEK", "0.0912345678")
    for number, currency in enumerate(("EUR", "SEK", "EUR", "SEK", "EUR", "EUR")):
        tenant = made.tenant(f"t{number}", "SE", currency)
        made.subscription(tenant, ("2026-02-28", "active", 1_005 + number), currency=currency)
        invoice = made.invoice(tenant, "2026-03-31", ("pro", 1_005), currency=currency)
        made.payment(tenant, "2026-04-30", 1_005, invoice, currency=currency, fee_minor=5)
    made.into_postgres(database_url)
    return made


def test_copy_made_on_spark_is_the_one_that_duckdb_makes(
    books: Books,
    database_url: str,
    on_cluster: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delta, "MOST_TOUCHED", 0.9)
    made = pipeline.sync(on_cluster, database_url, now=NOW, full=True)
    assert (made["mode"], made["engine"]) == ("full", "spark")
    assert _same(on_cluster, _beside(database_url, tmp_path))
    with psycopg.connect(database_url) as db:
        db.execute("update payment set received_on = received_on - 40 where id = 2")
    small = pipeline.sync(on_cluster, database_url, now=NOW)
    assert (small["mode"], small["engine"]) == ("incremental", "duckdb")
    assert _same(on_cluster, _beside(database_url, tmp_path))
    assert not list(on_cluster.home.glob("spark-rows-*"))


def test_what_spark_cannot_compute_leaves_the_last_good_copy(
    books: Books, database_url: str, on_cluster: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline.sync(on_cluster, database_url, now=NOW, engine="duckdb")
    before = on_cluster.copy_path.stat()
    monkeypatch.setattr(making, "spark_text", lambda _: "select 1 / 0 as month")
    with pytest.raises(BuildRefused, match="DIVIDE_BY_ZERO"):
        pipeline.sync(on_cluster, database_url, now=NOW, full=True)
    assert on_cluster.copy_path.stat() == before
    assert Warehouse(on_cluster).ask("published_currencies").height
    assert not list(on_cluster.home.glob("spark-rows-*"))


def test_figures_that_take_too_long_are_given_up(cluster: str) -> None:
    from etl.spark.session import connected  # noqa: PLC0415 (where Spark may be missing)

    with (
        pytest.raises(BuildRefused, match="Spark cannot compute the figures: "),
        connected(cluster, timedelta(seconds=5)) as session,
    ):
        session.sql("select count(*) from range(1000000000) a, range(1000000000) b").collect()


def _beside(url: str, folder: Path) -> Settings:
    beside = Settings(_env_file=None, SALDO_HOME=folder / "beside")
    pipeline.sync(beside, url, now=NOW, full=True)
    return beside


def _same(one: Settings, other: Settings) -> bool:
    """Whether two copies hold the same tables, columns, types and rows."""
    with duckdb.connect() as both:
        for name, settings in (("one", one), ("other", other)):
            both.execute(f"attach '{settings.copy_path}' as {name} (read_only)").fetchall()
        shapes = [set(both.execute(SHAPE, [name]).fetchall()) for name in ("one", "other")]
        assert shapes[0] == shapes[1]
        for table in sorted({row[0] for row in shapes[0]} - OF_THE_RUN):
            a, b = f"select * from one.{table}", f"select * from other.{table}"
            [(differing,)] = both.execute(
                f"select count(*) from (({a} except all {b}) union all ({b} except all {a}))"
            ).fetchall()
            assert differing == 0, table
    return True
