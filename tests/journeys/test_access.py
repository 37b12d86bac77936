"""Signing in and out, deep links, and what stays shut without a session."""

import httpx
from playwright.sync_api import expect
from sqlalchemy import text

from core.access.authority import system
from tests.builders import PASSWORD
from tests.journeys.browser import Watched
from tests.journeys.conftest import Site

FORM = {"email": "cfo@example.com", "password": PASSWORD, "next": "/"}


def test_deep_link_survives_sign_in(visitor: Watched) -> None:
    visitor.sign_in("cfo@example.com", PASSWORD, "/rows?figure=churn&month=2026-09")
    assert visitor.page.url.endswith("/rows?figure=churn&month=2026-09")
    expect(visitor.page.get_by_role("heading", name="Churn", exact=True)).to_be_visible()


def test_wrong_password_says_the_same_as_unknown_address(visitor: Watched) -> None:
    told = []
    for email in ("cfo@example.com", "nobody@example.com"):
        visitor.page.goto(visitor.base_url + "/login")
        visitor.page.get_by_label("E-mail").fill(email)
        visitor.page.get_by_label("Password").fill("not the password at all")
        visitor.page.get_by_role("button", name="Sign in", exact=True).click()
        told.append(visitor.page.get_by_role("alert").inner_text())
    assert told[0] == told[1]
    visitor.faults = [fault for fault in visitor.faults if "401" not in fault]


def test_signed_out_tab_cannot_go_on(cfo: Watched, site: Site) -> None:
    with site.office.work(system("test")) as work:
        work.session.execute(text("update user_session set revoked_at = now()"))
    cfo.page.get_by_text("Movements", exact=True).click()
    expect(cfo.page.get_by_text("Your session has ended")).to_be_visible()
    cfo.page.get_by_role("link", name="Sign in again").click()
    expect(cfo.page.get_by_label("Password")).to_be_visible()


def test_sign_out_ends_the_session(cfo: Watched) -> None:
    cfo.page.get_by_role("button", name="Sign out").click()
    expect(cfo.page.get_by_label("Password")).to_be_visible()
    cfo.page.goto(cfo.base_url + "/revenue")
    assert "/login?next=%2Frevenue" in cfo.page.url


def test_person_without_a_page_is_told_so(visitor: Watched) -> None:
    visitor.sign_in("operator@example.com", PASSWORD)
    expect(visitor.page.get_by_text("none of its roles opens a page")).to_be_visible()


def test_health_answers_without_a_session(site: Site) -> None:
    for address in ("/health", "/readyz"):
        answer = httpx.get(site.base_url + address)
        assert answer.json() == {"status": "ok", "database": "ok", "schema": "ok"}
    assert httpx.get(f"{site.base_url}/healthz").json() == {"status": "ok"}


def test_figures_for_a_collector_are_kept_from_whoever_comes_from_elsewhere(site: Site) -> None:
    passed_on = {"x-forwarded-for": "203.0.113.9"}
    assert httpx.get(f"{site.base_url}/metrics", headers=passed_on).status_code == 404
    assert "saldo_database_up 1.0" in httpx.get(f"{site.base_url}/metrics").text


def test_a_page_that_no_role_opens_says_so(visitor: Watched) -> None:
    visitor.sign_in("cfo@example.com", PASSWORD, "/users?user=1")
    page = visitor.page
    expect(page.get_by_role("heading", name="This page is not open to you")).to_be_visible()
    expect(page.get_by_text("Ask an administrator for it.")).to_be_visible()
    expect(page.get_by_text("Page not found")).to_have_count(0)
    expect(page.get_by_role("link", name="Users and roles")).to_have_count(0)
    page.get_by_role("link", name="Go to your first page").click()
    expect(page.get_by_role("heading", name="Revenue", exact=True)).to_be_visible()
    visitor.open("/my-plan")
    expect(page.get_by_text("It is for the people of an organisation")).to_be_visible()
