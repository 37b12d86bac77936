"""Runs a program that must not outlive whoever asked for it.

The asker holds the other end of standard input. When that ends, as it does when the asker is done,
is interrupted or is killed, the program and all that it started are ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

SECONDS_TO_END = 10
"""Time a program has to end by itself when asked to."""


def keep(log: Path, command: list[str]) -> int:
    """Run a program with its words in a log until it ends or standard input does; its exit code."""
    with log.open("wb") as words:
        program = subprocess.Popen(  # noqa: S603
            command,
            stdin=subprocess.DEVNULL,
            stdout=words,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    for ending in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(1))
    threading.Thread(target=_end_with_input, args=(program,), daemon=True).start()
    try:
        return program.wait()
    finally:
        _send(program, signal.SIGKILL)


def _end_with_input(program: "subprocess.Popen[bytes]") -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    _send(program, signal.SIGTERM)
    try:
        program.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        _send(program, signal.SIGKILL)


def _send(program: "subprocess.Popen[bytes]", what: signal.Signals) -> None:
    """Signal the program and whatever it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(program.pid, what)


if __name__ == "__main__":
    sys.exit(keep(Path(sys.argv[1]), sys.argv[2:]))
