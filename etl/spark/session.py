"""A session on a Spark cluster, with the settings under which the models mean the same."""

import contextlib
import socket
import threading
import warnings
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlsplit

from pyspark.errors import PySparkException

from etl.check import BuildRefused
from etl.spark.cluster import SparkUnavailable

with warnings.catch_warnings():
    warnings.simplefilter("ignore", FutureWarning)  # of pandas 3, which nothing here goes through
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.session import SparkSession as _Loaded  # noqa: F401

DEFAULT_PORT = 15002
SECONDS_TO_ANSWER = 20
"""Time a cluster has to take a connection."""
_EXACT = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.autoBroadcastJoinThreshold": "-1",
    "spark.sql.caseSensitive": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "false",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",
    "spark.sql.parquet.datetimeRebaseModeInWrite": "CORRECTED",
    "spark.sql.session.timeZone": "UTC",
}
"""What overflows or loses a digit raises; days are of one calendar; a join needs no driver's
memory."""


@contextlib.contextmanager
def connected(address: str, limit: timedelta) -> Iterator[SparkSession]:
    """A session of our own for so long at most. Raises SparkUnavailable, BuildRefused."""
    _reach(address)
    with _refusing():
        session = SparkSession.builder.remote(address).create()
    timer = threading.Timer(limit.total_seconds(), _interrupt, [session])
    timer.daemon = True
    timer.start()
    try:
        with _refusing():
            for name, value in _EXACT.items():
                session.conf.set(name, value)
            yield session
    finally:
        timer.cancel()
        with contextlib.suppress(PySparkException):
            session.stop()


def _reach(address: str) -> None:
    """Ask once whether anything listens there; the client itself would try for many minutes."""
    parts = urlsplit(address)
    try:
        socket.create_connection(
            (parts.hostname or "", parts.port or DEFAULT_PORT), SECONDS_TO_ANSWER
        ).close()
    except OSError as problem:
        raise SparkUnavailable(f"The Spark cluster does not answer: {problem}") from problem


def _interrupt(session: SparkSession) -> None:
    with contextlib.suppress(PySparkException):
        session.interruptAll()


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """Say what Spark could not do in one line."""
    try:
        yield
    except PySparkException as problem:
        words = str(problem).strip().partition("\n")[0]
        raise BuildRefused("models_run", f"Spark cannot compute the figures: {words}") from problem
