"""Web processes for the benchmarks: a small company's Saldo, or any other command that serves."""

import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench._company import Say
from core import embedded
from core.errors import SaldoError
from core.settings import ROOT

TENANTS, MONTHS = 60, 6
START_SECONDS = 900
PASSWORD = "saldo-demo-2026"  # noqa: S105 (that of every demo company)


class DidNotStart(SaldoError):
    """A web process ended, or did not answer in time."""

    code = "did_not_start"


@contextmanager
def demo_served(say: Say, **env: str) -> Iterator[str]:
    """The address of a small simulated company's Saldo, thrown away afterwards."""
    home = Path(tempfile.mkdtemp(prefix="saldo-bench-"))
    home.chmod(0o755)
    port = free_port()
    given = ["--tenants", str(TENANTS), "--months", str(MONTHS), "--port", str(port)]
    command = [sys.executable, "-m", "cli", "demo", *given, "--json"]
    say(f"Living {MONTHS} months of a company with {TENANTS} tenants")
    try:
        with served(command, port, env={**env, "SALDO_HOME": str(home)}) as address:
            yield address
    finally:
        embedded.stop(home / "pg")
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def served(
    command: list[str],
    port: int,
    ready: str = "/health",
    env: dict[str, str] | None = None,
    *,
    heard: bool = False,
) -> Iterator[str]:
    """The address of a web process, which ends with the block; `heard` prints what it says.

    Raises DidNotStart.
    """
    to = None if heard else subprocess.DEVNULL
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        stdout=to,
        stderr=to,
    )
    try:
        _wait(process, port, ready)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=60)


def _wait(process: subprocess.Popen[bytes], port: int, ready: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DidNotStart(f"The web process ended with {process.returncode}")
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", ready)
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.1)
    raise DidNotStart(f"The web process did not answer within {START_SECONDS} s")


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def signed_in(address: str, role: str) -> str:
    """The session cookie of the demo person with a role, as a header has it."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    form = urlencode({"email": f"{role}@saldo.example", "password": PASSWORD, "next": "/"})
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/login", form, headers)
    cookie = connection.getresponse().getheader("set-cookie")
    assert cookie, f"{role} could not sign in"
    return cookie.partition(";")[0]
