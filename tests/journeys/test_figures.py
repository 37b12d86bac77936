"""From the dashboard down to the rows, and what the audit page shows of it all."""

import csv
import io
import re

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.builders import PASSWORD
from tests.journeys.browser import Watched, a_profile, a_tab
from tests.journeys.conftest import Site

CARDS = ("MRR", "Net new MRR", "Net revenue retention", "Net revenue", "Platform fees", "Runway")


def test_dashboard_shows_its_cards_and_adds_up(cfo: Watched) -> None:
    for title in CARDS:
        expect(cfo.page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(cfo.page.get_by_text("Adds up to the cent")).to_be_visible()
    expect(cfo.page.locator(".frame")).to_have_count(0)  # what was painted first is gone
    cfo.check("dashboard")


def test_card_opens_the_rows_that_sum_to_it(cfo: Watched) -> None:
    cfo.page.locator(".st-key-card-mrr").get_by_role("link", name="Rows").click()
    cfo.settle()
    assert "figure=mrr" in cfo.page.url
    expect(cfo.page.get_by_text("The rows sum to the figure, to the cent")).to_be_visible()


def test_number_of_the_month_table_opens_its_moves(cfo: Watched) -> None:
    table = cfo.page.get_by_role("region", name="MRR movements month by month")
    table.locator("tbody tr").nth(1).locator("td").nth(2).get_by_role("link").click()
    cfo.settle()
    assert re.search(r"month=2026-09.*figure=new", cfo.page.url)
    expect(cfo.page.get_by_text("The rows sum to the figure, to the cent")).to_be_visible()


def test_filters_stand_in_the_address(cfo: Watched) -> None:
    cfo.page.get_by_text("Country", exact=True).click()
    cfo.page.get_by_text("Movements", exact=True).click()
    cfo.page.get_by_text("24", exact=True).click()
    cfo.settle()
    for part in ("by=country", "view=Movements", "months=24"):
        assert part in cfo.page.url
    cfo.open("/revenue?" + cfo.page.url.split("?")[1])
    assert cfo.page.get_by_role("region", name="MRR by country").is_visible()


def test_a_swedish_browser_shows_swedish_numbers(browser: Browser, site: Site) -> None:
    profile = a_profile(browser, locale="sv-SE")
    seen = a_tab(profile, site.base_url)
    seen.sign_in("cfo@example.com", PASSWORD)
    shown = seen.page.get_by_role("region", name="MRR movements month by month").inner_text()
    seen.check("dashboard in Swedish")
    profile.close()
    assert re.search(r"\d\u00a0\d{3},\d\d", shown), shown
    assert not re.search(r"\d,\d{3}", shown), shown
    assert seen.faults == []


@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_no_headline_is_clipped(cfo: Watched, width: int) -> None:
    cfo.page.set_viewport_size({"width": width, "height": 900})
    cfo.settle()
    clipped = cfo.page.locator(".figure p").evaluate_all(
        "all => all.filter(one => one.scrollWidth > one.clientWidth + 1).map(one => one.innerText)"
    )
    assert clipped == []
    cfo.check(f"dashboard at {width} px")


def test_download_holds_the_rows(visitor: Watched) -> None:
    visitor.sign_in("cfo@example.com", PASSWORD, "/rows?figure=mrr&month=2026-10")
    with visitor.page.expect_download() as started:
        visitor.page.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(started.value.path().read_text())))
    whole = visitor.page.locator(".sums .end dd").inner_text().removeprefix("EUR ").replace(",", "")
    assert sum(int(row["value"]) for row in rows) == int(whole.replace(".", ""))


def test_ageing_adds_up_and_narrows_to_a_tenant(cfo: Watched) -> None:
    cfo.page.get_by_role("link", name="Ageing").click()
    cfo.settle()
    expect(cfo.page.get_by_text("DSO, count-back", exact=True)).to_be_visible()
    table = cfo.page.get_by_role("region", name="Receivables by tenant")
    wanted = table.locator("tbody tr").first.locator("td").last
    total = wanted.inner_text()
    wanted.get_by_role("link").click()
    cfo.settle()
    invoices = cfo.page.get_by_role("region", name="Open invoices")
    assert invoices.locator("tfoot td").last.inner_text() == total
    cfo.check("ageing")


def test_audit_page_finds_sign_ins_and_verifies_the_chain(visitor: Watched) -> None:
    visitor.sign_in("admin@example.com", PASSWORD, "/audit?event=access.signed")
    events = visitor.page.locator("details.event")
    assert events.count() > 0
    assert all("access.signed_in" in text for text in events.all_inner_texts())
    events.first.click()
    expect(events.first.locator("pre")).to_contain_text("user_id")
    visitor.page.get_by_role("button", name="Verify the chain").click()
    expect(visitor.page.get_by_text("The chain is whole")).to_be_visible()


def test_cfo_has_no_audit_page(cfo: Watched) -> None:
    assert not cfo.page.get_by_role("link", name="Audit log").count()
    cfo.page.goto(cfo.base_url + "/audit")
    cfo.settle()
    assert not cfo.page.locator("details.event").count()
    cfo.faults = [fault for fault in cfo.faults if "does not seem to exist" not in fault]


def test_pages_come_with_our_name_and_no_stray_address(site: Site) -> None:
    with httpx.Client(base_url=site.base_url) as client:
        client.post("/login", data={"email": "cfo@example.com", "password": PASSWORD})
        page = client.get("/revenue").text
    assert "<title>Saldo</title>" in page
    assert not re.search(r'(src|href)="https?://', page)
