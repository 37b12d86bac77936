"""Fixtures: a real PostgreSQL, a migrated template database, a fresh copy of it for each test."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from core import embedded, schema
from core.clock import SetClock
from core.db import app_engine
from core.settings import Settings
from core.work import Office

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    """Give this run a home of its own; its workers inherit the name."""
    if not hasattr(config, "workerinput"):
        home = Path(tempfile.mkdtemp(prefix="saldo-tests-"))
        home.chmod(0o755)
        os.environ["SALDO_TEST_HOME"] = str(home)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the run's server after the last worker and clear its home."""
    if not hasattr(config, "workerinput"):
        embedded.stop(_home() / "pg")
        shutil.rmtree(_home(), ignore_errors=True)


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
        address = embedded.start(_home() / "pg")
        _forgo_safety(address)
        return address


def _forgo_safety(address: str) -> None:
    """A test's data need not outlive the machine; making a database is then quicker."""
    with psycopg.connect(address, autocommit=True) as db:
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
                schema.upgrade(_named(server, name))
                (_home() / "template").touch()
    return name


@pytest.fixture
def database_url(server: str, template: str) -> Iterator[str]:
    """The owner's address of a database of this test's own."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        yield _named(server, name)
        db.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def clock() -> SetClock:
    """A clock that stands at noon of a Friday until a test moves it."""
    return SetClock(NOON)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Default settings with a home of the test's own."""
    return Settings(_env_file=None, SALDO_HOME=tmp_path)


@pytest.fixture
def office(database_url: str, clock: SetClock, settings: Settings) -> Iterator[Office]:
    """An office on the test's database, acting as the application role."""
    engine = app_engine(database_url)
    yield Office(engine, clock, settings)
    engine.dispose()


def _named(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)
