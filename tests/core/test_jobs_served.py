"""The worker as processes of their own: inside the web process, and alone in the foreground."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import core.models  # noqa: F401 (maps every table before the first write)
from core.clock import SystemClock
from core.jobs import actions
from core.settings import ROOT
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting
from tests.core.jobs import emptied, outcomes
from tests.journeys.gallery import free_port, served

SERVE = "import sys, serve; serve.run(port=int(sys.argv[1]))"
WORK = "import cli; cli.main()"


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """What a process of Saldo on the test's database is started with."""
    own = {"SALDO_HOME": str(tmp_path), "SALDO_DATABASE_URL": database_url}
    return {**os.environ, **own, "PYTHONPATH": str(ROOT)}


def asked_to_run(office: Office) -> Office:
    """An office of today in which a run of the sweep waits."""
    now = Office(office.engine, SystemClock(), office.settings)
    with now.work(acting(now, a_user(now, "super_admin"))) as work:
        actions.ask_run(work, "sweep", reason=WHY)
    return now


def wait_for(office: Office, *expected: str) -> None:
    for _ in range(600):
        if outcomes(office, "sweep") == list(expected):
            return
        time.sleep(0.1)
    assert outcomes(office, "sweep") == list(expected)


def test_the_web_process_runs_jobs(office: Office, environment: dict[str, str]) -> None:
    now, port = asked_to_run(office), free_port()
    with served([sys.executable, "-c", SERVE, str(port)], port, env=environment):
        wait_for(now, "done")


def test_a_web_process_without_a_worker_leaves_them(
    office: Office, environment: dict[str, str]
) -> None:
    now, port = asked_to_run(office), free_port()
    environment["SALDO_WORKER_IN_SERVE"] = "false"
    with served([sys.executable, "-c", SERVE, str(port)], port, env=environment):
        assert outcomes(now, "sweep") == ["waiting"]


def test_a_worker_in_the_foreground_ends_when_told(
    office: Office, environment: dict[str, str]
) -> None:
    now = asked_to_run(office)
    working = subprocess.Popen(
        [sys.executable, "-c", WORK, "worker"], env=environment, cwd=ROOT, stderr=subprocess.PIPE
    )
    try:
        wait_for(now, "done")
        working.send_signal(signal.SIGTERM)
        _, said = working.communicate(timeout=60)
    finally:
        working.kill()
    assert (working.returncode, said) == (0, b"")
