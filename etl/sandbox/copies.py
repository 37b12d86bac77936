"""One file for each set of rights, made from the published copy when it is first asked for.

A file is named by the rights, the words that decide what it holds and the very copy it was made
from: a publish or a change of rights leads to another file, never to an old answer.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from core.errors import NoCopy, NotNow
from core.settings import Settings
from etl.sandbox.dictionary import FILE, rights_that_count, visible, words

FOLDER = "sql"
KEPT = 2
"""Files of the same rights that stay: the newest, and the one a child may just be opening."""
WAIT_SECONDS = 10.0
_STEP_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Column:
    """A column an analyst sees."""

    name: str
    kind: str
    words: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table an analyst sees."""

    name: str
    about: str
    columns: list[Column]


def copy_for(settings: Settings, permissions: frozenset[str]) -> Path:
    """The file that somebody with the permissions may query, of the newest published copy.

    Raises NoCopy before the first sync, NotNow while another process is making the file.
    """
    live = settings.copy_path
    folder = live.parent / FOLDER
    rights = rights_that_count(permissions)
    path = folder / f"{_rights_name(rights)}-{_copy_name(live)}.duckdb"
    if path.exists():
        return path
    folder.mkdir(exist_ok=True)
    with _alone(folder / f"{_rights_name(rights)}.lock"):
        if not path.exists():
            _make(settings, rights, path)
            _prune(path)
    return path


def tables_in(copy: Path) -> dict[str, list[Column]]:
    """What a file holds: its tables with their columns, in words."""
    found: dict[str, list[Column]] = {}
    with duckdb.connect() as engine:
        _attach(engine, copy, "seen")
        for table, column, kind in _columns(engine, "seen"):
            found.setdefault(table, []).append(Column(column, kind, words(table, column)))
    return found


def _rights_name(rights: frozenset[str]) -> str:
    text = "|".join(sorted(rights)) + FILE.read_text()
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _copy_name(live: Path) -> str:
    try:
        stat = live.stat()
    except FileNotFoundError as missing:
        raise NoCopy from missing
    return f"{stat.st_ino:x}-{stat.st_mtime_ns:x}"


def _make(settings: Settings, rights: frozenset[str], path: Path) -> None:
    """Write what the rights allow to a new file and put it in its place at once."""
    fresh = path.with_name(f"new-{path.stem}-{uuid.uuid4().hex}.duckdb")
    with duckdb.connect(
        config={
            "memory_limit": settings.duckdb_memory,
            "threads": settings.duckdb_threads,
            "temp_directory": str(fresh.with_suffix(".spill")),
        }
    ) as engine:
        _attach(engine, settings.copy_path, "live")
        engine.execute(f"attach {_quoted(fresh)} as made").fetchall()
        allowed: dict[str, list[str]] = {}
        for table, column, _ in _columns(engine, "live"):
            if visible(table, column, rights):
                allowed.setdefault(table, []).append(column)
        for table, columns in allowed.items():
            listed = ", ".join(columns)
            engine.execute(
                f"create table made.{table} as select {listed} from live.{table}"
            ).fetchall()
        engine.execute("checkpoint made").fetchall()
        engine.execute("detach made").fetchall()
    fresh.chmod(0o644)
    fresh.replace(path)


def _prune(path: Path) -> None:
    """Remove what earlier copies left, and what was being written when its process was killed."""
    folder, rights = path.parent, path.stem.partition("-")[0]
    for left in folder.glob(f"new-{rights}-*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
    others = [other for other in folder.glob(f"{rights}-*.duckdb") if other != path]
    others.sort(key=lambda other: other.stat().st_mtime_ns, reverse=True)
    for old in others[KEPT - 1 :]:
        old.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold a lock of the folder; raises NotNow when another process keeps it for long."""
    ends = time.monotonic() + WAIT_SECONDS
    with lock.open("w") as held:
        while True:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as busy:
                if time.monotonic() > ends:
                    raise NotNow(
                        "The copy for ad-hoc SQL is being made from the last sync; "
                        "ask again in a moment"
                    ) from busy
                time.sleep(_STEP_SECONDS)
        yield


def _columns(engine: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str, str]]:
    return engine.execute(
        "select table_name, column_name, data_type from duckdb_columns()"
        " where database_name = ? and not internal order by table_name, column_index",
        [database],
    ).fetchall()


def _attach(engine: duckdb.DuckDBPyConnection, path: Path, name: str) -> None:
    engine.execute(f"attach {_quoted(path)} as {name} (read_only)").fetchall()


def _quoted(path: Path) -> str:
    return "'" + os.fspath(path).replace("'", "''") + "'"
