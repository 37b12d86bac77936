"""Brings rows from the source into a build: whole tables side by side, or what changed."""

import contextlib
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

import duckdb

from etl.delta import felt
from etl.extract import postgres
from etl.extract.postgres import Source, Totals
from etl.tables import TABLES, Table

LANES = 2
"""Connections that copy side by side: the server encodes one table while another is stored."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a sync did to one table."""

    name: str
    rows: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was brought over, what the source says it holds, and which tables changed.

    `changed` is None when every table was copied whole.
    """

    tables: list[Copied]
    source: dict[str, Totals]
    changed: frozenset[str] | None


def load_whole(build: duckdb.DuckDBPyConnection, source: Source, url: str, scratch: Path) -> Loaded:
    """Copy every table whole."""
    for table in TABLES:
        columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
        build.execute(f"create table {table.name} ({columns})").fetchall()
    waiting: SimpleQueue[Table] = SimpleQueue()
    for table in postgres.largest_first(source, TABLES):
        waiting.put(table)
    with _lanes(source, url, scratch) as sources, ThreadPoolExecutor(LANES) as pool:
        runs = [pool.submit(_drain, build.cursor(), lane, waiting) for lane in sources]
        totals = {name: total for run in runs for name, total in run.result().items()}
    rows = {table.name: _count(build, table.name) for table in TABLES}
    copied = [Copied(table.name, rows[table.name], rows[table.name], 0) for table in TABLES]
    return Loaded(copied, totals, None)


@contextlib.contextmanager
def _lanes(source: Source, url: str, scratch: Path) -> Iterator[list[Source]]:
    """The source with more connections that see the same snapshot."""
    with contextlib.ExitStack() as stack:
        more = [
            stack.enter_context(postgres.snapshot(url, scratch, postgres.exported(source)))
            for _ in range(LANES - 1)
        ]
        yield [source, *more]


def _drain(
    build: duckdb.DuckDBPyConnection, source: Source, waiting: "SimpleQueue[Table]"
) -> dict[str, Totals]:
    """Copy waiting tables until none is left; what the source says each one holds."""
    totals = {}
    with contextlib.suppress(Empty):
        while True:
            table = waiting.get_nowait()
            postgres.load_all(source, build, table, table.name)
            totals[table.name] = postgres.totals(source, table)
    return totals


def load_changes(
    build: duckdb.DuckDBPyConnection, source: Source, url: str, scratch: Path, low_xid: int
) -> Loaded:
    """Put what changed since the watermark on top of a build that began as the last copy.

    The changed rows stay to be read as `fresh.<table>`, the ones they replace or that were deleted
    as `old.<table>`, in the columns that models read. The source counts its rows meanwhile.
    """
    for side in ("fresh", "old"):
        build.execute(f"attach ':memory:' as {side}").fetchall()
    shared = postgres.exported(source)
    with ThreadPoolExecutor(1) as pool:
        counting: Future[dict[str, Totals]] = pool.submit(_counted, url, scratch, shared)
        tracked = [table for table in TABLES if table.tracked]
        changed = postgres.changed_tables(source, tracked, low_xid)
        buried = postgres.buried_tables(source, low_xid)
        copied = []
        for table in TABLES:
            if not table.tracked:
                copied.append(_replace(build, source, table))
            elif table.name in changed or table.name in buried:
                copied.append(_change(build, source, table, low_xid, table.name in buried))
            else:
                copied.append(Copied(table.name, _count(build, table.name), 0, 0))
        names = frozenset(changed | buried.keys())
        return Loaded(copied, counting.result(), names)


def _counted(url: str, scratch: Path, shared: str) -> dict[str, Totals]:
    """The source's row counts, over a connection of their own."""
    with postgres.snapshot(url, scratch, shared) as source:
        return postgres.counts(source, TABLES)


def _replace(build: duckdb.DuckDBPyConnection, source: Source, table: Table) -> Copied:
    """Copy a small table whose changes are not tracked."""
    build.execute(f"delete from {table.name}").fetchall()
    postgres.load_all(source, build, table, table.name)
    rows = _count(build, table.name)
    return Copied(table.name, rows, rows, 0)


def _change(
    build: duckdb.DuckDBPyConnection, source: Source, table: Table, low_xid: int, is_buried: bool
) -> Copied:
    """Replace the changed rows of a table and take out the deleted ones."""
    name, key = table.name, table.key
    build.execute(f"create table fresh.{name} as from {name} limit 0").fetchall()
    postgres.load_changed(source, build, table, f"fresh.{name}", low_xid)
    gone = postgres.deleted_keys(source, table, low_xid) if is_buried else []
    build.execute(
        f"create or replace table old.keys as select {key} from fresh.{name}"
        " union select unnest(?::bigint[])",
        [gone],
    ).fetchall()
    stale = f"{key} in (from old.keys)"
    kept = ", ".join(felt(table) or table.columns)
    build.execute(f"create table old.{name} as select {kept} from {name} where {stale}").fetchall()
    build.execute(f"delete from {name} where {stale}").fetchall()
    build.execute(f"insert into {name} from fresh.{name}").fetchall()
    [(deleted,)] = build.execute(
        f"select count(*) from old.{name} where {key} not in (select {key} from fresh.{name})"
    ).fetchall()
    return Copied(name, _count(build, name), _count(build, f"fresh.{name}"), int(deleted))


def _count(build: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = build.execute(f"select count(*) from {table}").fetchall()
    return int(count)
