"""The app in AppTest: a viewer of the test's choice, a published copy of a small company."""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from unittest.mock import patch

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

import core.models  # noqa: F401 (maps every table before the first write)
from core.access.authority import system
from core.access.sessions import Viewer, open_session, viewer
from core.office import office as the_office
from core.settings import ROOT, Settings
from core.work import Office
from etl.warehouse import Warehouse
from tests.builders import a_user
from tests.journeys.company import small_company

SECONDS = 30
# Each app under test looks through all that is installed, which no test changes.
pytest.MonkeyPatch().setattr(
    manifest_scanner,
    "scan_component_manifests",
    cache(manifest_scanner.scan_component_manifests),
)


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a home with a published copy; made once."""
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path_factory.mktemp("copy"))
    small_company(tenants=12).published(settings)
    return settings


@pytest.fixture(autouse=True)
def office_of_this_process(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Pages ask for the office of their process; it is the test's own."""
    if "office" in request.fixturenames:
        its = request.getfixturevalue("office")
        monkeypatch.setattr("core.office.open_office", lambda _settings: its)
    the_office.cache_clear()
    yield
    the_office.cache_clear()


@pytest.fixture
def person(office: Office) -> Callable[..., Viewer]:
    """Makes a signed-in person with roles."""

    def make(*roles: str, fresh_until: datetime | None = None) -> Viewer:
        user = a_user(office, *roles)
        with office.work(system("test")) as work:
            token = open_session(work, user.id, fresh=fresh_until is not None)
        seen = viewer(office, token)
        assert seen is not None
        return seen

    return make


@pytest.fixture
def app(office: Office, published: Settings) -> Iterator[Callable[..., AppTest]]:
    """Runs the app or a page of it as somebody, at an address, on the published copy or on none."""
    st.cache_data.clear()

    def run(
        seen: Viewer | None, *, page: str = "app.py", copy: bool = True, **address: str
    ) -> AppTest:
        chosen = published if copy else office.settings
        test = AppTest.from_file(ROOT / page, default_timeout=SECONDS)
        for name, value in address.items():
            test.query_params[name] = value
        with (
            patch("pages.parts.viewer.current_viewer", lambda: seen),
            patch("pages.parts.copy.warehouse", lambda: Warehouse(chosen)),
        ):
            return test.run()

    yield run
    st.cache_data.clear()
