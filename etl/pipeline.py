"""One sync, top to bottom: snapshot → copy → calendar and rates → models → checks → publish."""

import time
import uuid
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import structlog

from core.clock import local_date
from core.errors import SaldoError
from core.settings import Settings
from etl.check import Build, BuildRefused, check_models, check_rows, misdated, rows_and_sums
from etl.days import range_of_facts, ship_calendar
from etl.extract import postgres
from etl.extract.postgres import Source
from etl.publish import clear_problem, new_build, note_problem, only_sync, publish, remove_leftovers
from etl.rates import BASE, ship_rates
from etl.tables import ALLOW_LIST_DIGEST, TABLES, Table
from etl.transform import NATIVE, REPORTED, build_models, models_digest

log = structlog.get_logger()
SMALL_COPY = 500_000
"""Subscription states times months up to which all currencies in use are made ready."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What a sync did to one table."""

    name: str
    rows: int
    changed: int
    deleted: int


@dataclass(frozen=True, slots=True)
class State:
    """Where the live copy stands."""

    low_xid: int
    cluster: str
    digest: str


def sync(settings: Settings, url: str, *, now: datetime, full: bool = False) -> dict[str, Any]:
    """Bring the analytics copy up to date and publish it; the JSON of `saldo sync`.

    Raises BuildRefused when a check failed (the last good copy stays), SyncRunning when another
    sync runs, DatabaseUnavailable when the source does not answer.
    """
    began = time.monotonic()
    live = settings.copy_path
    with only_sync(live):
        remove_leftovers(live)
        try:
            mode, copied = _run(settings, url, now, full)
        except SaldoError as refusal:
            check = refusal.check if isinstance(refusal, BuildRefused) else refusal.code
            note_problem(live, now, check, str(refusal))
            log.warning("sync_refused", check=check, problem=str(refusal))
            raise
        finally:
            remove_leftovers(live)
        clear_problem(live)
    return {
        "mode": mode,
        "tables": [
            {"name": c.name, "rows": c.rows, "changed": c.changed, "deleted": c.deleted}
            for c in copied
        ],
        "published_at": now.isoformat(),
        "seconds": round(time.monotonic() - began, 3),
    }


def _run(
    settings: Settings, url: str, now: datetime, full: bool
) -> tuple[str, list[Copied]]:
    """One build; changes that do not lead to what the source holds are given up for a full copy."""
    try:
        return _build_and_publish(settings, url, now, full)
    except BuildRefused as refusal:
        if full or refusal.check != rows_and_sums.__name__:
            raise
        log.warning("changes_incomplete", problem=str(refusal))
        return _build_and_publish(settings, url, now, full=True)
    except duckdb.Error as problem:
        raise BuildRefused("copy_made", f"The copy cannot be made: {problem}") from problem


def _build_and_publish(
    settings: Settings, url: str, now: datetime, full: bool
) -> tuple[str, list[Copied]]:
    live = settings.copy_path
    path = new_build(live)
    today = local_date(now, settings.billing_timezone)
    with open_build(path, settings) as build:
        with postgres.snapshot(url, live.parent) as source:
            low_xid, cluster = postgres.position(source)
            state = State(low_xid, cluster, f"{ALLOW_LIST_DIGEST}:{models_digest()}")
            before = None if full else _state_to_continue(build, live, source, state)
            mode = "full" if before is None else "incremental"
            copied = [_copy_table(build, source, table, before) for table in TABLES]
            totals = {table.name: postgres.totals(source, table) for table in TABLES}
        _detach_live(build)
        made = Build(build, totals, settings.reporting_currency, today)
        compute(made)
        sign(made, state, mode, now)
        build.execute("checkpoint").fetchall()
    publish(path, live)
    return mode, copied


def open_build(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """A new database file within the memory and threads the transforms may use."""
    build = duckdb.connect(
        str(path),
        config={
            "memory_limit": settings.duckdb_memory,
            "threads": settings.duckdb_threads,
            "temp_directory": str(path.with_suffix(".spill")),
            "preserve_insertion_order": False,
        },
    )
    build.execute("set timezone = 'UTC'").fetchall()
    return build


def _state_to_continue(
    build: duckdb.DuckDBPyConnection, live: Path, source: Source, now: State
) -> State | None:
    """The live copy's state when changes can go on top of it; attaches the copy as `live`."""
    if not live.exists():
        return None
    try:
        build.execute(f"attach '{live}' as live (read_only)").fetchall()
        [row] = build.execute("select low_xid, cluster, digest from live.sync_state").fetchall()
    except (duckdb.Error, ValueError) as problem:
        log.warning("copy_unreadable", problem=str(problem))
        return None
    before = State(*row)
    same = (before.cluster, before.digest) == (now.cluster, now.digest)
    if not same or before.low_xid > now.low_xid or postgres.truncated(source, before.low_xid):
        return None
    return before


def _copy_table(
    build: duckdb.DuckDBPyConnection, source: Source, table: Table, before: State | None
) -> Copied:
    """Copy a table whole, or the live one's rows with what changed since on top."""
    columns = ", ".join(f"{name} {kind}" for name, kind in table.columns.items())
    build.execute(f"create table {table.name} ({columns})").fetchall()
    if before is None or not table.tracked:
        postgres.load_all(source, build, table, table.name)
        rows = _count(build, table.name)
        return Copied(table.name, rows, rows, 0)
    gone = postgres.deleted_keys(source, table, before.low_xid)
    postgres.load_changed(source, build, table, table.name, before.low_xid)
    changed = _count(build, table.name)
    known = _count(build, f"live.{table.name}")
    build.execute(
        f"insert into {table.name} select * from live.{table.name} old where not exists"
        f" (select 1 from {table.name} fresh where fresh.{table.key} = old.{table.key})"
        f" and {table.key} not in (select unnest(?::bigint[]))",
        [gone],
    ).fetchall()
    rows = _count(build, table.name)
    inserted = _new_keys(build, table, before)
    return Copied(table.name, rows, changed, known + inserted - rows)


def _new_keys(build: duckdb.DuckDBPyConnection, table: Table, before: State) -> int:
    assert before.low_xid >= 0
    [(count,)] = build.execute(
        f"select count(*) from {table.name} fresh where not exists"
        f" (select 1 from live.{table.name} old where old.{table.key} = fresh.{table.key})"
    ).fetchall()
    return int(count)


def _count(build: duckdb.DuckDBPyConnection, table: str) -> int:
    [(count,)] = build.execute(f"select count(*) from {table}").fetchall()
    return int(count)


def _detach_live(build: duckdb.DuckDBPyConnection) -> None:
    build.execute("detach database if exists live").fetchall()


def compute(build: Build) -> None:
    """Make calendar, rates and models of the copied rows. Raises BuildRefused."""
    check_rows(build)
    connection = build.connection
    try:
        ship_calendar(connection, *range_of_facts(connection, build.today), build.today)
        ship_rates(connection, build.reporting_currency)
        build_models(connection, NATIVE)
        _choose_currencies(build)
        build_models(connection, REPORTED)
    except duckdb.Error as problem:
        raise BuildRefused("models_run", f"The figures cannot be computed: {problem}") from problem
    check_models(build)


def _choose_currencies(build: Build) -> None:
    """Figures are made ready in the reporting currency and EUR, and while the copy is small in
    every currency in use, as far as all rates are known; others are computed when asked for."""
    connection = build.connection
    [(size,)] = connection.execute(
        "select (select count(*) from subscription_spans) * (select count(*) from periods)"
    ).fetchall()
    small = size <= SMALL_COPY
    connection.execute(
        """
        create or replace table reporting_currencies as
        with wanted as (
          select $reporting as reporting_currency
          union select $base
          union select currency from currency_days where $small
        )
        select w.reporting_currency from wanted w
        where w.reporting_currency = $reporting or not exists (
          select 1 from currency_days u
          left join fx_daily f on f.day = u.day and f.currency = u.currency
            and f.reporting_currency = w.reporting_currency
          where f.rate is null
        )
        """,
        {"reporting": build.reporting_currency, "base": BASE, "small": small},
    ).fetchall()


def sign(build: Build, state: State, mode: str, now: datetime) -> None:
    """Write into the copy which run made it, when, and from where the next one continues."""
    build.connection.execute(
        "create table sync_state as select ?::ubigint as low_xid, ? as cluster, ? as digest",
        [state.low_xid, state.cluster, state.digest],
    ).fetchall()
    build.connection.execute(
        "create table copy_info as select ? as run_id, ? as published_at, ? as mode,"
        " ?::date as as_of, ? as reporting_currency,"
        " (select max(day) from calendar_days) as known_until, ?::varchar as warning",
        [
            str(uuid.uuid4()), now.isoformat(), mode, build.today, build.reporting_currency,
            misdated(build),
        ],
    ).fetchall()
