"""A served Saldo for browser tests: its own database and a published copy of a small company."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

import core.models  # noqa: F401 (maps every table before the first write)
from bench._chromium import CHROMIUM
from bench._served import free_port, served
from core.clock import SystemClock
from core.db import app_engine
from core.settings import ROOT, Settings
from core.work import Office
from tests.builders import PASSWORD, a_user
from tests.databases import copy_of
from tests.journeys.browser import PATIENCE_MS, Watched, a_profile, a_tab, chromium
from tests.journeys.company import small_company

USERS = {
    "cfo@example.com": "cfo", "admin@example.com": "super_admin",
    "operator@example.com": "operator",
}  # fmt: skip
START = "import sys, serve; serve.run(port=int(sys.argv[1]))"
HERE = Path(__file__).parent
expect.set_options(timeout=PATIENCE_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try a journey once more: a browser on a busy machine may miss a click; both are told."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.flaky(reruns=1))


@dataclass(frozen=True)
class Site:
    """Where Saldo answers, and an office on its database for a test to look into."""

    base_url: str
    office: Office


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One Chromium for all journeys; they are skipped where it is not installed.

    It goes with the last of them: while it is there no other event loop runs in this thread.
    """
    if not CHROMIUM.exists():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with chromium() as opened:
        yield opened


@contextmanager
def a_site(server: str, template: str, home: Path, tenants: int = 40) -> Iterator[Site]:
    """A web process of its own on an empty database of its own; its copy holds some tenants."""
    port = free_port()
    settings = Settings(
        _env_file=None,
        SALDO_HOME=home,
        SALDO_PUBLIC_URL=f"http://127.0.0.1:{port}",
        SALDO_GATEWAY_SIMULATOR=True,
    )
    small_company(tenants).published(settings)
    with copy_of(server, template) as url:
        engine = app_engine(url)
        command = [sys.executable, "-c", START, str(port)]
        with served(command, port, env=_environment(settings, url), heard=True) as at:
            yield Site(at, Office(engine, SystemClock(), settings))
        engine.dispose()


@pytest.fixture(scope="session")
def site(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Saldo that the journeys share, with its users."""
    with a_site(server, template, tmp_path_factory.mktemp("site")) as made:
        for email, role in USERS.items():
            a_user(made.office, role, email=email)
        yield made


@pytest.fixture(scope="package")
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile that need load the scripts of the pages but once."""
    context = a_profile(browser)
    yield context
    context.close()


@pytest.fixture
def visitor(profile: BrowserContext, site: Site) -> Iterator[Watched]:
    """A tab without cookies or anything stored; a fault it saw fails the test."""
    seen = a_tab(profile, site.base_url)
    yield seen
    protocol = profile.new_cdp_session(seen.page)
    protocol.send(
        "Storage.clearDataForOrigin",
        {"origin": site.base_url, "storageTypes": "cookies,local_storage,indexeddb"},
    )
    for page in profile.pages:
        page.close()
    profile.clear_cookies()
    assert seen.faults == []


@pytest.fixture
def cfo(visitor: Watched) -> Watched:
    """The CFO on the dashboard."""
    visitor.sign_in("cfo@example.com", PASSWORD)
    return visitor


def _environment(settings: Settings, url: str) -> dict[str, str]:
    return {
        "SALDO_HOME": str(settings.home),
        "SALDO_PUBLIC_URL": settings.public_url,
        "SALDO_GATEWAY_SIMULATOR": "true",
        "SALDO_DATABASE_URL": url,
        "SALDO_WORKER_IN_SERVE": "false",
        "PYTHONPATH": str(ROOT),
    }
