"""Fixtures: a real PostgreSQL, a migrated template database, a fresh copy of it for each test."""

import fcntl
import hashlib
import os
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
from core.settings import ROOT, Settings
from core.work import Office

HOME = Path(tempfile.gettempdir()) / f"saldo-tests-{os.getuid()}"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Stop the embedded server after the last worker."""
    if not hasattr(session.config, "workerinput"):
        embedded.stop(HOME / "pg")


def _schema_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted((ROOT / "migrations").rglob("*.*")):
        if path.suffix in {".py", ".sql"}:
            digest.update(path.read_bytes())
    digest.update((ROOT / "core/schema.py").read_bytes())
    digest.update((ROOT / "core/access/permissions.py").read_bytes())
    return digest.hexdigest()[:12]


@pytest.fixture(scope="session")
def server() -> str:
    """The address of the test server: SALDO_TEST_DATABASE_URL, else an embedded one."""
    given = os.environ.get("SALDO_TEST_DATABASE_URL")
    if given:
        return make_url(given).set(drivername="postgresql").render_as_string(hide_password=False)
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return embedded.start(HOME / "pg")


@pytest.fixture(scope="session")
def template(server: str) -> str:
    """The name of a migrated database, made once per state of the migrations."""
    name = f"saldo_template_{_schema_digest()}"
    HOME.mkdir(exist_ok=True)
    with (HOME / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server, autocommit=True) as db:
            if db.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
                return name
            db.execute(sql.SQL("create database {}").format(sql.Identifier(name + "_new")))
            schema.upgrade(_named(server, name + "_new"))
            db.execute(
                sql.SQL("alter database {} rename to {}").format(
                    sql.Identifier(name + "_new"), sql.Identifier(name)
                )
            )
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
