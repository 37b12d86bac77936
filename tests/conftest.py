"""Fixtures: a real PostgreSQL, a migrated template database, and it as new for each test."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from argon2 import PasswordHasher
from psycopg import sql
from sqlalchemy import make_url
from xdist.scheduler import LoadScopeScheduling

import core.models  # noqa: F401 (a test that runs alone must know every table too)
from core import embedded, schema
from core.access import proof
from core.clock import SetClock
from core.settings import ROOT, Settings
from core.work import Office
from tests.databases import Reused, address

TOGETHER = {
    "tests/journeys/": "tests/journeys/",
    "tests/security/test_web.py": "tests/journeys/",  # the same served Saldo
    "tests/etl/spark/": "tests/etl/spark/",
}
SHARED = 'fixture(scope="module")'
hypothesis.settings.register_profile(
    "saldo", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("saldo")  # a busy machine is slow, and no fault
# Nobody is to guess the passwords of tests: to hash them with little work is enough.
proof._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Give this run a home of its own; its workers inherit the name. No test asks a real bank."""
    os.environ["SALDO_FX_URL"] = ""
    if not hasattr(config, "workerinput"):
        home = Path(tempfile.mkdtemp(prefix="saldo-tests-"))
        home.chmod(0o755)
        os.environ["SALDO_TEST_HOME"] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's server after the last worker and clear its home."""
    if not hasattr(config, "workerinput"):
        embedded.stop(_home() / "pg")
        shutil.rmtree(_home(), ignore_errors=True)


class Scheduling(LoadScopeScheduling):
    """All journeys go to one worker, first: they share a browser and a served Saldo.

    So do the tests on a Spark cluster, which is started once, and those of a file that share what
    is made for the file. The rest goes out one by one, last, so that no worker ends long after
    the others.
    """

    def _split_scope(self, nodeid: str) -> str:
        return _unit(nodeid.partition("::")[0]) or nodeid


@cache
def _unit(file: str) -> str | None:
    """What the tests of a file are handed out with; None when each goes by itself."""
    shares = SHARED in (ROOT / file).read_text()
    together = (whole for start, whole in TOGETHER.items() if file.startswith(start))
    return next(together, file if shares else None)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the order in which workers are handed them: what takes longest in one piece first."""
    if hasattr(config, "workerinput"):
        places = [*dict.fromkeys(TOGETHER.values())]
        order = {unit: place for place, unit in enumerate(places)} | {None: len(places) + 1}
        items.sort(key=lambda item: order.get(_unit(item.nodeid.partition("::")[0]), len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Hand every worker the next test when it is done with one, in the order of the collection."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def _home() -> Path:
    return Path(os.environ["SALDO_TEST_HOME"])


@pytest.fixture(scope="session")
def server() -> str:
    """The address of the test server: SALDO_TEST_DATABASE_URL, else an embedded one."""
    given = os.environ.get("SALDO_TEST_DATABASE_URL")
    if given:
        return make_url(given).set(drivername="postgresql").render_as_string(hide_password=False)
    with (_home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        started = embedded.start(_home() / "pg")
        _forgo_safety(started)
        return started


def _forgo_safety(server: str) -> None:
    """A test's data need not outlive the machine; making a database is then quicker."""
    with psycopg.connect(server, autocommit=True) as db:
        for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '4GB'"):
            db.execute(sql.SQL("alter system set " + setting))
        db.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a migrated database, made once a run."""
    name = f"saldo_template_{_home().name.rsplit('-', 1)[-1].lower()}"
    with (_home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server, autocommit=True) as db:
            if not (_home() / "template").exists():
                db.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
                schema.upgrade(address(server, name))
                (_home() / "template").touch()
    return name


@pytest.fixture(scope="session")
def reused(server: str, template: str) -> Iterator[Reused]:
    """The database of this worker."""
    database = Reused(server, template)
    yield database
    database.close()


@pytest.fixture
def database_url(reused: Reused) -> str:
    """The owner's address of a database as the migrations leave it, this test's alone."""
    return reused.ready()


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at noon of a Friday until a test moves it."""
    return SetClock(NOON)


@pytest.fixture(scope="session")
def usual() -> Settings:
    """Default settings; putting them together takes longer than many a test."""
    return Settings(_env_file=None)


@pytest.fixture
def settings(usual: Settings, tmp_path: Path) -> Settings:
    """Default settings with a home of the test's own."""
    return usual.model_copy(update={"home": tmp_path})


@pytest.fixture
def office(database_url: str, reused: Reused, clock: SetClock, settings: Settings) -> Office:
    """An office on the test's database, acting as the application role."""
    return Office(reused.engine, clock, settings)
