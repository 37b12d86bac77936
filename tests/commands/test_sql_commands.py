"""`saldo sql` and `saldo query …`: what is printed, what is refused, what is kept."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from core.adhoc.actions import ask_query
from core.settings import ROOT, Settings
from core.work import Office
from tests.billing import JOB
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.journeys.company import small_company

Saldo = Callable[..., Answer]
ENDLESS = "with recursive r(n) as (select 1 union all select n from r) select sum(n) from r"


@pytest.fixture
def asking(saldo: Saldo, settings: Settings) -> Saldo:
    """The command line over a published copy."""
    small_company(tenants=3).published(settings)
    return saldo


def test_words_in_brackets_are_printed_as_they_are(asking: Saldo) -> None:
    sql = "select 'Order [/x] of ACME [red] AB' as words"
    assert "Order [/x] of ACME [red] AB" in asking("sql", sql).out


def test_rows_are_printed_as_table_json_and_csv(asking: Saldo) -> None:
    sql = "select id, '=1+1' as name, sum(id) over () as s from tenant order by id limit 2"
    found = asking("sql", sql, "--json").json
    assert found.keys() == documented("saldo sql") - {"name", "type"}
    assert found["columns"][0] == {"name": "id", "type": "BIGINT"}
    assert (found["rows"], found["row_count"], found["more"]) == (
        [[1, "=1+1", 6], [2, "=1+1", 6]],
        2,
        False,
    )
    assert asking("sql", sql, "--csv").out == "id,name,s\n1,'=1+1,6\n2,'=1+1,6\n"
    assert "2 rows in" in asking("sql", "-", stdin=sql).out


def test_a_refusal_says_why_and_exits_with_1(asking: Saldo) -> None:
    refused = asking("sql", "from read_text('/etc/passwd')", "--json")
    assert refused.code == 1
    assert refused.json["code"] == "query_refused"
    assert "read_text" in refused.json["error"]
    assert "read_text" in refused.err
    assert asking("sql", "select 1", "--role", "cfo").code == 1


def test_queries_are_kept_changed_listed_and_removed(asking: Saldo, office: Office) -> None:
    email = a_user(office, "analyst").email
    kept = asking("query", "keep", "from tenant", "--name", "All", "--as", email, "--json").json
    assert kept.keys() == documented("saldo query keep")
    number = str(kept["id"])
    asking("query", "change", number, "from plan", "--name", "Plans", "--as", email)
    [listed] = asking("query", "list", "--as", email, "--json").json["queries"]
    assert (listed["name"], listed["sql"], listed["own"]) == ("Plans", "from plan", True)
    removed = asking("query", "remove", number, "--as", email, "--json").json
    assert removed == {"removed": kept["id"]}
    assert asking("query", "list", "--as", email, "--json").json == {"queries": []}


def test_what_was_asked_is_listed(asking: Saldo) -> None:
    asking("sql", "select 1")
    [run] = asking("query", "history", "--json").json["runs"]
    assert (run["sql"], run["outcome"], run["rows"]) == ("select 1", "done", 1)
    assert "select 1" in asking("query", "history").out


def test_a_question_asked_elsewhere_is_cancelled(asking: Saldo, office: Office) -> None:
    with office.work(JOB) as work:
        run = ask_query(work, "select 1").run_id
    found = asking("query", "cancel", str(run), "--json").json
    assert found == {"id": run, "outcome": "running"}
    assert "being ended" in asking("query", "cancel", str(run)).out
    assert asking("query", "cancel", "4711").code == 1


def test_ctrl_c_ends_the_query_and_what_ran_it(asking: Saldo) -> None:
    with running() as (command, child):
        command.send_signal(signal.SIGINT)
        out, _ = command.communicate(timeout=10)
    assert (command.returncode, json.loads(out)["code"]) == (130, "stopped")
    assert ended(child)
    [run] = asking("query", "history", "--json").json["runs"]
    assert run["outcome"] == "cancelled"


def test_a_command_that_is_killed_takes_its_query_along(asking: Saldo) -> None:
    with running() as (command, child):
        command.kill()
        command.wait()
        assert ended(child)


@contextmanager
def running() -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`saldo sql` at an endless question, and the process that answers it."""
    words = (sys.executable, str(ROOT / "cli.py"), "sql", ENDLESS, "--json")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as command:
        try:
            yield command, answering(command.pid)
        finally:
            command.kill()


def answering(asker: int) -> int:
    """The child that is at work for a process: it has left its parent's rights and files."""
    ends = time.monotonic() + 20
    while time.monotonic() < ends:
        for task in Path(f"/proc/{asker}/task").glob("*/children"):
            for child in task.read_text().split():
                with suppress(OSError):
                    words = Path(f"/proc/{child}/cmdline").read_bytes()
                    limits = Path(f"/proc/{child}/limits").read_text()
                    if b"etl.sandbox.child" in words and "Max file size             0" in limits:
                        return int(child)
        time.sleep(0.02)
    raise AssertionError("no query began")


def ended(process: int) -> bool:
    """Whether a process is gone within a second, or is no more than its own remains."""
    for _ in range(100):
        try:
            os.kill(process, 0)
            if ") Z " in Path(f"/proc/{process}/stat").read_text():
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False
