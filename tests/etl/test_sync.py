"""Full and incremental sync: nothing missing, stale or left over; what is secret stays behind."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from core.errors import DatabaseUnavailable
from core.settings import ROOT, Settings
from etl import pipeline
from etl.extract import postgres
from etl.publish import SyncRunning, only_sync
from etl.tables import TABLES
from etl.warehouse import Warehouse
from tests.etl.books import NOW, Books, insert

JANUARY = date(2026, 1, 1)
COST = {"month": "2026-01-01", "category": "x", "currency": "EUR", "created_at": NOW}


@pytest.fixture
def books(database_url: str) -> Books:
    """A few rows in most tables."""
    made = Books()
    made.rate("2026-01-01", "SEK", "0.0912345678")
    tenant = made.tenant("ada", "SE", "SEK")
    made.subscription(tenant, ("2026-01-05", "active", 10_000), currency="SEK")
    invoice = made.invoice(tenant, "2026-01-05", ("pro", 10_000), currency="SEK")
    made.payment(tenant, "2026-01-10", 4_000, invoice, currency="SEK")
    made.cost("2026-01-01", 'salaries; "quoted", å\n\\N', 12_345)
    made.into_postgres(database_url)
    return made


def in_postgres(url: str, table: str) -> list[tuple[Any, ...]]:
    names = ", ".join(next(t for t in TABLES if t.name == table).columns)
    with psycopg.connect(url) as db:
        db.execute("set timezone = 'UTC'")
        return db.execute(f"select {names} from {table} order by 1").fetchall()


def in_copy(settings: Settings, table: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(settings.copy_path), read_only=True) as copy:
        copy.execute("set timezone = 'UTC'")
        return copy.execute(f"select * from {table} order by 1").fetchall()


def assert_equal_copies(url: str, settings: Settings) -> None:
    for table in TABLES:
        assert in_copy(settings, table.name) == in_postgres(url, table.name), table.name


def by_name(answer: dict[str, Any], table: str) -> dict[str, Any]:
    return next(row for row in answer["tables"] if row["name"] == table)


def test_full_copy_equals_the_source(books: Books, database_url: str, settings: Settings) -> None:
    answer = pipeline.sync(settings, database_url, now=NOW)
    assert answer["mode"] == "full"
    assert by_name(answer, "cost") == {"name": "cost", "rows": 1, "changed": 1, "deleted": 0}
    assert_equal_copies(database_url, settings)


def test_csv_copies_the_same_where_adbc_is_missing(
    books: Books, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "adbc", lambda: None)
    pipeline.sync(settings, database_url, now=NOW)
    assert_equal_copies(database_url, settings)
    with psycopg.connect(database_url) as db:
        db.execute("update cost set amount_minor = 1")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"
    assert_equal_copies(database_url, settings)


def test_second_sync_fetches_only_what_changed(
    books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    idle = pipeline.sync(settings, database_url, now=NOW)
    assert idle["mode"] == "incremental"
    assert all(t["changed"] == t["deleted"] == 0 for t in idle["tables"] if t["name"] != "account")
    with psycopg.connect(database_url) as db:
        db.execute("update tenant set name = 'Renamed'")
        db.execute("delete from cost")
        insert(db, "cost", {"id": 77, "amount_minor": 5, **COST})
    answer = pipeline.sync(settings, database_url, now=NOW)
    assert by_name(answer, "tenant")["changed"] == 1
    assert by_name(answer, "cost") == {"name": "cost", "rows": 1, "changed": 1, "deleted": 1}
    assert_equal_copies(database_url, settings)


def test_a_count_that_begins_late_still_sees_the_snapshot(
    books: Books, database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The changes of a small company are read before the counting connection stands."""
    pipeline.sync(settings, database_url, now=NOW)
    read = threading.Event()
    count, load = pipeline.count_source, pipeline.fetch_changes

    def late(*given: Any) -> Any:
        read.wait()
        return count(*given)

    def told(*given: Any) -> Any:
        try:
            return load(*given)
        finally:
            read.set()

    monkeypatch.setattr(pipeline, "count_source", late)
    monkeypatch.setattr(pipeline, "fetch_changes", told)
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"


def test_truncated_table_is_copied_whole(
    books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    with psycopg.connect(database_url) as db:
        db.execute("truncate cost")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"
    assert in_copy(settings, "cost") == []


@pytest.mark.parametrize("change", ["cluster", "digest", "low_xid"])
def test_copy_of_another_source_or_definition_is_made_anew(
    change: str, books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    with duckdb.connect(str(settings.copy_path)) as copy:
        other = "18446744073709551615" if change == "low_xid" else "'another'"
        copy.execute(f"update sync_state set {change} = {other}")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"


def _write(url: str, seed: int, stop: threading.Event) -> None:
    """Insert, change, delete and insert again, committing late, sometimes not at all."""
    chance = random.Random(seed)  # noqa: S311
    with psycopg.connect(url) as db:
        while not stop.is_set():
            number = chance.randrange(1_000 * seed, 1_000 * seed + 40)
            db.execute("select set_config('app.scope', 'platform', true)")
            known = db.execute("select 1 from cost where id = %s", [number]).fetchone()
            if not known:
                insert(
                    db,
                    "cost",
                    {
                        "id": number,
                        "nth": number,
                        "amount_minor": chance.randrange(9_999),
                        **COST,
                    },
                )
            elif chance.random() < 0.4:
                db.execute("delete from cost where id = %s", [number])
            else:
                db.execute(
                    "update cost set amount_minor = %s where id = %s",
                    [chance.randrange(9_999), number],
                )
            time.sleep(chance.random() * 0.3)
            if chance.random() < 0.15:
                db.rollback()
            else:
                db.commit()


@contextmanager
def writers(url: str, count: int) -> Iterator[None]:
    stop = threading.Event()
    threads = [
        threading.Thread(target=_write, args=(url, seed, stop)) for seed in range(1, count + 1)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_sync_beside_writers_misses_and_keeps_nothing_wrong(
    books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    with writers(database_url, 5):
        deadline = time.monotonic() + 6
        while time.monotonic() < deadline:
            assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"
    pipeline.sync(settings, database_url, now=NOW)
    assert in_copy(settings, "cost") == in_postgres(database_url, "cost")
    assert len(in_copy(settings, "cost")) > 20


def test_readers_see_whole_copies_in_order_while_copies_are_published(
    books: Books, database_url: str, settings: Settings
) -> None:
    def publish_step(step: int) -> None:
        with psycopg.connect(database_url) as db:
            db.execute("update cost set amount_minor = %s", [1_000 + step])
        pipeline.sync(settings, database_url, now=NOW + timedelta(minutes=step))

    def read() -> Iterator[int]:
        while not stop.is_set():
            reading = wh.reading()
            [spent] = reading.ask("cash", currency="EUR", first_month=JANUARY, last_month=JANUARY)[
                "costs_minor"
            ]
            step = (reading.info().published_at - NOW) // timedelta(minutes=1)
            assert spent == 1_000 + step, "a mixed copy"
            yield step

    publish_step(0)
    wh, stop = Warehouse(settings), threading.Event()
    with ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(lambda: list(read())) for _ in range(4)]
        for step in range(1, 7):
            publish_step(step)
        stop.set()
        for reader in readers:
            steps = reader.result()
            assert steps == sorted(steps)
            assert len(set(steps)) > 1
    assert wh.info().published_at == NOW + timedelta(minutes=6)


def test_no_forbidden_value_is_in_the_file(
    books: Books, database_url: str, settings: Settings
) -> None:
    secret = "zZforbiddenZz"
    allowed = {(t.name, column) for t in TABLES for column in t.columns}
    with psycopg.connect(database_url) as db:
        user = db.execute(
            "insert into app_user (email, name, password_hash, created_at)"
            " values (%s, %s, %s, now()) returning id",
            [f"{secret.lower()}@example.com", secret, secret],
        ).fetchone()
        assert user
        statement = db.execute(
            "insert into bank_statement (account, statement_ref, format, currency, booked_on,"
            " file_sha256, status, imported_at) values ('a', '1', 'camt', 'EUR', '2026-01-01',"
            " %s, 'imported', now()) returning id",
            [secret.encode()],
        ).fetchone()
        assert statement
        insert(
            db,
            "bank_transfer",
            {
                "statement_id": statement[0],
                "account": "a",
                "bank_ref": "1",
                "currency": "EUR",
                "amount_minor": 5,
                "booked_on": "2026-01-01",
            },
        )
        _fill_texts(db, secret, allowed)
    pipeline.sync(settings, database_url, now=NOW)
    for path in settings.copy_path.parent.iterdir():
        content = path.read_bytes()
        assert secret.encode() not in content, path.name
        assert secret.lower().encode() not in content, path.name
    with duckdb.connect(str(settings.copy_path), read_only=True) as copy:
        kept = {t for (t,) in copy.execute("select table_name from duckdb_tables()").fetchall()}
    assert not kept & {
        "app_user",
        "user_session",
        "login_attempt",
        "user_role",
        "role",
        "role_permission",
        "audit_event",
        "idempotency_key",
        "sync_tombstone",
    }


def _fill_texts(db: psycopg.Connection[Any], secret: str, allowed: set[tuple[str, str]]) -> None:
    """Put the secret into every free text that the allow-list does not name.

    What the database makes of another column holds it then as well.
    """
    found = db.execute(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'public' and data_type = 'text' and is_generated = 'NEVER'"
    ).fetchall()
    filled = 0
    for table, column in found:
        if table in {t.name for t in TABLES} and (table, column) not in allowed:
            db.execute("set local session_replication_role = replica")
            db.execute(f'update {table} set "{column}" = %s', [secret])
            filled += 1
    assert filled > 10


def test_sync_killed_at_any_moment_leaves_the_last_good_copy(
    books: Books, database_url: str, settings: Settings
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path\n"
        "from core.settings import Settings; from etl.pipeline import sync\n"
        "settings = Settings(_env_file=None, SALDO_HOME=Path(sys.argv[1])); print('ready')\n"
        "while True: sync(settings, sys.argv[2], now=datetime.now(UTC), full=True)\n"
    )
    chance = random.Random(1)  # noqa: S311
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-uc", program, str(settings.home), database_url],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        ) as run:
            assert run.stdout
            assert run.stdout.readline() == b"ready\n"
            time.sleep(0.05 + chance.random())
            run.kill()
        assert Warehouse(settings).ask("published_currencies").height
    pipeline.sync(settings, database_url, now=NOW)
    assert_equal_copies(database_url, settings)
    assert not list(settings.copy_path.parent.glob("build-*"))


def test_host_that_hides_the_clusters_number_is_synced(
    books: Books, database_url: str, settings: Settings
) -> None:
    with psycopg.connect(database_url) as db:
        db.execute("revoke execute on function pg_control_system() from public")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"


def test_unreachable_database_is_named_as_such(settings: Settings) -> None:
    with pytest.raises(DatabaseUnavailable):
        pipeline.sync(settings, "postgresql://nobody@/none?host=/nowhere", now=NOW)


def test_only_one_sync_runs_at_a_time(books: Books, database_url: str, settings: Settings) -> None:
    with only_sync(settings.copy_path), pytest.raises(SyncRunning):
        pipeline.sync(settings, database_url, now=NOW)
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"


def test_leftovers_of_a_killed_run_are_removed(
    books: Books, database_url: str, settings: Settings
) -> None:
    folder = settings.copy_path.parent
    folder.mkdir(parents=True)
    (folder / "build-dead.duckdb").write_text("half")
    (folder / "build-dead.spill").mkdir()
    (folder / "build-dead.spill" / "x.tmp").write_text("spilled")
    (folder / "build-dead.duckdb.wal").write_text("half")
    pipeline.sync(settings, database_url, now=NOW)
    assert sorted(path.name for path in folder.iterdir()) == ["saldo.duckdb", "saldo.lock"]


def test_unreadable_copy_is_replaced(books: Books, database_url: str, settings: Settings) -> None:
    settings.copy_path.parent.mkdir(parents=True)
    Path(settings.copy_path).write_bytes(b"no database at all")
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "full"
