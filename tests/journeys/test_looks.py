"""Every page can be read, named and reached: contrast in both themes, names, focus, no clipping.

The checks are in `looks.js`; the pages are those of a small company with something of everything.
"""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from core.charging.events import store_event
from core.clock import SetClock, SystemClock
from core.dunning.run import run_dunning
from core.gateways.port import GatewayEvent
from core.plans.models import Plan
from core.work import Office
from pages.parts.entries import MENU
from tests.billing import JOB, a_charge, a_subscription, an_invoice, named
from tests.builders import PASSWORD, a_user
from tests.fuzz.world import LATER, ONE, fill
from tests.journeys.browser import Watched, watched
from tests.journeys.conftest import Site, a_site
from tests.wallets import a_recharge

LOOKS = Path(__file__).with_name("looks.js").read_text(encoding="utf-8")
BOSS, TENANTS = "boss@example.com", "tenants-admin@example.com"
ALSO = {
    BOSS: (
        "/revenue?view=Movements&by=tenant", "/cohorts?of=revenue", "/ageing?as_of=2020-01-01",
        "/users?user=1", "/wallets?wallet=1:EUR", "/close?month=2026-10", "/invoice?invoice=99999",
        "/subscription?subscription=1&do=auto-renew:1", "/payment?payment=1&do=refund:1",
        "/gateway-events?event=1",
    ),
    TENANTS: ("/my-invoices?invoice=1",),
}  # fmt: skip
"""Other views of a page, one with nothing in it, one of what does not exist, and dialogs."""
PAGES = [
    (TENANTS if e.own else BOSS, f"/{e.address}?{urlencode(ONE.get(e.address, {}))}".rstrip("?"))
    for e in MENU
]
PAGES += [(email, path) for email, paths in ALSO.items() for path in paths]
NAME = "Norra Sveriges Gemensamma Transport- och Logistikförmedling Ekonomisk Förening"
LARGE_MINOR = 987_654_321_00
SIGNED_OUT = ("/login", "/pricing")
SMALLER = {
    1180: ["room", "tables"],
    1024: ["room", "tables"],
    880: ["room", "tables"],
    390: ["room"],
}
"""Widths of a screen, and what is asked of a page there."""


@pytest.fixture(scope="module")
def company(server: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A served small company whose documents are some weeks old."""
    with a_site(server, template, tmp_path_factory.mktemp("looks"), tenants=8) as made:
        then = SetClock(SystemClock().now() - LATER - timedelta(hours=1))
        long_ago = Office(made.office.engine, then, made.office.settings)
        fill(long_ago)
        large(long_ago)
        a_user(made.office, "super_admin", email=BOSS)
        a_user(made.office, "org_admin", email=TENANTS, tenant_id=1)
        yield made


def large(office: Office) -> None:
    """A tenant whose name and whose amounts take the room there is."""
    tenant = named(office, NAME)
    with office.work(JOB) as work:
        plan = work.session.scalars(select(Plan).where(Plan.slug == "enterprise")).one()
    a_subscription(office, tenant, plan, collection="send_invoice")
    a_charge(office, an_invoice(office, tenant, LARGE_MINOR), "ch_of_a_large_one")
    an_invoice(office, tenant, LARGE_MINOR)
    a_recharge(office, tenant, LARGE_MINOR, "R-large")
    run_dunning(office)
    body = {
        "id": "evt_1",
        "type": "payout.paid",
        "data": {"livemode": False, "amount": 1, "of": None},
    }
    with office.work(JOB) as work:
        event = GatewayEvent("evt_1", "payout.paid", None, body)
        store_event(work, "stripe", event, json.dumps(body).encode(), None)


@pytest.fixture(scope="module")
def readers(browser: Browser, company: Site) -> Iterator[dict[str, Watched]]:
    """A tab for each of the two people, signed in once for all pages."""
    tabs = {email: watched(browser, company.base_url) for email in (BOSS, TENANTS)}
    for email, seen in tabs.items():
        seen.sign_in(email, PASSWORD)
    yield tabs
    for seen in tabs.values():
        seen.page.context.close()


def judged(seen: Watched) -> list[str]:
    """What is wrong with the page that is open: in light, on smaller screens, in dark."""
    page = seen.page
    faults = [
        f"light: {told}" for told in page.evaluate(LOOKS, ["contrast", "names", "room", "tables"])
    ]
    for width, asked in SMALLER.items():
        page.set_viewport_size({"width": width, "height": 900})
        seen.still(60)
        faults += [f"{width} px: {told}" for told in page.evaluate(LOOKS, asked)]
    page.set_viewport_size({"width": 1440, "height": 900})
    page.emulate_media(color_scheme="dark")
    seen.still(60)
    faults += [f"dark: {told}" for told in page.evaluate(LOOKS, ["contrast", "rings"])]
    page.emulate_media(color_scheme="light")
    return faults


@pytest.mark.parametrize(("email", "path"), PAGES, ids=[path for _, path in PAGES])
def test_a_page_can_be_read_named_and_reached(
    readers: dict[str, Watched], email: str, path: str
) -> None:
    seen = readers[email]
    seen.go(path)
    faults = judged(seen)
    assert not faults, "\n".join(faults)
    assert seen.faults == []


@pytest.mark.parametrize("path", SIGNED_OUT)
def test_a_page_before_the_sign_in_can_be_read_named_and_reached(
    browser: Browser, company: Site, path: str
) -> None:
    seen = watched(browser, company.base_url)
    seen.page.goto(company.base_url + path)
    faults = judged(seen)
    assert not faults, "\n".join(faults)
    assert seen.faults == []
    seen.page.context.close()


STOPS = """() => {
  const controls = document.querySelectorAll('a[href], button, input, textarea, [tabindex]');
  window.left = new Set([...controls].filter(el => el.tabIndex >= 0 && !el.disabled
      && el.checkVisibility({visibilityProperty: true, opacityProperty: true})));
  window.last = document.body;
  return left.size;
}"""
STOP = """() => {
  const at = document.activeElement;
  const onwards = Boolean(last.compareDocumentPosition(at) & Node.DOCUMENT_POSITION_FOLLOWING);
  left.delete(at);
  window.last = at;
  return onwards;
}"""
"""Whether Tab went on in the page's order; it begins again after the last stop."""


@pytest.mark.parametrize("path", ["/meters", "/churn"])
def test_tab_leads_through_a_page_in_its_order_and_past_nothing(
    readers: dict[str, Watched], path: str
) -> None:
    seen = readers[BOSS]
    seen.open(path)
    stops = seen.page.evaluate(STOPS)
    assert stops > 30
    tabs = 0
    while tabs < 2 * stops:
        seen.page.keyboard.press("Tab")
        if not seen.page.evaluate(STOP):
            break
        tabs += 1
    assert seen.page.evaluate("() => [...left].map(el => el.outerHTML.slice(0, 200))") == []


BAD = """<!doctype html><html><body>
<main data-testid="stMain" style="background: #fff; width: 1500px">
<h2>Second before first</h2>
<p style="color: #888">grey</p><p style="color: #767676">darker</p>
<p style="opacity: .5">faded</p>
<p style="background: #000; color: #777; font-size: 24px">large</p>
<img src="data:,"><button></button><button tabindex="3">Third</button>
<a href="#" style="outline: none">Unseen</a><div role="button">Unreached</div>
<div data-testid="stPlotlyChart" style="height: 9px"></div>
<div class="st-key-card-x" style="width: 40px"><p class="value">1234567890</p></div>
<div class="table" style="overflow: auto" aria-label="Wide"><table style="width: 1600px"><tbody>
<tr><td>1</td></tr></tbody></table></div>
<div class="table"><table style="width: 20px; table-layout: fixed; overflow-wrap: anywhere"><tbody>
<tr><td>Tenant</td></tr></tbody></table></div></main></body></html>"""
FAULTS = {
    "contrast": ('contrast 3.54 of "grey"', 'contrast 3.98 of "faded"'),
    "names": (
        "the page names no language", "0 first headings", '"Second before first" skips to h2',
        "an image without alt text", "a control without a name", "a tab order of its own",
        '"Unreached" is out of the keyboard\'s reach', "a chart in no words",
    ),
    "rings": ('no ring shows that "Unseen" has the focus',),
    "tables": ('the table "Wide" is',),
    "room": (
        "wider than the screen", '"1234567890" does not fit', 'the word "Tenant" is broken in two',
    ),
}  # fmt: skip


@pytest.mark.parametrize("asked", FAULTS)
def test_what_is_wrong_with_a_bad_page_is_found(browser: Browser, asked: str) -> None:
    page = browser.new_page(viewport={"width": 1024, "height": 700})
    page.set_content(BAD)
    found = page.evaluate(LOOKS, [asked])
    page.close()
    expected = FAULTS[asked]
    assert len(found) == len(expected), found
    for told in expected:
        assert any(told in fault for fault in found), (told, found)
