"""Lists as documents: their widths, how many rows they hold, and what they say of the rest."""

from datetime import date

import pytest

from core.documents.lists import MOST_ROWS, Column, fitted, list_pdf
from core.errors import BadInput
from core.settings import Settings
from tests.core.documents import pages

SETTINGS = Settings(_env_file=None)


def test_a_list_of_two_thousand_rows_says_that_it_was_cut() -> None:
    columns = [Column("Number"), Column("Tenant", share=1), Column("Total", right=True)]
    rows = [[f"INV-{n:05d}", "Rheinfeld GmbH", "1,234.50"] for n in range(MOST_ROWS + 1)]
    pdf = list_pdf(SETTINGS, "Invoices", columns, rows, date(2026, 11, 20), "overdue", count=5_321)
    found = pages(pdf)
    assert "Only the first 2,000 of 5,321 rows are listed" in found[0]
    assert "overdue" in found[0]
    assert "INV-01999" in found[-1]
    assert "INV-02000" not in found[-1]
    assert f"Page {len(found)}/{len(found)}" in found[-1]
    assert all("Number Tenant Total" in text for text in found)


def test_a_short_list_says_nothing_of_a_cut_and_a_crooked_row_is_refused() -> None:
    columns = [Column("Number"), Column("Total", right=True)]
    pdf = list_pdf(SETTINGS, "Payments", columns, [["1", "2"]], date(2026, 11, 20))
    assert "Only the first" not in pages(pdf)[0]
    assert list_pdf(SETTINGS, "Payments", columns, [["1", "2"]], date(2026, 11, 20)) == pdf
    with pytest.raises(BadInput, match="each of its 2 columns"):
        list_pdf(SETTINGS, "Payments", columns, [["1"]], date(2026, 11, 20))


def test_columns_of_days_and_short_figures_keep_their_width_and_long_words_may_break() -> None:
    titles = [("Received", False), ("Reference", False), ("Amount", True)]
    rows = [["2026-11-01", "ch_3Nabcdefghijklmnopqrstuvwxyz", "1,234.50"]]
    columns = fitted(titles, rows)
    assert [column.share for column in columns] == [0, 16, 0]
    narrow = [*columns, *(Column(f"Another {n}", share=16) for n in range(9))]
    pdf = list_pdf(SETTINGS, "Payments", narrow, [[*rows[0], *"abcdefghi"]], date(2026, 11, 20))
    printed = pages(pdf)[0]
    assert "2026-11-01" in printed
    assert rows[0][1] not in printed
    assert rows[0][1] in "".join(printed.replace("\u200b", "").split())


def test_an_empty_list_is_a_page_that_says_so() -> None:
    pdf = list_pdf(SETTINGS, "Payments", [Column("Number")], [], date(2026, 11, 20))
    assert "0 rows" in pages(pdf)[0]
