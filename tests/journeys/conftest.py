"""A served Saldo for browser tests: its own database and a published copy of a small company."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from playwright.sync_api import Browser
from psycopg import sql
from sqlalchemy import make_url

import core.models  # noqa: F401 (maps every table before the first write)
from core.clock import SystemClock
from core.db import app_engine
from core.settings import ROOT, Settings
from core.work import Office
from tests.builders import PASSWORD, a_user
from tests.journeys.browser import CHROMIUM, Watched, chromium, watched
from tests.journeys.company import small_company
from tests.journeys.gallery import free_port, served

USERS = {
    "cfo@example.com": "cfo", "admin@example.com": "super_admin",
    "operator@example.com": "operator",
}  # fmt: skip
START = "import sys, serve; serve.run(port=int(sys.argv[1]))"


@dataclass(frozen=True)
class Site:
    """Where Saldo answers, and an office on its database for a test to look into."""

    base_url: str
    office: Office


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys; they are skipped where it is not installed."""
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="session")
def site(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A web process of its own on a database of its own."""
    home = tmp_path_factory.mktemp("site")
    name = f"journeys_{home.parent.name}_{home.name}".replace("-", "_")
    url = make_url(server).set(database=name).render_as_string(hide_password=False)
    settings = Settings(_env_file=None, SALDO_HOME=home)
    with psycopg.connect(server, autocommit=True) as db:
        drop = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        db.execute(drop)
        db.execute(
            sql.SQL("create database {} template {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        small_company().published(settings)
        engine = app_engine(url)
        office = Office(engine, SystemClock(), settings)
        for email, role in USERS.items():
            a_user(office, role, email=email)
        port = free_port()
        with served([sys.executable, "-c", START, str(port)], port, _environment(home, url)) as at:
            yield Site(at, office)
        engine.dispose()
        db.execute(drop)


@pytest.fixture
def visitor(browser: Browser, site: Site) -> Iterator[Watched]:
    """A fresh browser profile; a fault it saw fails the test."""
    seen = watched(browser, site.base_url)
    yield seen
    seen.page.context.close()
    assert seen.faults == []


@pytest.fixture
def cfo(visitor: Watched) -> Watched:
    """The CFO on the dashboard."""
    visitor.sign_in("cfo@example.com", PASSWORD)
    return visitor


def _environment(home: Path, url: str) -> dict[str, str]:
    return {"SALDO_HOME": str(home), "SALDO_DATABASE_URL": url, "PYTHONPATH": str(ROOT)}
