"""Reads the operational database in one snapshot: changes by CSV, whole tables by ADBC."""

import contextlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import duckdb
import psycopg
import pyarrow as pa
from psycopg import sql

from core.db import APP_ROLE, PLATFORM_SCOPE
from core.errors import DatabaseUnavailable
from etl.publish import BUILD_PREFIX
from etl.tables import Table

_SETUP = (f"set role {APP_ROLE}", "set timezone = 'UTC'")
_SNAPSHOT = "set transaction isolation level repeatable read, read only"
_POSITION = """
    select pg_snapshot_xmin(pg_current_snapshot())::text as low_xid, oid::text as database,
      has_function_privilege('pg_control_system()', 'execute') as may_ask
    from pg_database where datname = current_database()
"""
_CLUSTER = "select system_identifier::text from pg_control_system()"
_LONGEST_LINE = 16 * 1024 * 1024
LARGEST_COUNTED = 32 * 1024 * 1024
"""Bytes of a table up to which a small sync counts its rows: some 100,000 of them."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What a table holds in the snapshot: rows, and the sum of each money column."""

    rows: int
    sums: dict[str, int]


class Source(Protocol):
    """One consistent snapshot of the operational database."""

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """A small answer, whole."""

    def load(self, build: duckdb.DuckDBPyConnection, query: str, into: str, table: Table) -> None:
        """Append what a query over `table` answers to a table of the build."""


class _Adbc:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())

    def load(self, build: duckdb.DuckDBPyConnection, query: str, into: str, table: Table) -> None:
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            reader: pa.RecordBatchReader = cursor.fetch_record_batch()
            build.register("fresh_rows", reader)
            try:
                build.execute(f"insert into {into} select {table.casts} from fresh_rows").fetchall()
            finally:
                build.unregister("fresh_rows")


class _Csv:
    def __init__(self, connection: psycopg.Connection[Any], folder: Path) -> None:
        self._connection, self._folder = connection, folder

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql.SQL(query)).fetchall()

    def load(self, build: duckdb.DuckDBPyConnection, query: str, into: str, table: Table) -> None:
        path = self._folder / f"{table.name}.csv"
        quoted = f", force_quote ({', '.join(table.texts)})" if table.texts else ""
        command = rf"copy ({query}) to stdout (format csv, header, null '\N'{quoted})"
        with path.open("wb") as file, self._connection.cursor().copy(sql.SQL(command)) as out:
            for block in out:
                file.write(block)
        build.execute(
            f"insert into {into} select {table.casts} from read_csv(?, header=true,"
            " auto_detect=false, delim=',', quote='\"', escape='\"', new_line='\\n',"
            f" nullstr='\\N', allow_quoted_nulls=false, max_line_size={_LONGEST_LINE},"
            f" columns={table.columns!r})",
            [str(path)],
        ).fetchall()
        path.unlink()


@contextlib.contextmanager
def snapshot(
    url: str, scratch: Path, shared: str | None = None, *, whole: bool = False
) -> Iterator[Source]:
    """One REPEATABLE READ transaction as the application role, over all tenants.

    `shared` is what `exported` said of an open snapshot that this one is to be. `whole` tables are
    read by ADBC where it is there, which takes longer to connect and is quicker from then on.
    Raises DatabaseUnavailable when the database does not answer.
    """
    setup = [_SNAPSHOT]
    if shared is not None:
        setup.append(f"set transaction snapshot '{shared}'")
    dbapi = adbc() if whole else None
    connection = _adbc_connection(dbapi, url)
    opened = (
        _csv_snapshot(url, scratch, setup)
        if connection is None
        else _adbc_snapshot(connection, setup)
    )
    errors = (psycopg.Error,) if dbapi is None else (psycopg.Error, dbapi.Error)
    try:
        with opened as source:
            yield source
    except errors as problem:
        raise DatabaseUnavailable(f"The database does not answer: {problem}") from problem


@cache
def adbc() -> Any | None:
    """ADBC's module, or None without a wheel for this platform.

    Only whole tables need it, and it imports pandas, which takes longer than all of this package.
    """
    try:
        from adbc_driver_postgresql import dbapi  # noqa: PLC0415 (see above)
    except ImportError:
        return None
    return dbapi


@contextlib.contextmanager
def _adbc_snapshot(connection: Any, setup: list[str]) -> Iterator[Source]:
    with connection:
        with connection.cursor() as cursor:
            for statement in _SETUP:
                cursor.execute(statement)
            connection.commit()
            for statement in setup:
                cursor.execute(statement)
            cursor.execute(PLATFORM_SCOPE)
            cursor.fetchall()
        yield _Adbc(connection)
        connection.rollback()


def _adbc_connection(dbapi: Any, url: str) -> Any:
    """A connection through ADBC, or None where its driver is missing or cannot use the address."""
    if dbapi is None:
        return None
    try:
        return dbapi.connect(url)
    except (dbapi.Error, OSError):
        return None


@contextlib.contextmanager
def _csv_snapshot(url: str, scratch: Path, setup: list[str]) -> Iterator[Source]:
    with (
        psycopg.connect(url, autocommit=True) as connection,
        tempfile.TemporaryDirectory(dir=scratch, prefix=BUILD_PREFIX) as folder,
    ):
        for statement in _SETUP:
            connection.execute(statement)
        connection.execute("begin")
        for statement in setup:
            connection.execute(sql.SQL(statement))
        connection.execute(PLATFORM_SCOPE)
        yield _Csv(connection, Path(folder))
        connection.execute("rollback")


def exported(source: Source) -> str:
    """The name under which other connections can see the same snapshot while it is open."""
    [(name,)] = source.rows("select pg_export_snapshot()")
    return str(name)


def position(source: Source) -> tuple[int, str]:
    """The oldest transaction running at the snapshot, and which cluster and database it is.

    Hosts that hide the cluster's number leave the database's; a restored one starts with lower
    transaction numbers as well.
    """
    [(low_xid, database, may_ask)] = source.rows(_POSITION)
    cluster = source.rows(_CLUSTER)[0][0] if may_ask else "hidden"
    return int(low_xid), f"{cluster}:{database}"


def totals(source: Source, table: Table) -> Totals:
    """Row count and money sums of a table in the snapshot, to compare the copy with."""
    sums = "".join(f", coalesce(sum({name}), 0)::text" for name in table.money)
    [(rows, *amounts)] = source.rows(f"select count(*){sums} from {table.name}")
    return Totals(int(rows), dict(zip(table.money, map(int, amounts), strict=True)))


def counts(source: Source, tables: Sequence[Table]) -> dict[str, Totals]:
    """Row counts of the tables that are counted quickly, without the sums a full copy compares.

    What a small sync takes follows what changed; the rows of a large table are counted with its
    sums, when it is copied whole.
    """
    sizes = _sizes(source, tables)
    chosen = [table.name for table in tables if sizes[table.name] <= LARGEST_COUNTED]
    found = source.rows(
        " union all ".join(f"select '{name}', count(*) from {name}" for name in chosen)
        or "select '', 0 where false"
    )
    return {name: Totals(int(rows), {}) for name, rows in found}


def largest_first(source: Source, tables: Sequence[Table]) -> list[Table]:
    """The tables by size on disk, so that the longest copy begins first."""
    sizes = _sizes(source, tables)
    return sorted(tables, key=lambda table: -sizes[table.name])


def _sizes(source: Source, tables: Sequence[Table]) -> dict[str, int]:
    """Bytes of each table on disk, without indexes."""
    return dict(
        source.rows(
            " union all ".join(
                f"select '{table.name}', pg_relation_size('{table.name}')" for table in tables
            )
        )
    )


def changed_tables(source: Source, tables: Sequence[Table], low_xid: int) -> set[str]:
    """The tables with a row written by the watermark's transaction or a later one."""
    found = source.rows(
        " union all ".join(
            f"select '{table.name}' where exists"
            f" (select from {table.name} where row_xid >= '{low_xid}'::xid8)"
            for table in tables
        )
    )
    return {str(name) for (name,) in found}


def buried_tables(source: Source, low_xid: int) -> dict[str, bool]:
    """The tables with deletions since the watermark, and whether one was emptied as a whole.

    Only a full copy can follow that.
    """
    found = source.rows(
        "select table_name, bool_or(row_key = '*') from sync_tombstone"
        f" where row_xid >= '{low_xid}'::xid8 group by table_name"
    )
    return {str(name): bool(whole) for name, whole in found}


def load_all(source: Source, build: duckdb.DuckDBPyConnection, table: Table, into: str) -> None:
    """Append every row of a table."""
    source.load(build, f"select {table.source_columns} from {table.name}", into, table)


def load_changed(
    source: Source, build: duckdb.DuckDBPyConnection, table: Table, into: str, low_xid: int
) -> None:
    """Append the rows written by the watermark's transaction or a later one."""
    query = f"select {table.source_columns} from {table.name} where row_xid >= '{low_xid}'::xid8"
    source.load(build, query, into, table)


def deleted_keys(source: Source, table: Table, low_xid: int) -> list[int]:
    """Keys deleted since the watermark and not inserted again."""
    found = source.rows(
        f"select distinct row_key from sync_tombstone t where table_name = '{table.name}'"
        f" and row_key <> '*' and row_xid >= '{low_xid}'::xid8"
        f" and not exists (select from {table.name} s where s.{table.key}::text = t.row_key)"
    )
    return [int(key) for (key,) in found]
