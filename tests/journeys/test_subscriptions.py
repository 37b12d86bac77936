"""Changing a plan in the browser: preview, step-up, reason, receipt; the second person is told."""

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, text

from core.access.authority import system
from core.audit.queries import search
from core.plans.models import Plan
from core.subscriptions.detail import Detail, detail
from core.subscriptions.models import Subscription
from core.work import Office
from tests.billing import a_subscription, a_tenant, the_plans
from tests.builders import PASSWORD, a_user
from tests.journeys.browser import Watched, watched
from tests.journeys.conftest import Site

REASON = "the customer asked for it by mail"
STALE = text("""
update user_session set fresh_until = now() - interval '1 minute'
where user_id = (select id from app_user where email = :email)
""")


def a_subscriber(office: Office) -> Subscription:
    """A new tenant on Growth, paid by card."""
    with office.work(system("test")) as work:
        known = {plan.slug: plan for plan in work.session.scalars(select(Plan))}
    return a_subscription(office, a_tenant(office), (known or the_plans(office))["growth"])


def now(site: Site, subscription: Subscription) -> Detail:
    with site.office.work(system("test")) as work:
        return detail(work, subscription.id)


def choose(page: Page, label: str, option: str) -> None:
    page.get_by_role("dialog").get_by_label(label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_plan_changes_after_preview_and_step_up_once(visitor: Watched, site: Site) -> None:
    email = "finance-plan@example.com"
    a_user(site.office, "sys_finance", email=email)
    subscription = a_subscriber(site.office)
    page = visitor.page
    visitor.sign_in(email, PASSWORD, f"/subscription?subscription={subscription.id}")
    with site.office.work(system("test")) as work:
        work.session.execute(STALE, {"email": email})
    page.get_by_role("button", name="Change plan…").click()
    choose(page, "Plan", "Pro")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("region", name="Lines of the invoice")).to_contain_text("199.00")
    expect(dialog.get_by_role("region", name="Postings")).to_contain_text("Deferred revenue")
    expect(page.get_by_label("Reason")).to_have_count(0)
    visitor.settle()
    page.get_by_role("link", name="Confirm it is you").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()
    expect(dialog.get_by_role("region", name="Lines of the invoice")).to_contain_text("199.00")
    page.get_by_label("Reason").fill(REASON)
    carry_out = page.get_by_role("button", name="Change the plan")
    carry_out.scroll_into_view_if_needed()
    box = carry_out.bounding_box()
    assert box
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*at)
    page.wait_for_timeout(120)
    page.mouse.click(*at)
    expect(page.get_by_text("has Pro from today").first).to_be_visible()
    expect(page.get_by_role("region", name="Plan history")).to_contain_text(REASON)
    found = now(site, subscription)
    assert [change.kind for change in found.history] == ["plan_changed", "created"]
    assert len(found.documents) == 2
    with site.office.work(system("test")) as work:
        rows = search(work, event_type="saas.subscription.plan_changed")
    mine = [row for row in rows if row.payload["subscription_id"] == subscription.id]
    assert [row.payload["reason"] for row in mine] == [REASON]


def test_second_of_two_people_is_told(browser: Browser, site: Site) -> None:
    subscription = a_subscriber(site.office)
    people = []
    for name in ("first", "second"):
        a_user(site.office, "sys_finance", email=f"{name}-finance@example.com")
        seen = watched(browser, site.base_url)
        door = f"/subscription?subscription={subscription.id}&do=auto-renew:{subscription.id}"
        seen.sign_in(f"{name}-finance@example.com", PASSWORD, door)
        seen.page.get_by_label("Reason").fill(REASON)
        people.append(seen)
    first, second = people
    first.page.get_by_role("button", name="Change it").click()
    expect(first.page.get_by_text("does not renew by itself any more").first).to_be_visible()
    second.page.get_by_role("button", name="Change it").click()
    expect(second.page.get_by_text("Somebody changed this record")).to_be_visible()
    found = now(site, subscription)
    assert (found.row.auto_renew, len(found.history)) == (False, 2)
    for seen in people:
        assert seen.faults == []
        seen.page.context.close()
