"""Brings rows from the source into a build: whole tables side by side, or what changed."""

import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event

import duckdb

from core.progress import piece
from etl.delta import felt
from etl.extract import postgres
from etl.extract.postgres import Source, Totals
from etl.tables import TABLES, Table, stored

COPY = "copy"
"""The name of a build's file among the databases that its engine has open."""
LAST = "last"
"""The name of the published copy that changes are put on top of."""
LANES = 2
"""Connections that copy side by side: the server encodes one table while another is stored."""
_BY_NAME = {table.name: table for table in TABLES}


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

    `source` waits until the source has counted, in a small sync the smaller tables alone.
    `changed` is None when every table was copied whole.
    """

    tables: list[Copied]
    source: Callable[[], dict[str, Totals]]
    changed: frozenset[str] | None


def load_whole(build: duckdb.DuckDBPyConnection, source: Source, url: str, scratch: Path) -> Loaded:
    """Copy every table whole."""
    for table in TABLES:
        build.execute(f"create table {table.name} ({stored(table.columns.items())})").fetchall()
    waiting: SimpleQueue[Table] = SimpleQueue()
    for table in postgres.largest_first(source, TABLES):
        waiting.put(table)
    with (
        piece("Copying tables", len(TABLES)) as done,
        _lanes(source, url, scratch) as sources,
        ThreadPoolExecutor(LANES) as pool,
    ):
        runs = [pool.submit(_drain, cursor(build), lane, waiting, done) for lane in sources]
        totals = {name: total for run in runs for name, total in run.result().items()}
    rows = row_counts(build)
    copied = [Copied(table.name, rows[table.name], rows[table.name], 0) for table in TABLES]
    return Loaded(copied, lambda: totals, None)


@contextlib.contextmanager
def _lanes(source: Source, url: str, scratch: Path) -> Iterator[list[Source]]:
    """Connections that see the source's snapshot and read quickly."""
    shared = postgres.exported(source)
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(postgres.snapshot(url, scratch, shared, whole=True))
            for _ in range(LANES)
        ]


def cursor(build: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """A connection to the build for another thread."""
    cursor = build.cursor()
    cursor.execute(f"use {COPY}").fetchall()
    return cursor


def _drain(
    build: duckdb.DuckDBPyConnection,
    source: Source,
    waiting: "SimpleQueue[Table]",
    done: Callable[[], None],
) -> dict[str, Totals]:
    """Copy waiting tables until none is left; what the source says each one holds."""
    totals = {}
    with contextlib.suppress(Empty):
        while True:
            table = waiting.get_nowait()
            postgres.load_all(source, build, table, table.name)
            totals[table.name] = postgres.totals(source, table)
            done()
    return totals


def fetch_changes(
    build: duckdb.DuckDBPyConnection, source: Source, low_xid: int
) -> dict[str, list[int]]:
    """Read what changed since the watermark; the tables with changes, and their deleted keys.

    The changed rows stay to be read as `fresh.<table>`, the ones they replace or that were deleted
    as `old.<table>` with their `place` in the last copy, attached as LAST, and the columns that
    models read. One table is read while the replaced rows of the one before are looked up.
    """
    for side in ("fresh", "old"):
        build.execute(f"attach ':memory:' as {side}").fetchall()
    tracked = [table for table in TABLES if table.tracked]
    changed = postgres.changed_tables(source, tracked, low_xid)
    buried = postgres.buried_tables(source, low_xid)
    gone: dict[str, list[int]] = {}
    with ThreadPoolExecutor(1) as pool:
        other, looking = build.cursor(), []
        for table in tracked:
            if table.name in changed or table.name in buried:
                _make_fresh(build, table)
                postgres.load_changed(source, build, table, f"fresh.{table.name}", low_xid)
                is_buried = table.name in buried
                keys = postgres.deleted_keys(source, table, low_xid) if is_buried else []
                gone[table.name] = keys
                looking.append(pool.submit(_look_up, other, table, keys))
        for table in _untracked():
            _make_fresh(build, table)
            postgres.load_all(source, build, table, f"fresh.{table.name}")
        for looked in looking:
            looked.result()
    return gone


def _untracked() -> list[Table]:
    return [table for table in TABLES if not table.tracked]


def _make_fresh(build: duckdb.DuckDBPyConnection, table: Table) -> None:
    columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    build.execute(f"create table fresh.{table.name} ({columns})").fetchall()


def _look_up(build: duckdb.DuckDBPyConnection, table: Table, gone: list[int]) -> None:
    """Keep the rows of the last copy that were changed or deleted."""
    name, key = table.name, table.key
    kept = ", ".join(felt(table) or table.columns)
    build.execute(
        f"create table old.{name} as select rowid as place, {kept} from {LAST}.main.{name}"
        f" where {key} in (select {key} from fresh.{name} union all select unnest(?::bigint[]))",
        [gone],
    ).fetchall()


def put_changes(
    build: duckdb.DuckDBPyConnection,
    gone: dict[str, list[int]],
    counting: Future[dict[str, Totals]],
) -> Loaded:
    """Put what was fetched on top of a build that began as the last copy.

    `counting` brings the source's own count of its rows.
    """
    done = {name: _put(build, _BY_NAME[name], bool(keys)) for name, keys in gone.items()}
    done |= {table.name: _replace(build, table) for table in _untracked()}
    copied = [
        Copied(name, rows, *done.get(name, (0, 0))) for name, rows in row_counts(build).items()
    ]
    return Loaded(copied, counting.result, frozenset(gone))


def count_source(url: str, scratch: Path, shared: str, joined: Event) -> dict[str, Totals]:
    """The source's row counts in an exported snapshot, over a connection of their own.

    The snapshot must stay open until this has `joined` it, or failed to.
    """
    try:
        with postgres.snapshot(url, scratch, shared) as source:
            joined.set()
            return postgres.counts(source, TABLES)
    finally:
        joined.set()


def _replace(build: duckdb.DuckDBPyConnection, table: Table) -> tuple[int, int]:
    """Put a small table whose changes are not tracked in whole; how many rows, none deleted."""
    build.execute(f"delete from {table.name}").fetchall()
    [(written,)] = build.execute(f"insert into {table.name} from fresh.{table.name}").fetchall()
    return int(written), 0


def _put(build: duckdb.DuckDBPyConnection, table: Table, is_buried: bool) -> tuple[int, int]:
    """Replace the changed rows of a table, take out the deleted ones; how many of each."""
    name, key = table.name, table.key
    build.execute(f"delete from {name} where rowid in (select place from old.{name})").fetchall()
    [(written,)] = build.execute(f"insert into {name} from fresh.{name}").fetchall()
    if not is_buried:
        return int(written), 0
    [(deleted,)] = build.execute(
        f"select count(*) from old.{name} where {key} not in (select {key} from fresh.{name})"
    ).fetchall()
    return int(written), int(deleted)


def row_counts(build: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """How many rows the build holds of each table."""
    found = build.execute(
        " union all ".join(f"select '{table.name}', count(*) from {table.name}" for table in TABLES)
    ).fetchall()
    rows = dict(found)
    return {table.name: int(rows[table.name]) for table in TABLES}
