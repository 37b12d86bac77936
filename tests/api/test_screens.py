"""The sources' addresses of screens lead a browser to the page, and a program to the API."""

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api.gate import Gate, passes
from api.screens import SCREENS, Screens
from core.settings import Settings
from pages.parts.menu import addresses

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def inner(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse(f"{Request(scope).method} passed")(scope, receive, send)


@pytest.fixture
def site() -> TestClient:
    return TestClient(Screens(Gate(inner)), follow_redirects=False)


@pytest.mark.parametrize("address", SCREENS)
def test_a_browser_is_sent_on_and_a_program_is_not(
    site: TestClient, settings: Settings, address: str
) -> None:
    sent = site.get(f"{address}?search=fjord", headers=BROWSER)
    assert (sent.status_code, sent.headers["location"]) == (
        303,
        f"{SCREENS[address]}?search=fjord",
    )
    assert SCREENS[address].removeprefix("/") in addresses(settings)
    for answer in (
        site.get(address, headers={"accept": "application/json"}),
        site.post(address, headers=BROWSER),
    ):
        assert answer.text.endswith("passed")


def test_a_payment_is_posted_where_its_page_is_read() -> None:
    scope = {"type": "http", "path": "/payments"}
    assert [passes(scope | {"method": method}) for method in ("POST", "GET")] == [True, False]
    assert not passes({"type": "websocket", "path": "/payments"})
