"""Granting a role in the browser: step-up first, then exactly one write, however it is clicked."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import text

from core.access.authority import system
from core.access.models import User
from core.audit.queries import AuditRow, search
from tests.builders import PASSWORD, a_user
from tests.journeys.browser import Watched
from tests.journeys.conftest import Site

REASON = "covers for the analyst in December"
STALE = text(
    "update user_session set fresh_until = now() - interval '1 minute' "
    "where user_id = (select id from app_user where email = 'admin@example.com')"
)


def grants(site: Site, user: User) -> tuple[list[str], list[AuditRow]]:
    """The roles of the user and the audit rows of the grants that made them."""
    with site.office.work(system("test")) as work:
        mine = "select role from user_role where user_id = :user_id"
        roles = work.session.scalars(text(mine), {"user_id": user.id}).all()
        rows = search(work, event_type="access.role.granted")
    return list(roles), [row for row in rows if row.payload["user_id"] == user.id]


def at_the_dialog(visitor: Watched, site: Site, user: User) -> None:
    """A stale super admin asks to make the user an analyst, and proves who it is."""
    page = visitor.page
    visitor.sign_in("admin@example.com", PASSWORD, f"/users?text={user.email}")
    with site.office.work(system("test")) as work:
        work.session.execute(STALE)
    page.get_by_role("region", name="Users").get_by_role("link").click()
    visitor.settle()
    page.locator(f".st-key-grant-{user.id}-analyst").get_by_role("button").click()
    expect(page.get_by_text("This needs your password again")).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_count(0)
    assert grants(site, user) == ([], [])
    page.get_by_role("link", name="Confirm it is you").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Reason").fill(REASON)


@pytest.mark.parametrize("gap_ms", [30, 300])
def test_stale_super_admin_confirms_and_grants_once(
    visitor: Watched, site: Site, gap_ms: int
) -> None:
    user = a_user(site.office, email=f"newcomer-{gap_ms}@example.com")
    at_the_dialog(visitor, site, user)
    page = visitor.page
    box = page.get_by_role("button", name="Grant the role").bounding_box()
    assert box
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*at)
    page.wait_for_timeout(gap_ms)
    page.mouse.click(*at)
    expect(page.get_by_text("Audit event")).to_be_visible()
    visitor.settle()
    roles, rows = grants(site, user)
    assert roles == ["analyst"]
    assert [row.payload["reason"] for row in rows] == [REASON]
    visitor.check("the account after the grant")
    page.get_by_role("link", name="Audit event").click()
    visitor.settle()
    expect(page.locator("details.event").first).to_contain_text(REASON)
