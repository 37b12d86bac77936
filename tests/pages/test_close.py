"""The month close on its page: checklist, explaining, closing, restatements, reopening."""

import pytest

from core.settings import Settings
from core.work import Office
from etl import pipeline
from etl.warehouse import Warehouse
from tests.billing import WHY
from tests.closing import OCTOBER, close, october
from tests.inbox import waiting
from tests.pages.administering import Visit, confirm, events, visitor, words


@pytest.fixture
def page(
    office: Office, settings: Settings, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Visit:
    """The page after an October with an open transfer, on a copy made today."""
    october(office)
    waiting(office, 700, booked_on=OCTOBER)
    pipeline.sync(settings, database_url, now=office.clock.now())
    monkeypatch.setattr("pages.parts.copy.warehouse", lambda: Warehouse(settings))
    return visitor(office, monkeypatch, "revenue/close.py")


def test_a_month_is_explained_and_closed_by_two_dialogs(office: Office, page: Visit) -> None:
    shown = words(page("sys_finance"))
    assert "1 to mend or explain" in shown
    assert "Not decided: 1 for EUR 7.00" in shown
    refused = page("sys_finance", do="close-month:2026-10")
    confirm(refused)
    assert "Unmatched payments: Not decided" in words(refused)
    confirm(page("sys_finance", do="close-explain:2026-10|inbox"))
    assert events(office, "month.item.explained")[0]["reason"] == WHY
    ready = page("sys_finance", do="close-month:2026-10")
    assert "Everything is in order or explained" in words(ready)
    confirm(ready)
    assert events(office, "month.closed")[0]["month"] == "2026-10"
    closed = words(page("sys_finance", month="2026-10"))
    for part in ("October 2026 is closed", "all hashes fit", "0 of", "Explained"):
        assert part in closed


def test_restated_figures_stand_beside_the_closed_ones(office: Office, page: Visit) -> None:
    with pytest.raises(Exception, match="not in order"):
        close(office)
    confirm(page("sys_finance", do="close-explain:2026-10|inbox"))
    close(office)  # its copy knew one figure, and another one than the page's
    shown = words(page("cfo", month="2026-10"))
    assert "As closed" in shown
    assert "5.00" in shown
    assert "restated by later facts" in shown


def test_a_closed_month_is_reopened(office: Office, page: Visit) -> None:
    confirm(page("sys_finance", do="close-explain:2026-10|inbox"))
    close(office)
    confirm(page("sys_finance", month="2026-10", do="close-reopen:2026-10"))
    assert events(office, "month.reopened")[0]["reason"] == WHY
    assert "Checklist of October 2026" in words(page("sys_finance", month="2026-10"))


def test_who_reads_has_no_buttons_to_close(page: Visit) -> None:
    test = page("cfo")
    assert not [button for button in test.button if "Close October" in button.label]
    assert "Explain" not in words(test)


def test_without_a_posting_no_month_is_over(
    office: Office, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.parts.copy.warehouse", lambda: Warehouse(settings))
    assert "There is no month to close yet" in words(
        visitor(office, monkeypatch, "revenue/close.py")("cfo")
    )


def test_who_closes_mends_an_old_copy_from_the_checklist(
    office: Office, page: Visit, settings: Settings
) -> None:
    settings.copy_path.unlink()
    shown = words(page("sys_finance", month="2026-10"))
    assert "Sync the analytics copy…" in shown
    assert "refresh%3Async" in shown
    assert "Sync the analytics copy" not in words(page("cfo", month="2026-10"))
    confirm(page("sys_finance", month="2026-10", do="refresh:sync"))
    assert events(office, "books.refresh_asked")[0]["job"] == "sync"
