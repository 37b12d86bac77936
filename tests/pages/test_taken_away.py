"""The inbox and the bank's statements as files, whole where the page shows a part."""

from collections.abc import Callable
from typing import Any

import pytest

from core.work import Office
from tests.inbox import waiting
from tests.pages.administering import Visit, visitor

Offered = dict[str, Callable[[], bytes]]


@pytest.fixture
def offered(monkeypatch: pytest.MonkeyPatch) -> Offered:
    """The files a page offers, by name."""
    found: Offered = {}

    def offer(_label: str, data: Callable[[], bytes], *, file_name: str, **_more: Any) -> None:
        found[file_name] = data

    monkeypatch.setattr("streamlit.download_button", offer)
    return found


@pytest.fixture
def page(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Visit]:
    return lambda file: visitor(office, monkeypatch, f"receivables/{file}")


def test_the_inbox_is_taken_away_whole(
    office: Office, page: Callable[[str], Visit], offered: Offered
) -> None:
    for nth in range(20):
        waiting(office, 1_000 + nth, f"PAYER {nth}", bank_ref=f"B{nth}")
    test = page("unmatched.py")("cfo")
    assert not test.exception
    head, *rows = offered["unmatched.csv"]().decode().splitlines()
    assert head.startswith("id,status,booked_on,age_days,currency,amount_minor")
    assert len(rows) == 20
    assert sum(int(row.split(",")[5]) for row in rows) == 20_190
    assert offered["unmatched.pdf"]().startswith(b"%PDF-")


def test_every_statement_is_in_the_file_of_statements(
    office: Office, page: Callable[[str], Visit], offered: Offered
) -> None:
    for nth in range(27):
        waiting(office, 1_000, f"PAYER {nth}", bank_ref=f"B{nth}")
    test = page("bank_files.py")("cfo")
    assert not test.exception
    head, *rows = offered["statements.csv"]().decode().splitlines()
    assert head.startswith("id,imported_at,account,statement_ref")
    assert len(rows) == 27
    assert "the last 25, newest first" in " ".join(
        str(block.proto.body) for block in test.get("html")
    )
    assert offered["statements.pdf"]().startswith(b"%PDF-")
