"""A standalone Spark cluster on this machine, of the files that pip installs: for trying and tests.

One master, two workers of one core each and a Spark Connect server, on ports that are free, all on
127.0.0.1 and behind secrets of this run alone. They need about 4 GB of memory.
"""

import contextlib
import importlib.util
import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import SaldoError

WORKERS = 2
OLDEST_JAVA = 17
HOST = "127.0.0.1"
SECONDS_TO_START = 120
"""Time each part has until it answers."""
SECONDS_TO_STOP = 30
_KEEPER = Path(__file__).with_name("keeper.py")
_PASSED_ON = ("PATH", "HOME", "JAVA_HOME", "LANG", "LC_ALL")
"""What the cluster sees of our environment, in which secrets may stand."""
_MASTER = re.compile(r"Starting Spark master at (spark://\S+)")
_WORKER = re.compile(r"(Successfully registered with master)")
_CONNECT = re.compile(r"Spark Connect server started at: \S*?:(\d+)")
_SETTINGS = {
    "spark.authenticate": "true",
    "spark.cores.max": str(WORKERS),
    "spark.connect.grpc.binding.address": HOST,
    "spark.connect.grpc.binding.port": "0",
    "spark.driver.bindAddress": HOST,
    "spark.driver.host": HOST,
    "spark.driver.memory": "2g",
    "spark.executor.cores": "1",
    "spark.executor.memory": "1g",
    "spark.master.rest.enabled": "false",
    "spark.sql.catalogImplementation": "in-memory",
    "spark.ui.enabled": "false",
}
_QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java without its slow compiler: figures of a few tenants come three times sooner."""
_SMALL = {
    "spark.driver.extraJavaOptions": _QUICK_START,
    "spark.executor.extraJavaOptions": _QUICK_START,
    "spark.sql.shuffle.partitions": str(WORKERS),
}
_LARGE = {"spark.sql.shuffle.partitions": str(4 * WORKERS)}


class SparkMissing(SaldoError):
    """Spark is not installed: pip install 'saldo-finance[spark]'."""

    code = "spark_missing"


class JavaMissing(SaldoError):
    """Spark needs Java 17 or newer on this machine, found by JAVA_HOME or on the path."""

    code = "java_missing"


class SparkUnavailable(SaldoError):
    """The Spark cluster does not answer."""

    code = "spark_unavailable"


def require_spark() -> Path:
    """Where pip put Spark. Raises SparkMissing."""
    found = importlib.util.find_spec("pyspark")
    connect = importlib.util.find_spec("grpc")
    if found is None or found.origin is None or connect is None:
        raise SparkMissing
    return Path(found.origin).parent


def require_java() -> None:
    """Raises JavaMissing unless the Java that Spark would start is new enough."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=f"{home}/bin" if home else None)
    if java is None:
        raise JavaMissing
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)  # noqa: S603
    version = re.search(r'version "(\d+)', said.stderr)
    if version is None or int(version[1]) < OLDEST_JAVA:
        words = said.stderr.partition("\n")[0] or "Java says no version"
        raise JavaMissing(f"Spark needs Java {OLDEST_JAVA} or newer; {java}: {words}")


@contextlib.contextmanager
def local_cluster(folder: Path, *, large: bool = False) -> Iterator[str]:
    """The Spark Connect address of a cluster that ends with the block, or with this process.

    What it writes lies in the folder, of which only the logs stay. It is made for little data
    unless it is to be large. Raises SparkMissing, JavaMissing, SparkUnavailable.
    """
    home = require_spark()
    require_java()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    token = secrets.token_urlsafe(32)
    parts = _Parts(home, folder, _environment(home, folder, token))
    _write_settings(folder, _LARGE if large else _SMALL)
    try:
        [master] = parts.start("master", _MASTER, "Master", "--port", "0")
        for number in range(WORKERS):
            parts.launch(
                f"worker{number}",
                *("Worker", "--cores", "1", "--memory", "2g", "--port", "0"),
                *("--work-dir", str(folder / "work"), master),
            )
        [port] = parts.start("connect", _CONNECT, "SparkConnectServer", "--master", master)
        for number in range(WORKERS):
            parts.answer(f"worker{number}", _WORKER)
        yield f"sc://localhost:{port}/;token={token}"
    finally:
        parts.stop()
        for leftover in ("conf", "local", "tmp", "work", "warehouse", "artifacts"):
            shutil.rmtree(folder / leftover, ignore_errors=True)


def _environment(home: Path, folder: Path, token: str) -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return passed | {
        "SPARK_HOME": str(home),
        "SPARK_CONF_DIR": str(folder / "conf"),
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_LOCAL_IP": HOST,
        "SPARK_DAEMON_MEMORY": "512m",
        "SPARK_DAEMON_JAVA_OPTS": _QUICK_START,
        "SPARK_CONNECT_AUTHENTICATE_TOKEN": token,
        "JDK_JAVA_OPTIONS": f'"-Djava.io.tmpdir={folder / "tmp"}"',
    }


def _write_settings(folder: Path, size: dict[str, str]) -> None:
    """The settings of all parts, in a file that others cannot read: one is a secret."""
    for place in ("conf", "local", "tmp"):
        (folder / place).mkdir(mode=0o700)
    settings = {
        **_SETTINGS,
        **size,
        "spark.authenticate.secret": secrets.token_hex(32),
        "spark.sql.warehouse.dir": f"file://{folder / 'warehouse'}",
    }
    path = folder / "conf" / "spark-defaults.conf"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name} {value}\n" for name, value in settings.items()))


@dataclass
class _Parts:
    """The programs of a cluster, each with a keeper and a log of its own."""

    home: Path
    folder: Path
    environment: dict[str, str]
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    def start(self, name: str, ready: re.Pattern[str], *command: str) -> tuple[str, ...]:
        """Launch a part and wait for its answer."""
        self.launch(name, *command)
        return self.answer(name, ready)

    def launch(self, name: str, kind: str, *options: str) -> None:
        """Start a part."""
        if kind == "SparkConnectServer":
            program = [
                str(self.home / "bin" / "spark-submit"),
                *("--class", f"org.apache.spark.sql.connect.service.{kind}"),
                *options,
                "local:///dev/null",
            ]
        else:
            program = [
                str(self.home / "bin" / "spark-class"),
                f"org.apache.spark.deploy.{kind.lower()}.{kind}",
                *("--host", HOST, "--webui-port", "0"),
                *options,
            ]
        self.running[name] = subprocess.Popen(  # noqa: S603
            [sys.executable, str(_KEEPER), str(self._log(name)), *program],
            stdin=subprocess.PIPE,
            env=self.environment,
            cwd=self.folder,
            start_new_session=True,
        )

    def answer(self, name: str, ready: re.Pattern[str]) -> tuple[str, ...]:
        """What a part says when it is ready. Raises SparkUnavailable."""
        log, until = self._log(name), time.monotonic() + SECONDS_TO_START
        while time.monotonic() < until:
            ended = self.running[name].poll() is not None
            said = ready.search(log.read_text(errors="replace") if log.exists() else "")
            if said:
                return said.groups()
            if ended:
                break
            time.sleep(0.1)
        raise SparkUnavailable(f"The local Spark cluster did not start ({name}); {log} says why")

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def stop(self) -> None:
        """End all parts, the last one first, and wait until they are gone."""
        keepers = list(reversed(self.running.values()))
        for keeper in keepers:
            assert keeper.stdin
            keeper.stdin.close()
        for keeper in keepers:
            with contextlib.suppress(subprocess.TimeoutExpired):
                keeper.wait(SECONDS_TO_STOP)
