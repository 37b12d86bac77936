"""Makes models on Spark: rows go out as Parquet, figures come back as Parquet into the build."""

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import sqlglot

from core.progress import counted
from core.settings import Settings
from core.settings_spark import LOCAL_CLUSTER
from etl.delta import felt
from etl.spark.cluster import local_cluster, require_spark
from etl.tables import TABLES
from etl.transform import FOLDERS, Maker, Model, in_folders, in_order, models

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession


@contextlib.contextmanager
def on_spark(settings: Settings) -> Iterator[Maker]:
    """What makes models on the cluster of the settings, else on one of this machine for the time.

    Raises SparkMissing, JavaMissing, SparkUnavailable; making raises BuildRefused.
    """
    require_spark()
    from etl.spark.session import connected  # noqa: PLC0415 (Spark's client is an extra, and slow)

    given = settings.spark_url.get_secret_value() if settings.spark_url else LOCAL_CLUSTER
    with contextlib.ExitStack() as stack:
        if given == LOCAL_CLUSTER:
            given = stack.enter_context(local_cluster(settings.home / "spark"))
        limit = timedelta(minutes=settings.spark_minutes)
        session = stack.enter_context(connected(given, limit))
        folder = stack.enter_context(_room(settings.spark_folder or settings.home))
        yield _Making(session, folder).make


@contextlib.contextmanager
def _room(place: Path) -> Iterator[Path]:
    """A folder for the rows of one build."""
    folder = place / f"spark-rows-{uuid.uuid4().hex}"
    folder.mkdir()
    folder.chmod(0o770)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@lru_cache
def spark_text(model: Model) -> str:
    """The model in Spark's dialect."""
    [text] = sqlglot.transpile(
        model.text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE
    )
    return text


class _Making:
    """Models made one after another; each is read by those after it where Spark wrote it."""

    def __init__(self, session: "SparkSession", folder: Path) -> None:
        self._session, self._folder = session, folder
        self._shown: set[str] = set()

    def make(self, build: duckdb.DuckDBPyConnection, folders: tuple[str, ...] = FOLDERS) -> None:
        """Make every model of these folders a table of the build, as `build_models` does."""
        wanted = in_folders(folders)
        made = {model.name for model in models()}
        for name in sorted({name for model in wanted for name in model.reads} - made - self._shown):
            self._send(build, name)
        for model in counted(wanted, "Computing figures"):
            place = str(self._folder / model.name)
            rows = self._session.sql(spark_text(model))
            rows.write.parquet(_uri(place))
            self._show(model.name, self._session.read.schema(rows.schema).parquet(_uri(place)))
            self._take(build, model, place)

    def _send(self, build: duckdb.DuckDBPyConnection, name: str) -> None:
        """Hand a relation over, the columns that models read."""
        columns = next((", ".join(felt(table)) for table in TABLES if table.name == name), "*")
        place = f"{self._folder / name}.parquet"
        build.execute(
            f"copy (select {columns} from {name}) to '{_quoted(place)}' (format parquet)"
        ).fetchall()
        self._show(name, self._session.read.parquet(_uri(place)))

    def _show(self, name: str, rows: "DataFrame") -> None:
        rows.createOrReplaceTempView(name)
        self._shown.add(name)

    def _take(self, build: duckdb.DuckDBPyConnection, model: Model, place: str) -> None:
        """Bring a model's rows into the build, under the types that DuckDB gives them."""
        build.execute(
            f"create or replace table {model.name} as {model.text} with no data"
        ).fetchall()
        build.execute(
            f"insert into {model.name} by name"
            f" select * from read_parquet('{_quoted(place)}/*.parquet'){in_order(model)}"
        ).fetchall()


def _uri(place: str) -> str:
    return f"file://{place}"


def _quoted(place: str) -> str:
    return place.replace("'", "''")
