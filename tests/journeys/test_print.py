"""Pages go to paper whole: nothing cut off, no controls, title and day on top."""

import io
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from pypdf import PdfReader

from pages.parts.entries import MENU
from pages.parts.entry import COPIED
from tests.builders import PASSWORD
from tests.journeys.browser import Watched, watched
from tests.journeys.conftest import Site

PAGES = {
    "/revenue?month=2026-10": ("Revenue", "October 2026 in EUR", "MRR at end"),
    "/rows?figure=end&month=2026-10": ("MRR at end", "Original amount"),
    "/cohorts": ("Cohorts", "First paid", "Tenants"),
    "/churn": ("Churn",),
    "/deferred": ("Deferred revenue",),
    "/platform-fees": ("Platform fees",),
    "/close": ("Month close",),
    "/ageing": ("Receivables", "By tenant", "Not yet due"),
    "/cash-forecast": ("Cash forecast",),
    "/dunning": ("Dunning",),
    "/invoices": ("Invoices",),
    "/invoice": ("invoice",),
    "/payments": ("Payments",),
    "/payment": ("payment",),
    "/bank-files": ("Bank files",),
    "/unmatched": ("Unmatched payments",),
    "/auto-assign": ("Automatic posting",),
    "/reconciliation": ("Reconciliation", "Paystack"),
    "/disputes": ("Disputes",),
    "/credit-notes": ("Credit notes",),
    "/credit-note": ("credit note",),
}
CONTROLS = ("Sign out", "Definition", "Saved queries", "Drag and drop", "Browse files")
HIDDEN = """() => {
  const cell = document.createElement('div');
  cell.className = 'table';
  cell.innerHTML = '<a href="/close?do=explain%3A1">Explain…</a><a href="/invoices">Kept</a>';
  document.querySelector('[data-testid="stMain"]').append(cell);
  return [...cell.children].map(link => getComputedStyle(link).display === 'none');
}"""


def address(path: str) -> str:
    return path.strip("/").partition("?")[0]


@pytest.fixture(scope="module")
def reader(browser: Browser, site: Site) -> Iterator[Watched]:
    """One tab of somebody who may see every page, signed in once for all of them."""
    seen = watched(browser, site.base_url)
    seen.sign_in("admin@example.com", PASSWORD)
    yield seen
    seen.page.context.close()


def printed(page: Watched) -> PdfReader:
    body = page.page.pdf(prefer_css_page_size=True, print_background=True)
    return PdfReader(io.BytesIO(body))


def test_every_page_of_revenue_and_receivables_is_tried() -> None:
    sections = ("pages/revenue/", "pages/receivables/")
    offered = {entry.address for entry in MENU if entry.file.startswith(sections)}
    assert {address(path) for path in PAGES} == offered


@pytest.mark.parametrize("path", PAGES, ids=address)
def test_a_page_is_printed_whole_without_controls(reader: Watched, path: str) -> None:
    reader.open(path)
    sheets = printed(reader).pages
    text = " ".join(" ".join(sheet.extract_text().split()) for sheet in sheets)
    for words in PAGES[path]:
        assert words.lower() in text.lower()
    told = "Figures as of" if address(path) in COPIED else "Read just now"
    assert told in text[:200]
    for control in CONTROLS:
        assert control not in text
    assert reader.faults == []


def test_doors_to_dialogs_are_not_printed(reader: Watched) -> None:
    reader.page.emulate_media(media="print")
    assert reader.page.evaluate(HIDDEN) == [True, False]
