"""Spark's part that needs no cluster: what is said when it is missing, and that nothing stays."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from pydantic import ValidationError

from core.settings import ROOT, Settings
from etl.spark import cluster
from etl.spark.cluster import JavaMissing, SparkMissing, SparkUnavailable
from etl.spark.making import on_spark

KEEPER = ROOT / "etl" / "spark" / "keeper.py"
OWNER = """
import subprocess, sys
program = [sys.executable, "-c", "import subprocess; subprocess.run(['sleep', '%(seconds)s'])"]
keeper = subprocess.Popen(
    [sys.executable, *sys.argv[1:], *program], stdin=subprocess.PIPE, start_new_session=True)
print("ready", flush=True)
keeper.wait()
"""


def test_killed_owner_leaves_no_program_running(tmp_path: Path) -> None:
    seconds = str(987_000 + time.time_ns() % 1000)
    with subprocess.Popen(
        [sys.executable, "-c", OWNER % {"seconds": seconds}, str(KEEPER), str(tmp_path / "log")],
        stdout=subprocess.PIPE,
    ) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == b"ready\n"
        assert _until(lambda: len(_with(seconds)) == 2)
        owner.kill()
    assert _until(lambda: not _with(seconds))


def test_keeper_ends_with_its_program_and_keeps_its_words(tmp_path: Path) -> None:
    program = [sys.executable, "-c", "print('it failed'); raise SystemExit(3)"]
    with subprocess.Popen(
        [sys.executable, str(KEEPER), str(tmp_path / "log"), *program], stdin=subprocess.PIPE
    ) as keeper:
        assert keeper.wait(20) == 3
    assert (tmp_path / "log").read_text() == "it failed\n"


def test_spark_that_is_not_installed_says_what_installs_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster.importlib.util, "find_spec", lambda _: None)
    with (
        pytest.raises(SparkMissing, match=r"pip install 'saldo-finance\[spark\]'"),
        on_spark(settings),
    ):
        pass


@pytest.mark.parametrize("said", [None, 'openjdk version "11.0.2"', 'java version "1.8.0_1"', ""])
def test_java_that_is_missing_or_too_old_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if said is not None:
        java = tmp_path / "bin" / "java"
        java.parent.mkdir()
        java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
        java.chmod(0o755)
    with pytest.raises(JavaMissing, match="Java 17 or newer"):
        cluster.require_java()


@pytest.mark.parametrize("said", ['openjdk version "17.0.15"', 'openjdk version "25" 2025-09-16'])
def test_newer_java_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    java = tmp_path / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)
    cluster.require_java()


def test_cluster_that_does_not_start_says_where_to_read_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "pyspark"
    (home / "bin").mkdir(parents=True)
    program = home / "bin" / "spark-class"
    program.write_text("#!/bin/sh\necho no memory\n")
    program.chmod(0o755)
    monkeypatch.setattr(cluster, "require_spark", lambda: home)
    monkeypatch.setattr(cluster, "require_java", lambda: None)
    folder = tmp_path / "work"
    with pytest.raises(SparkUnavailable, match=r"\(master\); .*master.log says why"):
        cluster.local_cluster(folder).__enter__()
    assert (folder / "master.log").read_text() == "no memory\n"
    assert [path.name for path in folder.iterdir()] == ["master.log"]


def test_cluster_that_does_not_answer_is_said_at_once(settings: Settings) -> None:
    pytest.importorskip("pyspark")
    pytest.importorskip("grpc")
    away = Settings(
        _env_file=None, SALDO_HOME=settings.home, SALDO_SPARK_URL="sc://127.0.0.1:1/;token=hidden"
    )
    with pytest.raises(SparkUnavailable) as said, on_spark(away):
        pass
    assert "hidden" not in str(said.value)
    assert "hidden" not in repr(away)


@pytest.mark.parametrize("url", ["sc://spark.internal", "sc://h:15002/;use_ssl=true", "local"])
def test_addresses_of_clusters_are_taken(url: str) -> None:
    assert Settings(_env_file=None, SALDO_SPARK_URL=url).spark_url


@pytest.mark.parametrize("url", ["spark://h:7077", "http://h", "sc://", "sc://h:x", "yes"])
def test_what_is_no_address_of_a_cluster_stops_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="SALDO_SPARK_URL is sc://host:port or local"):
        Settings(_env_file=None, SALDO_SPARK_URL=url)


def _with(word: str) -> list[int]:
    """The programs, not their keeper, whose command names a word."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            command = process.cmdline()
            if process.status() != psutil.STATUS_ZOMBIE and any(word in each for each in command):
                found += [] if str(KEEPER) in command else [process.pid]
    return found


def _until(holds: Callable[[], bool], seconds: float = 20) -> bool:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if holds():
            return True
        time.sleep(0.1)
    return bool(holds())
