"""One sync, top to bottom: snapshot → copy → calendar and rates → models → checks → publish."""

import contextlib
import shutil
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa
import structlog

from core.clock import local_date
from core.errors import SaldoError
from core.settings import Settings
from etl.check import (
    Build,
    BuildRefused,
    check_models,
    check_rows,
    misdated,
    movements_add_up,
    rows_and_sums,
    views_agree,
)
from etl.days import eve, last_day, range_of_facts, ship, ship_calendar
from etl.delta import differences, few
from etl.extract import postgres
from etl.extract.postgres import Source
from etl.load import (
    COPY,
    LAST,
    Copied,
    count_source,
    cursor,
    fetch_changes,
    load_whole,
    put_changes,
)
from etl.publish import (
    clear_problem,
    flush,
    new_build,
    not_written,
    note_problem,
    only_sync,
    publish,
    remove_leftovers,
)
from etl.rates import BASE, ship_rates, with_rates
from etl.refresh import GLOBAL, refresh_models
from etl.spark.making import on_spark
from etl.tables import ALLOW_LIST_DIGEST
from etl.transform import NATIVE, REPORTED, Maker, build_models, models_digest

log = structlog.get_logger()
NEVER = "1TiB"
"""Log size at which a build would write itself out before its end; it does so once, when done."""
NO_VACUUM = 0
"""Room that deleted rows leave is given back by the nightly full copy, not by every small one."""
SMALL_COPY = 500_000
"""Subscription states times months up to which all currencies in use are made ready."""
Engine = Literal["duckdb", "spark"]
Making = Callable[[], AbstractContextManager[Maker]]
"""Gives what makes models, for as long as they are being made."""
_MENDED_BY_A_FULL_COPY = {
    check.__name__ for check in (rows_and_sums, movements_add_up, views_agree)
}


@dataclass(frozen=True, slots=True)
class State:
    """Where the live copy stands."""

    low_xid: int
    cluster: str
    digest: str


def state_of(live: Path) -> State | None:
    """Where a published copy stands; None when there is none that can be read."""
    try:
        with duckdb.connect(str(live), read_only=True) as copy:
            [row] = copy.execute("select low_xid, cluster, digest from sync_state").fetchall()
    except (duckdb.Error, ValueError):
        return None
    return State(*row)


def sync(
    settings: Settings,
    url: str,
    *,
    now: datetime,
    full: bool = False,
    engine: Engine | None = None,
) -> dict[str, Any]:
    """Bring the analytics copy up to date and publish it; the JSON of `saldo sync`.

    The engine makes all figures anew when that is needed, Spark when the settings name a cluster;
    a few changes are always brought up by DuckDB. Raises BuildRefused when a check failed (the last
    good copy stays), CopyNotWritten when the disk is full, SyncRunning when another sync runs,
    DatabaseUnavailable when the source does not answer, SparkMissing, JavaMissing or
    SparkUnavailable when Spark does not.
    """
    began = time.monotonic()
    live = settings.copy_path
    chosen: Engine = engine or ("spark" if settings.spark_url else "duckdb")
    making = partial(on_spark, settings) if chosen == "spark" else on_duckdb
    with only_sync(live):
        remove_leftovers(live)
        try:
            done = _run(settings, url, now, full, making)
        except SaldoError as refusal:
            check = refusal.check if isinstance(refusal, BuildRefused) else refusal.code
            note_problem(live, now, check, str(refusal))
            log.warning("sync_refused", check=check, problem=str(refusal))
            raise
        finally:
            remove_leftovers(live)
        clear_problem(live)
    return {
        "mode": done.mode,
        "engine": chosen if done.anew else "duckdb",
        "tables": [
            {"name": c.name, "rows": c.rows, "changed": c.changed, "deleted": c.deleted}
            for c in done.tables
        ],
        "published_at": now.isoformat(),
        "seconds": round(time.monotonic() - began, 3),
    }


def on_duckdb() -> AbstractContextManager[Maker]:
    """What makes models in the build itself."""
    return contextlib.nullcontext(build_models)


@dataclass(frozen=True, slots=True)
class _Published:
    """What a run did to the tables, and whether it made all figures anew."""

    mode: str
    tables: list[Copied]
    anew: bool


def _run(settings: Settings, url: str, now: datetime, full: bool, making: Making) -> _Published:
    """One build; changes that do not lead to what the source holds are given up for a full copy."""
    try:
        return _build_and_publish(settings, url, now, full, making)
    except BuildRefused as refusal:
        if full or refusal.check not in _MENDED_BY_A_FULL_COPY:
            raise
        log.warning("changes_incomplete", problem=str(refusal))
        return _build_and_publish(settings, url, now, True, making)
    except duckdb.Error as problem:
        raise BuildRefused("copy_made", f"The copy cannot be made: {problem}") from problem
    except OSError as problem:
        raise not_written(problem) from problem


def _build_and_publish(
    settings: Settings, url: str, now: datetime, full: bool, making: Making
) -> _Published:
    live = settings.copy_path
    path = new_build(live)
    today = local_date(now, settings.billing_timezone)
    with ThreadPoolExecutor(2) as pool, contextlib.ExitStack() as stack:
        copying = None if full or not live.exists() else pool.submit(shutil.copyfile, live, path)
        build = stack.enter_context(_workshop(path, settings))
        with postgres.snapshot(url, live.parent) as source:
            low_xid, cluster = postgres.position(source)
            state = State(low_xid, cluster, f"{ALLOW_LIST_DIGEST}:{models_digest()}")
            before = None
            if copying is not None:
                shared = postgres.exported(source)
                joined = threading.Event()
                counting = pool.submit(count_source, url, live.parent, shared, joined)
                before = _state_to_continue(build, live, source, state)
                if before is not None:
                    gone = fetch_changes(build, source, before.low_xid)
                copying.result()
                build.execute(f"detach database if exists {LAST}").fetchall()
            if before is None:
                path.unlink(missing_ok=True)
                _open(build, path)
                loaded = load_whole(build, source, url, live.parent)
            else:
                pool.submit(flush, path)
                _open(build, path)
                loaded = put_changes(build, gone, counting)
                joined.wait()
        mode = "full" if before is None else "incremental"
        made = Build(build, loaded.source, settings.reporting_currency, today, loaded.changed)
        anew = compute(made, making)
        sign(made, state, mode, now)
        build.execute("checkpoint").fetchall()
        pool.submit(flush, path)
    publish(path, live)
    return _Published(mode, loaded.tables, anew)


def open_build(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """A new database file within the memory and threads the transforms may use."""
    build = _workshop(path, settings)
    _open(build, path)
    return build


def _open(build: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach a build's file; without a log, as one that was not finished is thrown away."""
    place = str(path).replace("'", "''")
    build.execute(f"attach '{place}' as {COPY} (recovery_mode no_wal_writes)").fetchall()
    build.execute(f"use {COPY}").fetchall()


def _workshop(path: Path, settings: Settings) -> duckdb.DuckDBPyConnection:
    """An engine for a build, without its file."""
    build = duckdb.connect(
        config={
            "memory_limit": settings.duckdb_memory,
            "threads": settings.duckdb_threads,
            "temp_directory": str(path.with_suffix(".spill")),
            "preserve_insertion_order": False,
            "checkpoint_threshold": NEVER,
            "max_vacuum_tasks": NO_VACUUM,
        },
    )
    build.execute("set timezone = 'UTC'").fetchall()
    return build


def _state_to_continue(
    build: duckdb.DuckDBPyConnection, live: Path, source: Source, now: State
) -> State | None:
    """The state of the live copy when changes can go on top of it, else None; attached as LAST."""
    place = str(live).replace("'", "''")
    try:
        build.execute(f"attach '{place}' as {LAST} (read_only)").fetchall()
        [row] = build.execute(f"select low_xid, cluster, digest from {LAST}.sync_state").fetchall()
        before = State(*row)
    except (duckdb.Error, ValueError) as problem:
        log.warning("copy_unreadable", problem=str(problem))
        return None
    return before if _continues(before, source, now) else None


def _continues(before: State, source: Source, now: State) -> bool:
    """Whether nothing happened since a state that only a full copy can follow."""
    same = (before.cluster, before.digest) == (now.cluster, now.digest)
    if not same or before.low_xid > now.low_xid:
        return False
    return not any(postgres.buried_tables(source, before.low_xid).values())


def compute(build: Build, making: Making = on_duckdb) -> bool:
    """Bring calendar, rates and models up to the copied rows; whether all were made anew.

    Raises BuildRefused, and what `making` raises.
    """
    with ThreadPoolExecutor(1) as pool:
        aside = replace(build, connection=cursor(build.connection))
        moved = pool.submit(_frame_moved, aside) if build.changed is not None else None
        check_rows(build)
        try:
            anew = moved is None or not _refreshed(build, moved)
            if anew:
                _make_all(build, making)
        except duckdb.Error as problem:
            words = f"The figures cannot be computed: {problem}"
            raise BuildRefused("models_run", words) from problem
    check_models(build)
    return anew


def _refreshed(build: Build, moved: Future[bool]) -> bool:
    """Whether it was enough to bring the figures of the tenants with changes up to date."""
    connection, changed = build.connection, build.changed or frozenset()
    if changed & GLOBAL:
        return False
    changes = differences(connection, changed)
    if moved.result():
        return False
    if not changes:
        return True
    if not few(connection, changes):
        return False
    refresh_models(connection, changes)
    ready = connection.execute("select reporting_currency from reporting_currencies").fetchall()
    return _currencies_to_ready(build) == {code for (code,) in ready}


def _frame_moved(build: Build) -> bool:
    return _frame(build) != _frame_before(build)


def _frame(build: Build) -> tuple[object, ...]:
    """What all figures share: days known, the day looked from, currencies with rates."""
    first, last = range_of_facts(build.connection, build.today)
    days = (eve(first), last_day(last))
    return (
        *days,
        build.today,
        build.reporting_currency,
        (with_rates(build.connection) | {build.reporting_currency, BASE}),
    )


def _frame_before(build: Build) -> tuple[object, ...]:
    [days] = build.rows("select min(day), max(day) from calendar_days")
    [info] = build.rows("select as_of, reporting_currency from copy_info")
    found = build.rows("select distinct currency from fx_daily")
    return *days, *info, {code for (code,) in found}


def _make_all(build: Build, making: Making) -> None:
    connection = build.connection
    ship_calendar(connection, *range_of_facts(connection, build.today), build.today)
    ship_rates(connection, build.reporting_currency)
    with making() as make:
        make(connection, NATIVE)
        ship(
            connection,
            "reporting_currencies",
            {
                "reporting_currency": pa.array(sorted(_currencies_to_ready(build)), pa.string()),
            },
        )
        make(connection, REPORTED)


def _currencies_to_ready(build: Build) -> set[str]:
    """Figures are made ready in the reporting currency and EUR, and while the copy is small in
    every currency in use, as far as all rates are known; others are computed when asked for."""
    connection = build.connection
    [(size,)] = connection.execute(
        "select (select count(*) from subscription_spans) * (select count(*) from periods)"
    ).fetchall()
    small = size <= SMALL_COPY
    found = connection.execute(
        """
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
    return {code for (code,) in found}


def sign(build: Build, state: State, mode: str, now: datetime) -> None:
    """Write into the copy which run made it, when, and from where the next one continues."""
    build.connection.execute(
        "create or replace table sync_state as"
        " select ?::ubigint as low_xid, ? as cluster, ? as digest",
        [state.low_xid, state.cluster, state.digest],
    ).fetchall()
    build.connection.execute(
        "create or replace table copy_info as select ? as run_id, ? as published_at, ? as mode,"
        " ?::date as as_of, ? as reporting_currency,"
        " (select max(day) from calendar_days) as known_until, ?::varchar as warning",
        [
            str(uuid.uuid4()),
            now.isoformat(),
            mode,
            build.today,
            build.reporting_currency,
            misdated(build),
        ],
    ).fetchall()
