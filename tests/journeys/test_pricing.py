"""The pricing page in a browser without a session, and the writes on plans and wallets."""

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, expect

from core.access.authority import Actor
from core.plans.actions import create_plan, set_plan_active
from core.plans.defaults import default_plans
from core.plans.queries import PlanRow, plan_rows
from core.work import Office
from tests.billing import JOB, a_tenant
from tests.builders import PASSWORD, a_user, acting
from tests.journeys.browser import WIDER_THAN_SCREEN, Watched, watched
from tests.journeys.conftest import Site
from tests.wallets import holds

BOXES = "[...document.querySelectorAll('.plan, dl div')].map(e => e.getBoundingClientRect().top)"


def the_plans(office: Office) -> dict[str, PlanRow]:
    with office.work(JOB) as work:
        return {row.slug: row for row in plan_rows(work, active_only=False)}


def an_admin(office: Office) -> Actor:
    return acting(office, a_user(office, "super_admin"))


@pytest.fixture(autouse=True)
def catalogue(site: Site) -> None:
    """The default plans, whichever journey made them first."""
    boss = an_admin(site.office)
    for new in default_plans():
        if new.slug not in the_plans(site.office):
            with site.office.work(boss) as work:
                create_plan(work, new)


@pytest.fixture
def scriptless(browser: Browser, site: Site) -> Iterator[Watched]:
    """A browser that runs no script."""
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    seen = Watched(context.new_page(), site.base_url)
    seen.listen()
    yield seen
    context.close()
    assert seen.faults == []


def test_pricing_page_needs_no_session_and_no_other_host(site: Site) -> None:
    answer = httpx.get(f"{site.base_url}/pricing")
    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "http://" not in answer.text
    assert "https://" not in answer.text


@pytest.mark.parametrize("path", ["/pricing/", "/pricing/x", "/pricingx", "/plans", "/wallets"])
def test_nothing_beside_the_pricing_page_is_open(site: Site, path: str) -> None:
    assert httpx.get(site.base_url + path).headers["location"].startswith("/login?next=")


@pytest.mark.parametrize(
    ("query", "price", "cycle"),
    [
        ("", "79", "monthly"),
        ("?cycle=annual", "758.40", "annual"),
        ("?cycle=quarterly&currency=SEK", "2,476.65", "quarterly"),
        ("?cycle=nonsense&currency=%3Cb%3E", "79", "monthly"),
    ],
)
def test_address_chooses_cycle_and_currency(site: Site, query: str, price: str, cycle: str) -> None:
    text = httpx.get(f"{site.base_url}/pricing{query}").text
    assert f'value="{cycle}" checked' in text
    assert text.count(" checked") == 1
    assert f"<b>{price}</b>" in text
    assert "<b>%" not in text


def test_switch_works_without_script_or_reload_and_moves_nothing(scriptless: Watched) -> None:
    page = scriptless.page
    page.goto(scriptless.base_url + "/pricing")
    growth = page.get_by_role("article", name="Growth")
    expect(growth.get_by_text("79", exact=True)).to_be_visible()
    before, address = page.evaluate(BOXES), page.url
    page.get_by_role("radio", name="Yearly save 20%").check()
    expect(growth.get_by_text("758.40")).to_be_visible()
    expect(growth.get_by_text("EUR 63.20 a month")).to_be_visible()
    expect(growth.get_by_text("79", exact=True)).to_be_hidden()
    assert page.evaluate(BOXES) == before
    assert page.url == address
    page.get_by_role("button", name="SEK").click()
    expect(growth.get_by_text("8,342.40")).to_be_visible()
    assert "cycle=annual" in page.url


def test_switch_is_worked_with_the_keyboard(scriptless: Watched) -> None:
    page = scriptless.page
    page.goto(scriptless.base_url + "/pricing?currency=SEK")
    page.get_by_role("radio", name="Monthly").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Quarterly")).to_be_checked()
    page.keyboard.press("Enter")
    page.wait_for_url("**/pricing?*cycle=quarterly*")
    expect(page.get_by_role("button", name="SEK")).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width", [390, 768, 1440])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_page_fits_every_screen(browser: Browser, site: Site, width: int, scheme: str) -> None:
    seen = watched(browser, site.base_url, scheme, width)  # type: ignore[arg-type]
    seen.page.goto(f"{site.base_url}/pricing?cycle=annual&currency=NGN")
    assert seen.page.evaluate(WIDER_THAN_SCREEN) <= 0
    for price in seen.page.locator(".plan").all():
        assert price.evaluate("card => card.scrollWidth - card.clientWidth") <= 0
    seen.page.context.close()
    assert seen.faults == []


def test_deactivated_plan_leaves_the_page_and_a_visitor_comes_from_the_sign_in(
    site: Site, visitor: Watched
) -> None:
    pro = the_plans(site.office)["pro"]
    with site.office.work(an_admin(site.office)) as work:
        set_plan_active(work, pro.id, False)
    page = visitor.page
    page.goto(site.base_url + "/login")
    page.get_by_role("link", name="Plans and prices").click()
    expect(page.get_by_role("heading", name="Growth")).to_be_visible()
    expect(page.get_by_role("heading", name="Pro", exact=True)).to_have_count(0)
    with site.office.work(an_admin(site.office)) as work:
        set_plan_active(work, pro.id, True)
    page.reload()
    expect(page.get_by_role("heading", name="Pro", exact=True)).to_be_visible()


def test_edited_plan_is_on_the_pricing_page(site: Site, visitor: Watched) -> None:
    starter = the_plans(site.office)["starter"]
    page = visitor.page
    visitor.sign_in("admin@example.com", PASSWORD, f"/plans?plan={starter.id}")
    page.get_by_role("button", name="Edit…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Users", exact=True).fill("7")
    dialog.get_by_label("Branches", exact=True).fill("")
    page.keyboard.press("Tab")
    expect(dialog.get_by_text("Users: 5 → 7")).to_be_visible()
    expect(dialog.get_by_text("Branches: 2 → –")).to_be_visible()
    dialog.get_by_role("button", name="Save the changes").click()
    expect(page.get_by_text("Audit event")).to_be_visible()
    visitor.settle()
    visitor.check("the plan after the edit")
    page.goto(site.base_url + "/pricing")
    users = page.get_by_role("article", name="Starter").locator("dl div", has_text="Users")
    expect(users).to_contain_text("7")


@pytest.mark.parametrize("gap_ms", [30, 300])
def test_wallet_is_credited_once_however_it_is_clicked(
    site: Site, visitor: Watched, gap_ms: int
) -> None:
    tenant = a_tenant(site.office)
    page = visitor.page
    visitor.sign_in("admin@example.com", PASSWORD, f"/wallets?wallet={tenant.id}-EUR")
    page.get_by_role("button", name="Credit…").click()
    page.get_by_label("Amount in EUR").fill("50.39")
    page.get_by_label("Reason").fill("compensation for the outage")
    page.keyboard.press("Tab")
    visitor.settle()
    box = page.get_by_role("button", name="Give the credit").bounding_box()
    assert box
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(*at)
    page.wait_for_timeout(gap_ms)
    page.mouse.click(*at)
    expect(page.get_by_text("Audit event")).to_be_visible()
    visitor.settle()
    assert holds(site.office, tenant) == (5_039, 0)
    visitor.check("the wallet after the credit")
    with page.expect_download() as started:
        page.get_by_role("button", name="CSV").click()
    text = started.value.path().read_text()
    assert "5039" in text
    assert text.startswith("when,type,description,reference_id,currency,amount_minor")
