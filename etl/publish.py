"""Puts a checked build in place of the live copy, and keeps beside it why one was refused."""

import contextlib
import fcntl
import json
import os
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TextIO

import structlog

from core.errors import SaldoError

log = structlog.get_logger()
BUILD_PREFIX = "build-"


class SyncRunning(SaldoError):
    """Another sync is running; this one did nothing."""

    code = "sync_running"


class CopyNotWritten(SaldoError):
    """The analytics copy cannot be written; the last one stays."""

    code = "copy_not_written"


def publish(build: Path, live: Path) -> None:
    """Put a checked, checkpointed and closed build in place of the live copy, for every reader."""
    assert not build.with_name(build.name + ".wal").exists()
    flush(build)
    build.replace(live)
    flush(live.parent)


def flush(path: Path) -> None:
    """Wait until a file or folder is on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def only_sync(live: Path) -> Iterator[None]:
    """Hold the one lock of a copy; raises SyncRunning while another process holds it.

    Raises CopyNotWritten where its folder takes no file.
    """
    with _lock(live) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            raise SyncRunning from problem
        yield


def _lock(live: Path) -> TextIO:
    try:
        live.parent.mkdir(parents=True, exist_ok=True)
        return live.with_suffix(".lock").open("w")
    except OSError as problem:
        raise not_written(problem) from problem


def not_written(problem: OSError) -> CopyNotWritten:
    """The refusal that a full or broken disk leads to."""
    return CopyNotWritten(f"The copy cannot be written: {problem.strerror or problem}")


def new_build(live: Path) -> Path:
    """A fresh path for a build, on the file system of the live copy."""
    return live.parent / f"{BUILD_PREFIX}{uuid.uuid4().hex}.duckdb"


def remove_leftovers(live: Path) -> None:
    """Remove what runs that were killed left behind; call it under the lock."""
    for path in live.parent.glob(f"{BUILD_PREFIX}*"):
        if path.is_dir():
            for inner in path.iterdir():
                inner.unlink()
            path.rmdir()
        else:
            path.unlink()


def _status_path(live: Path) -> Path:
    return live.with_suffix(".status.json")


def note_problem(live: Path, at: datetime, check: str, words: str) -> None:
    """Keep beside the copy why the newest build was not published; a full disk keeps nothing."""
    path = _status_path(live)
    fresh = path.with_suffix(".new")
    try:
        fresh.write_text(json.dumps({"at": at.isoformat(), "check": check, "problem": words}))
        fresh.replace(path)
    except OSError as problem:
        log.warning("refusal_not_kept", problem=problem.strerror)


def clear_problem(live: Path) -> None:
    """Forget the refusal; a newer copy is published."""
    _status_path(live).unlink(missing_ok=True)


def problem(live: Path) -> str | None:
    """Why the newest build was refused, in words; None when the newest one is published."""
    try:
        status = json.loads(_status_path(live).read_text())
    except FileNotFoundError:
        return None
    return f"{status['problem']} (since {status['at'][:16].replace('T', ' ')} UTC)"
