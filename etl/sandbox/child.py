"""The child process: one query, hard limits, one answer on its standard output, then it ends.

It imports nothing of Saldo but the gate. What it is asked comes as JSON on standard input; it
answers a line of JSON and, when there are rows, an Arrow stream. Its parent kills it at the
deadline; should the parent be gone, the system does, or its own alarm.
"""

import contextlib
import ctypes
import json
import os
import re
import resource
import signal
import sys
from typing import Any

import duckdb
import pyarrow as pa

from etl.sandbox.gate import Refused, gate

ROOT, NOBODY = 0, 65534
BATCH = 500
OPEN_FILES = 16
NESTING = 200
SPARE_SECONDS = 2
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000
_DIE_WITH_PARENT, _NO_NEW_PRIVILEGES = 1, 38
_LOOSE = re.compile(r"(/[\w.\-]+){2,}")
_PLAIN = {
    "BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT", "FLOAT", "DOUBLE", "VARCHAR", "DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE",
}  # fmt: skip


def main() -> None:
    """Read what is asked, answer it, end."""
    ask = json.load(sys.stdin)
    _leave_network()
    connection = _open(ask["database"], ask["memory_mb"])
    _limit(ask["seconds"], ask["memory_mb"])
    try:
        head, body = _answer(connection, ask)
    except Refused as refusal:
        head, body = {"outcome": "refused", "problem": str(refusal)}, b""
    except (duckdb.OutOfMemoryException, MemoryError, pa.ArrowMemoryError):
        head, body = {"outcome": "killed", "problem": _memory_words(ask)}, b""
    except (duckdb.Error, pa.ArrowException, ValueError, OverflowError) as problem:
        head, body = _failed(problem, ask), b""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + body)
    sys.stdout.buffer.flush()
    os._exit(0)


def _leave_network() -> None:
    """A network of its own with nothing in it, where the system allows that."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    if libc.unshare(_NEW_NETWORK) != 0:
        libc.unshare(_NEW_USER | _NEW_NETWORK)


def _open(database: str, memory_mb: int) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(
        database,
        read_only=True,
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",
            "secret_directory": "/nonexistent",
            "temp_directory": "",
            "memory_limit": f"{memory_mb}MB",
            "threads": "1",
            "max_expression_depth": str(NESTING),
        },
    )
    connection.execute("set timezone = 'UTC'").fetchall()
    connection.execute("set lock_configuration = true").fetchall()
    return connection


def _limit(seconds: int, memory_mb: int) -> None:
    """From here on no more memory, time, files, processes or rights than a query needs."""
    pages = int(open("/proc/self/statm").read().split()[0])  # noqa: PTH123, SIM115
    used = pages * os.sysconf("SC_PAGE_SIZE")
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(seconds + SPARE_SECONDS)
    os.environ.clear()
    os.nice(10)
    if os.geteuid() == ROOT:
        # Limits on processes do not bind root; the files that are needed are open by now.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    # After the change of rights, which would undo it.
    ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)
    for limit, value in (
        (resource.RLIMIT_AS, used + (memory_mb << 20) + (256 << 20)),
        (resource.RLIMIT_CPU, seconds + SPARE_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))


def _answer(
    connection: duckdb.DuckDBPyConnection, ask: dict[str, Any]
) -> tuple[dict[str, Any], bytes]:
    gate(connection, ask["sql"], frozenset(ask["relations"]))
    found = connection.sql(ask["sql"])
    names = [str(name) for name in found.columns]
    kinds = [str(kind) for kind in found.dtypes]
    reader = found.project(", ".join(_shown(kinds))).to_arrow_reader(BATCH)
    batches, rows, more = _take(reader, ask["rows"], ask["bytes"])
    head = {"outcome": "done", "columns": names, "types": kinds, "rows": rows, "more": more}
    return head, _stream(reader.schema, batches)


def _shown(kinds: list[str]) -> list[str]:
    """Each column by its place, as a type that every reader of the answer knows."""
    return [
        f"#{place} as c{place}"
        if kind in _PLAIN or kind.startswith("DECIMAL")
        else f"cast(#{place} as decimal(38, 0)) as c{place}"
        if kind in ("HUGEINT", "UHUGEINT")
        else f"cast(#{place} as varchar) as c{place}"
        for place, kind in enumerate(kinds, 1)
    ]


def _take(
    reader: pa.RecordBatchReader, most_rows: int, most_bytes: int
) -> tuple[list[pa.RecordBatch], int, bool]:
    """Batches up to the limits, how many rows they have, whether there were more."""
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        size += batch.nbytes
        if size > most_bytes:
            if not batches:
                raise ValueError(f"The first rows alone exceed {most_bytes >> 20} MB")
            return batches, rows, True
        if rows + batch.num_rows > most_rows:
            batches.append(batch.slice(0, most_rows - rows))
            return batches, most_rows, True
        batches.append(batch)
        rows += batch.num_rows
    return batches, rows, False


def _stream(schema: pa.Schema, batches: list[pa.RecordBatch]) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return bytes(sink.getvalue())


def _failed(problem: Exception, ask: dict[str, Any]) -> dict[str, Any]:
    """The first line of an error, without the paths and names of others that it may hold."""
    words = str(problem).split("\n", 1)[0]
    if "bad_alloc" in words or "bad allocation" in words:
        return {"outcome": "killed", "problem": _memory_words(ask)}
    words = _LOOSE.sub("…", words.partition("Did you mean")[0]).strip()
    return {"outcome": "failed", "problem": words[:500] or type(problem).__name__}


def _memory_words(ask: dict[str, Any]) -> str:
    return f"The query needs more memory than the {ask['memory_mb']} MB one may use"


if __name__ == "__main__":
    main()
