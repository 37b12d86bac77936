"""Runs a query in its child process and takes its answer; nothing outlives the deadline."""

import contextlib
import io
import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any

import polars as pl
import pyarrow as pa

from core.errors import SaldoError
from core.settings import Settings

CHILD = (sys.executable, "-I", "-m", "etl.sandbox.child")
MARGIN_BYTES = 4 << 20
_CHUNK = 1 << 16
_LAST_WHOLE = 2**63 - 1


class QueryEnded(SaldoError):
    """The query did not end with an answer."""

    def __init__(self, outcome: str, problem: str) -> None:
        super().__init__(problem)
        self.code = f"query_{outcome}"


@dataclass(frozen=True, slots=True)
class Answer:
    """How a query ended: done, refused, failed, killed or cancelled, and why in words.

    `rows` are those in `frame`, whose columns have names of their own; `more` says that there
    were others. `peak_mb` is the most memory that its process held.
    """

    outcome: str
    problem: str | None = None
    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    types: tuple[str, ...] = ()
    more: bool = False
    milliseconds: int = 0
    peak_mb: int = 0

    @property
    def rows(self) -> int:
        """How many rows were handed over."""
        return self.frame.height

    @property
    def columns(self) -> list[tuple[str, str]]:
        """The columns with DuckDB's names of their types."""
        return list(zip(self.frame.columns, self.types, strict=True))

    def checked(self) -> "Answer":
        """Itself when there are rows to show. Raises QueryEnded."""
        if self.outcome != "done":
            raise QueryEnded(self.outcome, self.problem or self.outcome)
        return self


class Held:
    """A query that can be cancelled from another thread, before it starts as well."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.cancelled = False

    def cancel(self) -> None:
        """End the query now."""
        with self._lock:
            self.cancelled = True
            if self._process is not None:
                _kill(self._process)

    def start(self) -> subprocess.Popen[bytes] | None:
        """The child process, None when the query was cancelled before."""
        with self._lock:
            if self.cancelled:
                return None
            self._process = subprocess.Popen(  # noqa: S603
                CHILD,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                start_new_session=True,
            )
            return self._process

    def end(self) -> int:
        """Kill what is left of the process and forget it; the most memory it held, in MB."""
        with self._lock:
            if self._process is None:
                return 0
            _kill(self._process)
            _, status, used = os.wait4(self._process.pid, 0)
            self._process.returncode = os.waitstatus_to_exitcode(status)
            self._process = None
            return used.ru_maxrss >> 10


def run(copy: Path, relations: Iterable[str], sql: str, settings: Settings, held: Held) -> Answer:
    """The answer to one query over a file of `copy_for`; it never takes longer than it may."""
    began = time.monotonic()
    most_bytes = settings.sql_result_mb << 20
    ask = {
        "database": os.fspath(copy),
        "relations": sorted(relations),
        "sql": sql,
        "seconds": settings.sql_seconds,
        "memory_mb": settings.sql_memory_mb,
        "rows": settings.sql_rows,
        "bytes": most_bytes,
    }
    output, in_time, peak = b"", True, 0
    try:
        process = held.start()
        if process is not None:
            ends = began + settings.sql_seconds
            output, in_time = _talk(process, json.dumps(ask).encode(), ends, most_bytes)
    finally:
        peak = held.end()
    taken = round((time.monotonic() - began) * 1000)
    if held.cancelled:
        return Answer("cancelled", "The query was cancelled", milliseconds=taken, peak_mb=peak)
    if not in_time:
        words = f"The query was ended after {settings.sql_seconds} seconds, the most one may take"
        return Answer("killed", words, milliseconds=taken, peak_mb=peak)
    return replace(_read(output), milliseconds=taken, peak_mb=peak)


def _talk(
    process: subprocess.Popen[bytes], request: bytes, ends: float, most_bytes: int
) -> tuple[bytes, bool]:
    """What the child says until it ends; False when it was still at it at the deadline."""
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin, process.stdout:
        try:
            process.stdin.write(request)
            process.stdin.close()
        except BrokenPipeError:
            return b"", True
        return _read_until(process.stdout, ends, most_bytes + MARGIN_BYTES)


def _read_until(pipe: IO[bytes], ends: float, most_bytes: int) -> tuple[bytes, bool]:
    said = bytearray()
    with selectors.DefaultSelector() as waiting:
        waiting.register(pipe, selectors.EVENT_READ)
        while True:
            left = ends - time.monotonic()
            if left <= 0 or not waiting.select(left):
                return b"", False
            part = os.read(pipe.fileno(), _CHUNK)
            if not part:
                return bytes(said), True
            said += part
            if len(said) > most_bytes:
                return b"", True


def _read(output: bytes) -> Answer:
    head, _, body = output.partition(b"\n")
    if not head:
        words = "The query needed more than one may use, and its process was ended"
        return Answer("killed", words)
    told = json.loads(head)
    if told["outcome"] != "done":
        return Answer(told["outcome"], told["problem"])
    return Answer(
        "done",
        frame=_frame(body, told["columns"]),
        types=tuple(told["types"]),
        more=told["more"],
    )


def _frame(body: bytes, names: list[str]) -> pl.DataFrame:
    """The rows with their names; equal names get a number, whole sums become whole numbers."""
    with pa.ipc.open_stream(io.BytesIO(body)) as stream:
        table = stream.read_all()
    made: Any = pl.from_arrow(table.rename_columns(_unique(names)))
    frame: pl.DataFrame = made
    whole = [
        name
        for name, kind in frame.schema.items()
        if isinstance(kind, pl.Decimal) and kind.scale == 0 and _fits(frame[name])
    ]
    return frame.with_columns(pl.col(name).cast(pl.Int64) for name in whole)


def _fits(column: pl.Series) -> bool:
    extremes: list[Any] = [column.min(), column.max()]
    return all(value is None or abs(value) <= _LAST_WHOLE for value in extremes)


def _unique(names: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique: list[str] = []
    for name in names:
        fresh = name
        while fresh in seen:
            seen[name] += 1
            fresh = f"{name}_{seen[name]}"
        seen[fresh] = 1
        unique.append(fresh)
    return unique


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End a child and whatever it started: it leads a session of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
