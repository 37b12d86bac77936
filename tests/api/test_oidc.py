"""The doors to the sign-in provider and back: redirects, cookies, words and statuses."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from sqlalchemy import update
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.testclient import TestClient

from api.oidc import callback, confirm_there, start
from api.sign_in import confirm, login
from core.access.authority import system
from core.access.models import User
from core.access.sessions import viewer
from core.clock import SetClock
from core.settings import Settings
from core.work import Office
from tests.builders import PASSWORD, a_user
from tests.oidc import FakeProvider, asked_for, fake_provider, seconds

ANA = "ana@example.com"
DEEP = "/ageing?as_of=2026-09-30"
ROUTES = [
    Route("/login", login, methods=["GET", "POST"]),
    Route("/confirm", confirm, methods=["GET", "POST"]),
    Route("/oidc/start", start),
    Route("/oidc/confirm", confirm_there),
    Route("/oidc/callback", callback),
]


@pytest.fixture
def fake(clock: SetClock) -> Iterator[FakeProvider]:
    with fake_provider(clock) as answering:
        yield answering


@pytest.fixture
def at(office: Office, fake: FakeProvider, settings: Settings) -> Office:
    chosen = fake.settings(settings, oidc_title="your <Fjord> account")
    return Office(office.engine, office.clock, chosen)


@pytest.fixture
def site(at: Office, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    for module in ("api.oidc", "api.sign_in"):
        monkeypatch.setattr(f"{module}.office", lambda: at)
        monkeypatch.setattr(f"{module}.settings", lambda: at.settings)
    with TestClient(Starlette(routes=ROUTES), follow_redirects=False) as client:
        yield client


def go(site: TestClient, fake: FakeProvider, path: str = "/oidc/start") -> str:
    """Leave for the provider; the state it is to bring back."""
    answer = site.get(path, params={"next": DEEP})
    assert answer.status_code == 303
    asked = asked_for(answer.headers["location"])
    fake.nonce = asked["nonce"]
    return asked["state"]


def back(site: TestClient, state: str, **given: str) -> Any:
    return site.get("/oidc/callback", params={"state": state, "code": "a code", **given})


def test_there_and_back_signs_in_and_goes_on_to_the_deep_link(
    site: TestClient, at: Office, fake: FakeProvider
) -> None:
    user = a_user(at, "cfo", email=ANA)
    answer = back(site, go(site, fake))
    assert (answer.status_code, answer.headers["location"]) == (303, DEEP)
    seen = viewer(at, site.cookies["saldo"])
    assert seen is not None
    assert seen.user_id == user.id
    assert "saldo_oidc" not in site.cookies


def test_the_state_is_kept_in_a_short_shielded_cookie_for_the_callback_alone(
    site: TestClient,
) -> None:
    cookie = site.get("/oidc/start").headers["set-cookie"].lower()
    for part in ("httponly", "samesite=lax", "path=/oidc/callback", "max-age=600"):
        assert part in cookie


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_the_way_back_leads_nowhere_else(
    site: TestClient, at: Office, fake: FakeProvider, target: str
) -> None:
    a_user(at, email=ANA)
    asked = asked_for(site.get("/oidc/start", params={"next": target}).headers["location"])
    fake.nonce = asked["nonce"]
    assert back(site, asked["state"]).headers["location"] == "/"


def test_another_browser_cannot_be_signed_in_with_somebodys_callback(
    site: TestClient, at: Office, fake: FakeProvider
) -> None:
    a_user(at, email=ANA)
    state = go(site, fake)
    with TestClient(Starlette(routes=ROUTES), follow_redirects=False) as victim:
        refused = back(victim, state)
        assert refused.status_code == 401
        assert "begun in another browser" in refused.text
        go(victim, fake)
        assert back(victim, state).status_code == 401
        assert "saldo" not in victim.cookies


def test_a_callback_works_once(site: TestClient, at: Office, fake: FakeProvider) -> None:
    a_user(at, email=ANA)
    state = go(site, fake)
    assert back(site, state).status_code == 303
    site.cookies.set("saldo_oidc", state, path="/oidc/callback")
    assert back(site, state).status_code == 401


@pytest.mark.parametrize(
    ("bent", "given", "status"),
    [
        ({"claims": {"email": "nobody@example.com"}}, {}, 401),
        ({"claims": {"nonce": "of another visit"}}, {}, 502),
        ({"down": True, "published": []}, {}, 503),
        ({}, {"error": "access_denied"}, 401),
        ({}, {"error": "<script>alert(1)</script>"}, 502),
        ({}, {"code": "x" * 5_000}, 502),
    ],
    ids=str,
)
def test_a_refusal_is_told_on_the_sign_in_page_and_the_deep_link_is_kept(
    site: TestClient,
    at: Office,
    fake: FakeProvider,
    bent: dict[str, Any],
    given: dict[str, str],
    status: int,
) -> None:
    a_user(at, email=ANA)
    state = go(site, fake)
    for name, value in bent.items():
        setattr(fake, name, value)
    answer = back(site, state, **given)
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert f'value="{DEEP}"' in answer.text
    assert "<script" not in answer.text
    assert "saldo" not in site.cookies


def test_a_provider_that_does_not_answer_leaves_the_password(
    site: TestClient, fake: FakeProvider
) -> None:
    fake.down = True
    answer = site.get("/oidc/start", params={"next": DEEP})
    assert answer.status_code == 503
    assert 'type="password"' in answer.text


def test_both_ways_stand_on_the_sign_in_page(site: TestClient) -> None:
    page = site.get("/login", params={"next": DEEP}).text
    assert "Sign in with your &lt;Fjord&gt; account" in page
    assert f"/oidc/start?next={quote(DEEP, safe='')}" in page
    assert 'type="password"' in page


def test_without_a_provider_there_is_the_password_alone(
    site: TestClient, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("api.oidc", "api.sign_in"):
        monkeypatch.setattr(f"{module}.office", lambda: office)
        monkeypatch.setattr(f"{module}.settings", lambda: office.settings)
    assert "/oidc/" not in site.get("/login").text
    assert site.get("/oidc/start").status_code == 404


def test_step_up_replaces_the_session(
    site: TestClient, at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    back(site, go(site, fake))
    before = site.cookies["saldo"]
    state = go(site, fake, "/oidc/confirm")
    fake.claims = {"auth_time": seconds(clock)}
    assert back(site, state).headers["location"] == DEEP
    assert site.cookies["saldo"] != before
    assert viewer(at, before) is None


def test_a_stale_sign_in_there_is_told_on_the_page_of_the_step_up(
    site: TestClient, at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    back(site, go(site, fake))
    before = site.cookies["saldo"]
    state = go(site, fake, "/oidc/confirm")
    fake.claims = {"auth_time": seconds(clock, -60)}
    answer = back(site, state)
    assert answer.status_code == 401
    assert "Confirm it is you" in answer.text
    assert "did not ask who you are" in answer.text
    assert site.cookies["saldo"] == before


def test_step_up_offers_what_the_person_has(
    site: TestClient, at: Office, fake: FakeProvider
) -> None:
    user = a_user(at, email=ANA)
    site.post("/login", data={"email": ANA, "password": PASSWORD})
    page = site.get("/confirm").text
    assert ('type="password"' in page, "/oidc/confirm" in page) == (True, False)
    back(site, go(site, fake))
    page = site.get("/confirm").text
    assert ('type="password"' in page, "/oidc/confirm" in page) == (True, True)
    with at.work(system("test")) as work:
        work.session.execute(update(User).where(User.id == user.id).values(password_hash=None))
    page = site.get("/confirm").text
    assert ('type="password"' in page, "/oidc/confirm" in page) == (False, True)
    assert ANA in page


def test_step_up_needs_a_session_and_is_not_asked_for_by_other_sites(
    site: TestClient, at: Office, fake: FakeProvider
) -> None:
    answer = site.get("/oidc/confirm", params={"next": DEEP})
    assert answer.headers["location"] == f"/login?ended=1&next={quote(DEEP, safe='')}"
    foreign = site.get("/oidc/confirm", headers={"sec-fetch-site": "cross-site"})
    assert foreign.status_code == 403


def test_a_session_that_ended_meanwhile_is_not_confirmed(
    site: TestClient, at: Office, fake: FakeProvider, clock: SetClock
) -> None:
    a_user(at, email=ANA)
    back(site, go(site, fake))
    state = go(site, fake, "/oidc/confirm")
    site.cookies.delete("saldo")
    fake.claims = {"auth_time": seconds(clock)}
    assert back(site, state).headers["location"].startswith("/login?ended=1")
    assert "saldo" not in site.cookies
