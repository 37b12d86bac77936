"""What the web process tells a browser and what it refuses, asked of a served Saldo."""

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.types import Receive, Scope, Send

from api import requests, sign_in
from api.headers import SecurityHeaders
from core.access.sessions import viewer
from core.settings import Settings
from core.work import Office
from tests.builders import PASSWORD, a_user
from tests.journeys.conftest import Site

EMAIL = "cfo@example.com"
FORM = {"email": EMAIL, "password": PASSWORD, "next": "/"}
FOREIGN = {"origin": "https://evil.example"}
HANDSHAKE = {
    "connection": "Upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.fixture
def browser(site: Site) -> Iterator[httpx.Client]:
    """A client that keeps cookies, signed in."""
    with httpx.Client(base_url=site.base_url) as client:
        assert client.post("/login", data=FORM).status_code == 303
        yield client


def websocket(site: Site, cookie: str | None, origin: str) -> int:
    """The status of the answer to a websocket's handshake; 101 opens it."""
    cookies = {"cookie": f"saldo={cookie}"} if cookie else {}
    headers = {**HANDSHAKE, **cookies, "origin": origin}
    with httpx.stream("GET", f"{site.base_url}/_stcore/stream", headers=headers) as answer:
        return answer.status_code


def test_a_websocket_of_another_site_is_refused(site: Site, browser: httpx.Client) -> None:
    """ASVS 4.4.2: a page of another site opens none, though the browser sends the cookie."""
    token = browser.cookies["saldo"]
    others = ("https://evil.example", "null", "http://localhost:1", site.base_url + ".evil.example")
    for origin in others:
        assert websocket(site, token, origin) == 403, origin
    assert websocket(site, token, site.base_url) == 101


def test_a_websocket_needs_a_session(site: Site) -> None:
    """ASVS 4.4.4: signed out there is none, nor with a token that never was."""
    assert websocket(site, None, site.base_url) == 403
    assert websocket(site, "made-up", site.base_url) == 403


@pytest.mark.parametrize(
    "path",
    ["/", "/revenue", "/_stcore/metrics", "/_stcore/host-config", "/media/x.csv", "/confirm"],
)
def test_signed_out_request_is_sent_to_sign_in(site: Site, path: str) -> None:
    """ASVS 8.3.1: nothing of a page is served to nobody, its files and figures included."""
    answer = httpx.get(site.base_url + path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=")


def test_another_site_signs_nobody_in_out_or_through(site: Site, browser: httpx.Client) -> None:
    """ASVS 3.5.1: forms that another site sends are refused, also with the cookie."""
    with httpx.Client(base_url=site.base_url) as victim:
        assert victim.post("/login", data=FORM, headers=FOREIGN).status_code == 403
        assert not victim.cookies
    before = browser.cookies["saldo"]
    for path in ("/logout", "/confirm"):
        assert browser.post(path, data=FORM, headers=FOREIGN).status_code == 403
    assert browser.cookies["saldo"] == before
    assert viewer(site.office, before) is not None


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example"]
)
def test_sign_in_leads_nowhere_else(site: Site, target: str) -> None:
    """ASVS 3.7.2: a link to the sign-in page cannot send people to another site."""
    answer = httpx.post(f"{site.base_url}/login", data={**FORM, "next": target})
    assert answer.headers["location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(site: Site) -> None:
    """ASVS 3.3.2, 3.3.4: HttpOnly, and not sent along with what other sites post."""
    cookie = httpx.post(f"{site.base_url}/login", data=FORM).headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie


def test_behind_https_the_cookie_is_this_hosts_alone(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ASVS 3.3.1, 3.3.3: Secure, and `__Host-` so that no neighbouring host can plant one."""
    chosen = settings.model_copy(update={"cookie_secure": True})
    monkeypatch.setattr(sign_in, "office", lambda: office)
    for module in (requests, sign_in):
        monkeypatch.setattr(module, "settings", lambda: chosen)
    a_user(office, "cfo", email=EMAIL)
    routes = [
        Route("/login", sign_in.login, methods=["POST"]),
        Route("/logout", sign_in.logout, methods=["POST"]),
    ]
    client = TestClient(Starlette(routes=routes), "https://books.example", follow_redirects=False)
    cookie = client.post("/login", data=FORM).headers["set-cookie"]
    assert cookie.startswith("__Host-saldo=")
    assert "; Secure" in cookie
    assert "; Path=/" in cookie
    assert "domain" not in cookie.lower()
    token = client.cookies["__Host-saldo"]
    assert viewer(office, token) is not None
    gone = client.post("/logout").headers["set-cookie"]
    assert gone.startswith('__Host-saldo="";')
    assert "; Secure" in gone
    assert viewer(office, token) is None


def test_behind_https_no_cookie_goes_by_http() -> None:
    """ASVS 3.3.1: Streamlit's own cookie is Secure too, as every other one, once."""

    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        answer = PlainTextResponse("ok")
        answer.set_cookie("_streamlit_xsrf", "2|a|b")
        answer.set_cookie("saldo", "token", secure=True)
        await answer(scope, receive, send)

    client = TestClient(SecurityHeaders(served, https=True), "https://books.example")
    told = client.get("/").headers.get_list("set-cookie")
    assert [each.count("; Secure") for each in told] == [1, 1]


def test_security_headers_are_on_every_answer(site: Site) -> None:
    """ASVS 3.4.2, 3.4.3, 3.4.4, 3.4.5, 3.4.6, 3.4.8: pages, refusals, the API and files alike."""
    for path in ("/login", "/revenue", "/sys/tenants", "/nothing", "/brand/nothing.css"):
        headers = httpx.get(site.base_url + path).headers
        policy = headers["content-security-policy"]
        for rule in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert rule in policy, path
        assert not re.search(r"script-src[^;]*unsafe", policy)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "access-control-allow-origin" not in headers


def test_behind_https_browsers_are_told_to_stay_there() -> None:
    """ASVS 3.4.1: for a year, and for hosts below this one."""
    app = SecurityHeaders(PlainTextResponse("ok"), https=True)
    told = TestClient(app).get("/").headers["strict-transport-security"]
    assert told == "max-age=31536000; includeSubDomains"


def test_unknown_host_is_refused(site: Site) -> None:
    """ASVS 2.2.1: links are never made from a name that the caller invented."""
    answer = httpx.get(f"{site.base_url}/login", headers={"host": "evil.example"})
    assert answer.status_code == 400


def test_step_up_replaces_the_session(site: Site, browser: httpx.Client) -> None:
    """ASVS 7.2.4: the browser gets a new token, and the old one opens nothing."""
    before = browser.cookies["saldo"]
    assert "Confirm it is you" in browser.get("/confirm?next=/ageing").text
    answer = browser.post("/confirm", data={"password": PASSWORD, "next": "/ageing"})
    assert answer.headers["location"] == "/ageing"
    assert browser.cookies["saldo"] != before
    assert httpx.get(site.base_url, cookies={"saldo": before}).status_code == 303


def test_signing_in_again_ends_the_session_before(site: Site, browser: httpx.Client) -> None:
    """ASVS 7.2.4: a token that somebody planted or saw does not outlive the next sign-in."""
    before = browser.cookies["saldo"]
    browser.post("/login", data=FORM)
    assert browser.cookies["saldo"] != before
    assert viewer(site.office, browser.cookies["saldo"]) is not None
    assert viewer(site.office, before) is None


def test_signing_out_leaves_nothing_to_go_back_to(site: Site, browser: httpx.Client) -> None:
    """ASVS 7.4.1: the back button finds the sign-in page."""
    before = browser.cookies["saldo"]
    assert browser.post("/logout").status_code == 303
    assert "saldo" not in browser.cookies
    assert viewer(site.office, before) is None
    assert browser.get("/revenue").headers["location"].startswith("/login")
