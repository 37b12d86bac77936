"""One page of the menu, drawn in its frame as a person sees it at an address."""

from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.access.authority import system
from core.access.sessions import Viewer, open_session, viewer
from core.work import Office
from etl.warehouse import Warehouse
from tests.builders import a_user

PATIENCE = 60


def signed_in(office: Office, role: str, tenant_id: int | None = None) -> Viewer:
    """A new person of a role, freshly signed in."""
    user = a_user(office, role, tenant_id=tenant_id)
    with office.work(system("test")) as work:
        token = open_session(work, user.id, fresh=True)
    seen = viewer(office, token)
    assert seen is not None
    return seen


def seen_by(office: Office, seen: Viewer, patch: pytest.MonkeyPatch) -> None:
    """Let every page that is drawn be this person's, in this office and on its copy."""

    def page_link(_page: object, *, label: str, **_more: Any) -> None:
        st.html(f"<a>{label}</a>")

    patch.setattr(st, "page_link", page_link)
    patch.setattr("core.office.open_office", lambda _settings: office)
    patch.setattr("pages.parts.viewer.current_viewer", lambda: seen)
    patch.setattr("pages.parts.viewer.current_actor", lambda: seen.actor("192.0.2.7"))
    patch.setattr("pages.parts.copy.warehouse", lambda: Warehouse(office.settings))


def page(name: str, address: dict[str, str]) -> AppTest:
    """The page as it is drawn with these parts of an address."""
    test = AppTest.from_function(_script, args=(name,), default_timeout=PATIENCE)
    for part, value in address.items():
        test.query_params[part] = value
    return test.run()


def _script(address: str) -> None:
    # AppTest runs this function's source alone, so that its names are looked up here.
    import streamlit as st  # noqa: PLC0415

    from core.settings import ROOT  # noqa: PLC0415
    from pages.parts import entries, menu, screen  # noqa: PLC0415

    entry = menu.entry(address)
    assert entry is not None
    pages = [
        st.Page(ROOT / each.file, url_path=each.address, title=each.title, default=each is entry)
        for each in entries.MENU
    ]
    screen.draw(st.navigation(pages, position="hidden"), entry)
