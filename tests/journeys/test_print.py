"""Pages of figures go to paper whole: nothing cut off, no controls, title and day on top."""

import io

import pytest
from pypdf import PdfReader

from tests.journeys.browser import Watched

PAGES = {
    "/revenue?month=2026-10": ("Revenue", "October 2026 in EUR", "MRR at end"),
    "/cohorts": ("Cohorts", "First paid", "Tenants"),
    "/churn": ("Churn",),
    "/deferred": ("Deferred revenue",),
}


def printed(page: Watched) -> PdfReader:
    body = page.page.pdf(prefer_css_page_size=True, print_background=True)
    return PdfReader(io.BytesIO(body))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.strip("/").partition("?")[0])
def test_a_page_is_printed_whole_without_controls(cfo: Watched, path: str) -> None:
    cfo.open(path)
    sheets = printed(cfo).pages
    text = " ".join(" ".join(sheet.extract_text().split()) for sheet in sheets)
    for words in PAGES[path]:
        assert words in text
    assert "Figures as of" in text.partition(PAGES[path][0])[0] + text[:200]
    for control in ("Sign out", "Definition", "Unmatched payments", "CSV"):
        assert control not in text
