"""Runs one page of an administrator as a new person, and reads what it shows."""

import re
from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

from core.access.sessions import open_session, viewer
from core.audit.queries import search
from core.settings import ROOT
from core.work import Office
from tests.billing import JOB, WHY
from tests.builders import a_user

Visit = Callable[..., AppTest]


def visitor(office: Office, monkeypatch: pytest.MonkeyPatch, page: str) -> Visit:
    """A way to run a page under `pages/`."""

    def run(
        *roles: str, fresh: bool = True, tenant_id: int | None = None, **address: str
    ) -> AppTest:
        with office.work(JOB) as work:
            token = open_session(work, a_user(office, *roles, tenant_id=tenant_id).id, fresh=fresh)
        seen = viewer(office, token)
        assert seen is not None
        monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: viewer(office, token))
        monkeypatch.setattr("pages.parts.viewer.current_actor", lambda: seen.actor("192.0.2.7"))
        test = AppTest.from_file(ROOT / "pages" / page, default_timeout=30)
        for name, value in address.items():
            test.query_params[name] = value
        return test.run()

    return run


def words(test: AppTest) -> str:
    """All HTML of the page in one text, but for what keeps days and amounts in one line."""
    return whole(" ".join(str(block.proto.body) for block in test.get("html")))


def whole(html: str) -> str:
    """HTML without the spans within which no line ends."""
    return re.sub(r'<span class="whole">([^<]*)</span>', r"\1", html)


def press(test: AppTest, key: str) -> None:
    """Press a button."""
    test.button(key=key).click().run()


def confirm(test: AppTest, reason: str = WHY) -> None:
    """Give the reason and press the dialog's button."""
    next(area for area in test.text_area if area.label == "Reason").set_value(reason)
    press(test, "confirm-do")


def events(office: Office, event_type: str) -> list[dict[str, object]]:
    """What the audit log says of a kind of event, newest first."""
    with office.work(JOB) as work:
        return [row.payload for row in search(work, event_type=event_type)]
