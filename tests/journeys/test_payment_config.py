"""Keys of a gateway typed by the keyboard alone, and tables on a telephone's screen."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from core.access.authority import system
from core.charging.events import store_event
from core.gateways.credentials import opened
from core.gateways.models import GatewayCredentials
from core.gateways.port import GatewayEvent
from tests.billing import WHY
from tests.builders import PASSWORD
from tests.journeys.browser import Watched
from tests.journeys.conftest import Site

pytestmark = pytest.mark.xdist_group("journeys")
SIDEWAYS = "table => table.scrollWidth - table.clientWidth"
TYPED = ("", "sk_test_by_the_keyboard_alone", "whsec_by_the_keyboard_alone")


def test_keys_that_are_left_by_tab_are_kept(visitor: Watched, site: Site) -> None:
    page = visitor.page
    visitor.sign_in("admin@example.com", PASSWORD, "/payment-config")
    page.get_by_role("button", name="Set keys…").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Publishable key").focus()
    for words in (*TYPED, WHY):
        page.keyboard.type(words)
        page.keyboard.press("Tab")
    visitor.settle()
    expect(dialog.get_by_role("textbox", name="Reason")).to_have_value(WHY)
    dialog.get_by_role("button", name="Keep the keys").click()
    expect(page.get_by_text("of Stripe for the company are kept").first).to_be_visible()
    with site.office.work(system("test")) as work:
        row = work.session.scalars(select(GatewayCredentials)).one()
        kept = opened(row, site.office.settings).values
        work.session.delete(row)
    assert (kept["secret_key"], kept["webhook_secret"]) == TYPED[1:]


def test_gateway_events_fit_a_telephone(visitor: Watched, site: Site) -> None:
    told = GatewayEvent("evt_" + "5f" * 20, "customer.subscription.trial_will_end", None, {})
    with site.office.work(system("test")) as work:
        store_event(work, "stripe", told, b"{}", None)
    page = visitor.page
    page.set_viewport_size({"width": 390, "height": 800})
    visitor.sign_in("admin@example.com", PASSWORD, "/gateway-events")
    table = page.get_by_role("region", name="Gateway events")
    expect(table).to_contain_text("trial_will_end")
    assert table.evaluate(SIDEWAYS) <= 0
    page.set_viewport_size({"width": 1440, "height": 900})
