"""One's own sign-in in the browser: another password, a session ended, and in with a code."""

import time

import pyotp
from playwright.sync_api import Browser, expect
from sqlalchemy import text

from core.access.authority import system
from tests.builders import PASSWORD, a_user
from tests.journeys.browser import Watched, watched
from tests.journeys.conftest import Site

NEW = "another horse, another battery"
STALE = text(
    "update user_session set fresh_until = now() - interval '1 minute' "
    "where user_id = (select id from app_user where email = :email)"
)
STEP_SECONDS = 30
"""How long a one-time code holds; the one after it is accepted already."""


def changed_password(seen: Watched, site: Site, email: str) -> None:
    """Another password after a wrong old one, which changes nothing, and the right one."""
    page = seen.page
    with site.office.work(system("test")) as work:
        work.session.execute(STALE, {"email": email})
    page.get_by_role("button", name="Change…").click()
    page.get_by_role("link", name="Confirm it is you").click()
    page.get_by_label("Password").fill("not the old one")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_be_visible()
    seen.faults.clear()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    for label in ("New password", "The same again"):
        page.get_by_label(label).fill(NEW)
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()


def enrolled(seen: Watched) -> pyotp.TOTP:
    """Codes turned on with one that the app shows."""
    page = seen.page
    page.get_by_role("button", name="Turn on…").click()
    codes = pyotp.TOTP(page.locator("code").inner_text().replace(" ", ""))
    page.get_by_role("textbox", name="Code").fill(codes.now())
    page.get_by_role("button", name="Turn on", exact=True).click()
    expect(page.get_by_text("From now on signing in asks for a code")).to_be_visible()
    return codes


def test_a_person_changes_the_password_ends_a_session_and_signs_in_with_a_code(
    visitor: Watched, browser: Browser, site: Site
) -> None:
    email = a_user(site.office, "cfo").email
    page = visitor.page
    visitor.sign_in(email, PASSWORD, "/my-sign-in")
    changed_password(visitor, site, email)
    other = watched(browser, site.base_url)
    other.sign_in(email, NEW, "/my-sign-in")
    visitor.open("/my-sign-in")
    page.get_by_role("button", name="End…", exact=True).click()
    page.get_by_role("button", name="End it").click()
    expect(page.get_by_text("The session has ended")).to_be_visible()
    other.page.goto(site.base_url + "/my-sign-in")
    expect(other.page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    other.page.context.close()
    codes = enrolled(visitor)
    visitor.settle()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(NEW)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_be_visible()
    visitor.faults.clear()
    visitor.page.goto(site.base_url + "/login?next=/my-sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(NEW)
    page.get_by_label("One-time code").fill(codes.at(int(time.time()) + STEP_SECONDS))
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Turn off…")).to_be_visible()
