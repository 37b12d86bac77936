"""Ad-hoc SQL: what is refused, what is killed, what works, and what a role's copy holds."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import duckdb
import pytest

from core.settings import ROOT, Settings
from etl.publish import CopyNotWritten
from etl.sandbox import child, copies
from etl.sandbox.copies import KEPT, WANTED_SECONDS, copy_for, keep_ready, tables_in
from etl.sandbox.dictionary import described, hidden, visible, words
from etl.sandbox.engine import Answer, Held, run
from etl.sandbox.gate import Refused, gate
from tests.etl.honest import HONEST
from tests.etl.sandbox import BOMBS, REFUSED
from tests.journeys.company import small_company

ANALYST = frozenset({"analytics.sql", "analytics.read"})
CONFINED = """
import json, os, socket, sys
from etl.sandbox import child
child._leave_network()
child._limit(5, 64)
def outcome(act):
    try:
        act()
    except Exception as problem:
        return type(problem).__name__
    return "done"
print(json.dumps({
    "user": os.getuid(), "groups": os.getgroups(), "environment": dict(os.environ),
    "interfaces": [name for _, name in socket.if_nameindex()],
    "network": outcome(lambda: socket.create_connection((sys.argv[1], int(sys.argv[2])), 2)),
    "file": outcome(lambda: open(sys.argv[3], "wb").write(b"x")),
    "process": outcome(os.fork),
    "files": outcome(lambda: [os.dup(0) for _ in range(64)]),
    "memory": outcome(lambda: bytearray(1 << 30)),
}))
"""
"""Says from within what a process that has confined itself as the child does may still do."""
LONGEST_SECONDS = 15
MOST_MB = 2048


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A home with the copy of a small company."""
    made = Settings(
        _env_file=None, SALDO_HOME=tmp_path_factory.mktemp("home"), SALDO_SQL_SECONDS=13
    )
    small_company(tenants=12).published(made)
    return made


@pytest.fixture(scope="module")
def copy(settings: Settings) -> Path:
    """What an analyst may see of it."""
    return copy_for(settings, ANALYST)


def asked(copy: Path, settings: Settings, sql: str) -> Answer:
    return run(copy, tables_in(copy), sql, settings, Held())


def passes(copy: Path, sql: str) -> None:
    with duckdb.connect() as parser:
        gate(parser, sql, frozenset(tables_in(copy)))


def named(sql: str) -> str:
    return ascii(sql[:50]).strip("'\"").replace("/", "|")


@pytest.mark.parametrize("sql", REFUSED, ids=named)
def test_whatever_is_no_query_over_the_roles_tables_is_refused_in_words(
    copy: Path, sql: str
) -> None:
    with pytest.raises(Refused) as refusal:
        passes(copy, sql)
    assert len(str(refusal.value)) > 20
    assert str(copy.parent) not in str(refusal.value)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("select *\nfrom read_text('/etc/passwd')", "'read_text'"),
        (
            "select id,\n  getenv('HOME')\nfrom invoice",
            "'getenv' is not allowed (line 2, column 3)",
        ),
        ("select * from users", "'users' here (line 1, column 15)"),
        ("select 1; select 2", "2 statements"),
        ("attach 'x'", "not attach"),
        ("with x as (delete from invoice returning *) from x", "a write (delete)"),
        ("pivot invoice on status using count(*)", "values listed"),
    ],
)
def test_a_refusal_says_what_and_where(copy: Path, sql: str, words: str) -> None:
    with pytest.raises(Refused) as refusal:
        passes(copy, sql)
    assert words in str(refusal.value)


@pytest.mark.parametrize("sql", BOMBS.values(), ids=list(BOMBS))
def test_a_bomb_is_ended_in_time_and_within_its_memory(
    copy: Path, settings: Settings, sql: str
) -> None:
    began = time.monotonic()
    answer = asked(copy, settings.model_copy(update={"sql_seconds": 2}), sql)
    assert time.monotonic() - began < LONGEST_SECONDS
    assert answer.outcome in ("killed", "failed", "refused")
    assert answer.problem
    assert answer.peak_mb < MOST_MB
    assert asked(copy, settings, "select 1").rows == 1


@pytest.mark.parametrize(
    "sql",
    [
        "select * from range(1000000000000)",
        "select * from invoice a, invoice b, invoice c, tenant d",
    ],
)
def test_an_endless_result_is_cut_at_the_limit_and_says_so(
    copy: Path, settings: Settings, sql: str
) -> None:
    answer = asked(copy, settings, sql)
    assert (answer.outcome, answer.rows, answer.more) == ("done", settings.sql_rows, True)


def test_a_wide_result_is_cut_at_its_size(copy: Path, settings: Settings) -> None:
    small = settings.model_copy(update={"sql_result_mb": 1})
    answer = asked(copy, small, "select repeat('x', 1000) from range(10000)")
    assert answer.outcome == "done"
    assert answer.more
    assert 0 < answer.rows < 1_100
    assert asked(copy, small, "select repeat('x', 2000000)").outcome == "failed"


@pytest.mark.parametrize(("sql", "rows"), HONEST, ids=[named(sql) for sql, _ in HONEST])
def test_what_analysts_ask_passes_and_is_answered(
    copy: Path, sql: str, rows: list[tuple[object, ...]] | None
) -> None:
    passes(copy, sql)
    with duckdb.connect(str(copy), read_only=True) as engine:
        found = engine.sql(sql)
        shown = found.project(", ".join(child._shown([str(kind) for kind in found.dtypes])))
        answer = shown.to_arrow_reader(child.BATCH).read_all().to_pylist()
    if rows is not None:
        assert [tuple(str(cell) for cell in row.values()) for row in answer] == [
            tuple(str(cell) for cell in row) for row in rows
        ]


def test_an_answer_keeps_names_types_and_whole_numbers(copy: Path, settings: Settings) -> None:
    answer = asked(
        copy,
        settings,
        "select 1 as a, sum(n) as a, 1.5::double as share, date '2026-01-31' as day, "
        "[1, 2] as list, null as nothing, 10::hugeint ** 30 as huge from range(4) r(n)",
    )
    assert answer.outcome == "done", answer.problem
    assert answer.frame.columns == ["a", "a_2", "share", "day", "list", "nothing", "huge"]
    assert answer.types[:2] == ("INTEGER", "HUGEINT")
    row = answer.frame.row(0)
    assert row[:3] == (1, 6, 1.5)
    assert isinstance(row[1], int)
    assert str(row[3]) == "2026-01-31"
    assert row[4] == "[1, 2]"
    assert row[5] is None


def test_a_failing_query_says_why_without_paths(copy: Path, settings: Settings) -> None:
    answer = asked(copy, settings, "select nothing from invoice")
    assert answer.outcome == "failed"
    assert "nothing" in str(answer.problem)
    assert "/" not in str(answer.problem)
    assert asked(copy, settings, "select cast(name as int) from tenant").outcome == "failed"


def test_a_query_is_refused_in_the_child_too(copy: Path, settings: Settings) -> None:
    answer = asked(copy, settings, "select * from read_text('/etc/passwd')")
    assert (answer.outcome, answer.rows) == ("refused", 0)
    assert "read_text" in str(answer.problem)


@pytest.mark.parametrize(
    "sql",
    [
        "select * from read_text('/etc/passwd')",
        "select * from '/etc/passwd'",
        "select * from glob('/etc/*')",
        "copy (select 1) to '/tmp/saldo-sandbox-test.csv'",
        "attach '/tmp/saldo-sandbox-test.db' as x",
        "install httpfs",
        "load httpfs",
        "set memory_limit = '100GB'",
        "set enable_external_access = true",
        "create table x as select 1",
        "delete from tenant",
        "select * from settings",
    ],
)
def test_without_the_gate_the_engine_still_refuses(
    copy: Path, settings: Settings, sql: str
) -> None:
    with child._open(str(copy), 256) as engine, pytest.raises(duckdb.Error):
        engine.execute(sql).fetchall()


def test_the_child_has_neither_network_nor_rights_nor_room(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        host, port = server.getsockname()
        told = subprocess.run(
            [sys.executable, "-c", CONFINED, host, str(port), str(tmp_path / "file")],
            cwd=ROOT,
            env={"SECRET": "x"},
            capture_output=True,
            check=True,
        ).stdout
    may = json.loads(told)
    assert may["environment"] == {}
    assert (may["files"], may["memory"]) == ("OSError", "MemoryError")
    assert may["file"] in ("OSError", "PermissionError")
    assert not (tmp_path / "file").exists() or not (tmp_path / "file").read_bytes()
    assert may["process"] == "BlockingIOError"
    if os.geteuid() == child.ROOT:
        assert (may["user"], may["groups"]) == (child.NOBODY, [])
    if leaves_network():
        assert may["interfaces"] == ["lo"]
        assert may["network"] != "done"


def leaves_network() -> bool:
    """Whether this system lets a process have a network of its own."""
    act = (
        "import ctypes; c = ctypes.CDLL(None); "
        f"raise SystemExit(c.unshare({child._NEW_NETWORK}) "
        f"and c.unshare({child._NEW_USER | child._NEW_NETWORK}) and 1)"
    )
    return subprocess.run([sys.executable, "-c", act], check=False).returncode == 0


def test_a_query_can_be_cancelled_and_its_process_is_gone(copy: Path, settings: Settings) -> None:
    held, answers = Held(), []
    asking = threading.Thread(
        target=lambda: answers.append(
            run(copy, tables_in(copy), BOMBS["recursion without end"], settings, held)
        )
    )
    asking.start()
    while held._process is None:
        os.sched_yield()
    process = held._process.pid
    held.cancel()
    asking.join()
    assert [answer.outcome for answer in answers] == ["cancelled"]
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)


def test_a_query_cancelled_before_it_starts_never_starts(copy: Path, settings: Settings) -> None:
    held = Held()
    held.cancel()
    answer = run(copy, tables_in(copy), "select 1", settings, held)
    assert (answer.outcome, held._process) == ("cancelled", None)


def test_a_roles_copy_holds_what_its_rights_open_and_nothing_else(settings: Settings) -> None:
    analyst = tables_in(copy_for(settings, ANALYST))
    finance = tables_in(copy_for(settings, ANALYST | {"billing.read"}))
    assert set(finance) - set(analyst) == {
        "accounting_entry",
        "bank_statement",
        "bank_transfer",
        "gateway_ledger_entry",
        "gateway_line",
        "gateway_payout",
        "ledger_transaction",
        "unmatched_bank_transfer",
    }
    assert not hidden() & set(finance)
    names = {column.name for column in analyst["refund"]}
    assert "provider_refund_id" not in names
    assert "provider_refund_id" in {column.name for column in finance["refund"]}
    assert tables_in(copy_for(settings, frozenset({"analytics.read", "billing.read"}))) == {}


def test_every_column_of_the_copy_is_described_and_no_other(settings: Settings) -> None:
    with duckdb.connect(str(settings.copy_path), read_only=True) as live:
        found = live.execute(
            "select table_name, column_name from duckdb_columns() where not internal"
        ).fetchall()
    everything = frozenset({"analytics.sql", "billing.read"})
    assert {table for table, _ in found} - hidden() == set(described())
    for table, column in found:
        if table not in hidden():
            assert words(table, column)
            assert visible(table, column, everything)
    for table, known in described().items():
        own = {column for name, column in found if name == table}
        assert set(known.columns) <= own
        assert set(known.guarded) <= own


def test_a_new_publish_leads_to_a_new_file_and_old_ones_go(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path)
    company = small_company(tenants=2)
    made = []
    for _ in range(KEPT + 2):
        company.published(settings)
        made.append(copy_for(settings, ANALYST))
        assert copy_for(settings, ANALYST) == made[-1]
    assert len(set(made)) == KEPT + 2
    assert sorted(made[-KEPT:]) == sorted(made[-1].parent.glob("*.duckdb"))


def test_what_a_killed_process_left_is_cleared(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path)
    small_company(tenants=2).published(settings)
    first = copy_for(settings, ANALYST)
    left = first.with_name(f"new-{first.stem}-x.duckdb")
    left.write_bytes(b"half")
    small_company(tenants=2).published(settings)
    copy_for(settings, ANALYST)
    assert not left.exists()


def test_after_a_sync_the_files_are_there_before_anybody_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path)
    small_company(tenants=2).published(settings)
    keep_ready(settings)
    made: list[object] = []
    monkeypatch.setattr(copies, "_make", lambda *given: made.append(given))
    for rights in (ANALYST, ANALYST | {"billing.read"}):
        assert copy_for(settings, rights).exists()
    assert made == []


def test_rights_nobody_asked_with_lately_cost_a_sync_nothing(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path)
    small_company(tenants=2).published(settings)
    keep_ready(settings)
    folder = settings.copy_path.parent / copies.FOLDER
    past = time.time() - WANTED_SECONDS - 1
    for mark in folder.glob("*.asked"):
        os.utime(mark, (past, past))
    copy_for(settings, ANALYST)
    small_company(tenants=2).published(settings)
    before = set(folder.glob("*.duckdb"))
    keep_ready(settings)
    assert set(folder.glob("*.duckdb")) - before == {copy_for(settings, ANALYST)}


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path)
    small_company(tenants=2).published(settings)

    def full(_settings: Settings, _rights: frozenset[str], fresh: Path) -> None:
        fresh.write_bytes(b"half")
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(copies, "_write", full)
    with pytest.raises(CopyNotWritten, match="No space left"):
        copy_for(settings, ANALYST)
    assert not list((settings.copy_path.parent / copies.FOLDER).glob("new-*"))
    keep_ready(settings)
