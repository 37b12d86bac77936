"""One file for each set of rights, made from the published copy after a sync or when asked for.

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
import structlog

from core.errors import NoCopy, NotNow
from core.settings import Settings
from etl.publish import CopyNotWritten, not_written
from etl.sandbox.dictionary import FILE, RIGHTS, rights_that_count, visible, words

log = structlog.get_logger()
FOLDER = "sql"
KEPT = 2
"""Files of the same rights that stay: the newest, and the one a child may just be opening."""
WANTED_SECONDS = 14 * 86_400
"""Rights with which nobody has asked for so long get their file with the next question."""
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

    Raises NoCopy before the first sync, NotNow while another process is making the file,
    CopyNotWritten when the disk is full.
    """
    rights = rights_that_count(permissions)
    path = _made(settings, rights)
    with contextlib.suppress(OSError):
        _mark(path.parent, rights).touch()
    return path


def keep_ready(settings: Settings) -> None:
    """Make the files of a fresh copy beforehand, so that the first question finds its own.

    For the rights with which somebody asked lately, and for all before anybody has.
    """
    wanted_since = time.time() - WANTED_SECONDS
    for rights in RIGHTS:
        mark = _mark(settings.copy_path.parent / FOLDER, rights)
        try:
            if not mark.exists():
                copy_for(settings, rights)
            elif mark.stat().st_mtime > wanted_since:
                _made(settings, rights)
        except (NotNow, CopyNotWritten) as problem:
            log.warning("sql_copy_not_made", problem=str(problem))


def tables_in(copy: Path) -> dict[str, list[Column]]:
    """What a file holds: its tables with their columns, in words."""
    found: dict[str, list[Column]] = {}
    with duckdb.connect() as engine:
        _attach(engine, copy, "seen")
        for table, column, kind in _columns(engine, "seen"):
            found.setdefault(table, []).append(Column(column, kind, words(table, column)))
    return found


def _made(settings: Settings, rights: frozenset[str]) -> Path:
    live = settings.copy_path
    folder = live.parent / FOLDER
    path = folder / f"{_rights_name(rights)}-{_copy_name(live)}.duckdb"
    if path.exists():
        return path
    try:
        folder.mkdir(exist_ok=True)
        with _alone(folder / f"{_rights_name(rights)}.lock"):
            if not path.exists():
                _prune(path)
                _make(settings, rights, path)
    except OSError as problem:
        raise not_written(problem) from problem
    except duckdb.Error as problem:
        raise CopyNotWritten(f"The copy for ad-hoc SQL cannot be made: {problem}") from problem
    return path


def _mark(folder: Path, rights: frozenset[str]) -> Path:
    """The file whose date says when somebody with the rights asked last."""
    return folder / f"{_rights_name(rights)}.asked"


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
    try:
        _write(settings, rights, fresh)
        fresh.chmod(0o644)
        fresh.replace(path)
    finally:
        _clear(path.parent, fresh.stem)


def _write(settings: Settings, rights: frozenset[str], fresh: Path) -> None:
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


def _prune(path: Path) -> None:
    """Remove what earlier copies left, and what was being written when its process was killed."""
    folder, rights = path.parent, path.stem.partition("-")[0]
    _clear(folder, f"new-{rights}-")
    others = [other for other in folder.glob(f"{rights}-*.duckdb") if other != path]
    others.sort(key=lambda other: other.stat().st_mtime_ns, reverse=True)
    for old in others[KEPT - 1 :]:
        old.unlink(missing_ok=True)


def _clear(folder: Path, start: str) -> None:
    """Remove what is not, or not yet, in its place."""
    for left in folder.glob(f"{start}*"):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


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
