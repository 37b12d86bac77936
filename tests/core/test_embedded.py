"""The embedded server survives what machines do to it."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from core import embedded
from core.errors import DatabaseUnavailable


@pytest.fixture
def pgdata() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="sp", dir="/tmp"))
    home.chmod(0o755)
    yield home / "pg"
    embedded.stop(home / "pg")
    shutil.rmtree(home, ignore_errors=True)


def rows(uri: str) -> int:
    with psycopg.connect(uri) as db:
        db.execute("create table if not exists kept (n int)")
        db.execute("insert into kept values (1)")
        return db.execute("select count(*) from kept").fetchone()[0]


def killed(pgdata: Path) -> None:
    """The server's first process killed, and gone."""
    server = psutil.Process(int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0]))
    server.kill()
    with contextlib.suppress(psutil.TimeoutExpired):
        server.wait(10)


def test_it_starts_again_after_kill_9_with_every_committed_row(pgdata: Path) -> None:
    uri = embedded.start(pgdata)
    assert rows(uri) == 1
    killed(pgdata)
    assert rows(embedded.start(pgdata)) == 2


def test_one_that_died_is_revived_and_one_that_was_stopped_is_not(pgdata: Path) -> None:
    uri = embedded.start(pgdata)
    assert rows(uri) == 1
    assert not embedded.revive(pgdata)
    killed(pgdata)
    assert embedded.revive(pgdata)
    assert rows(uri) == 2
    embedded.stop(pgdata)
    assert not embedded.revive(pgdata)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(uri, connect_timeout=2)


def test_a_server_whose_socket_was_removed_is_started_again(pgdata: Path) -> None:
    assert rows(embedded.start(pgdata)) == 1
    for each in pgdata.glob(".s.PGSQL.*"):
        each.unlink()
    assert rows(embedded.start(pgdata)) == 2


def test_a_pid_that_belongs_to_another_program_is_no_server(pgdata: Path) -> None:
    uri = embedded.start(pgdata)
    rows(uri)
    lines = (pgdata / "postmaster.pid").read_text().split("\n")
    embedded.stop(pgdata)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (pgdata / "postmaster.pid").write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert rows(embedded.start(pgdata)) == 2
    finally:
        stranger.kill()
        stranger.wait()


def test_three_processes_starting_at_once_share_one_server(pgdata: Path) -> None:
    code = (
        "from pathlib import Path; from core import embedded; "
        f"print(embedded.start(Path({str(pgdata)!r})))"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    uris = {process.communicate(timeout=90)[0].strip() for process in started}
    assert len(uris) == 1
    assert rows(uris.pop()) == 1


def test_stop_twice_is_no_error(pgdata: Path) -> None:
    embedded.start(pgdata)
    assert embedded.stop(pgdata)
    assert not embedded.stop(pgdata)
    assert rows(embedded.start(pgdata)) == 1


def test_a_long_home_works_and_its_socket_stays_private(pgdata: Path) -> None:
    long = pgdata.parent / ("x" * 90) / "pg"
    try:
        uri = embedded.start(long)
        assert rows(uri) == 1
        (socket,) = Path(uri.split("host=")[1].replace("%2F", "/")).glob(".s.PGSQL.*[0-9]")
        assert socket.stat().st_mode & 0o077 == 0
    finally:
        embedded.stop(long)


@pytest.mark.skipif(os.geteuid() != 0, reason="concerns root alone")
def test_root_keeps_its_own_folder_closed() -> None:
    with pytest.raises(DatabaseUnavailable, match="outside /root"):
        embedded.start(Path("/root/saldo-test/pg"))
    assert not Path("/root/saldo-test").exists()
