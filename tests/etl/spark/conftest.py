"""A Spark cluster of two workers, started once, and the settings under which it is used."""

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from core.settings import Settings
from etl.spark.cluster import (
    JavaMissing,
    SparkMissing,
    local_cluster,
    require_java,
    require_spark,
)


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a cluster that leaves nothing running behind."""
    try:
        require_spark()
        require_java()
    except (SparkMissing, JavaMissing) as missing:
        pytest.skip(f"No parity with Spark is shown here. {missing}")
    folder = tmp_path_factory.mktemp("cluster") / "spark"
    with local_cluster(folder) as address:
        assert len(_running(folder, "worker.Worker")) == 2
        yield address
    assert not _running(folder)


def _running(folder: Path, what: str = "java") -> list[int]:
    """The programs of a cluster that live, executors among them."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ"]):
        command = " ".join(process.info["cmdline"] or ())
        place = (process.info["environ"] or {}).get("SPARK_CONF_DIR", "")
        if place.startswith(str(folder)) and "java" in command and what in command:
            found.append(process.pid)
    return found


@pytest.fixture
def on_cluster(settings: Settings, cluster: str) -> Settings:
    """Settings of a home of the test's own whose figures are made on the cluster."""
    return Settings(_env_file=None, SALDO_HOME=settings.home, SALDO_SPARK_URL=cluster)
