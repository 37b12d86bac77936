"""Every report page has its states: nothing there yet, old figures, a database that is gone."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NoReturn

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.access.sessions import Viewer
from core.errors import DatabaseUnavailable, NoCopy, SignInNeeded
from core.settings import ROOT, Settings
from core.work import Office
from etl.publish import note_problem
from etl.warehouse import Warehouse
from pages.parts.entries import MENU
from pages.parts.entry import COPIED, Entry
from tests.billing import a_charge, a_subscription, a_tenant, an_invoice, the_plans
from tests.closing import october
from tests.conftest import NOON
from tests.pages.administering import words
from tests.pages.drawing import page

REPORTS = [
    entry for entry in MENU if entry.file.startswith(("pages/revenue/", "pages/receivables/"))
]
READS_THE_COPY = ("copy", "reading", "filters")
"""Parts of pages that ask the analytics copy."""
OF_THE_COPY_ALONE = ("revenue", "rows", "cohorts", "ageing")
WITH_FILES = ("cohorts", "close", "deferred", "ageing", "cash-forecast", "invoices", "payments")
OF_ONE = {"invoice": {"invoice": "1"}, "payment": {"payment": "1"}, "credit-note": {"note": "1"}}
"""What the address of a page about one document says."""
Draw = Callable[..., AppTest]
by_address = pytest.mark.parametrize("entry", REPORTS, ids=lambda entry: entry.address)


@pytest.fixture
def draw(office: Office, person: Callable[..., Viewer], monkeypatch: pytest.MonkeyPatch) -> Draw:
    """Draws a page as a super admin of a company with nothing in it, on a copy or on none."""
    st.cache_data.clear()
    seen = person("super_admin", fresh_until=NOON)
    monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: seen)
    monkeypatch.setattr("pages.parts.viewer.current_actor", lambda: seen.actor("192.0.2.7"))

    def run(entry: Entry, copied: Settings | None = None, **address: str) -> AppTest:
        chosen = copied or office.settings
        monkeypatch.setattr("pages.parts.copy.warehouse", lambda: Warehouse(chosen))
        return page(entry.address, address)

    return run


@by_address
def test_a_page_of_an_empty_company_says_so_in_words(draw: Draw, entry: Entry) -> None:
    drawn = draw(entry)
    assert not drawn.exception
    shown = words(drawn)
    assert 'class="state' in shown or "Every transfer waits for a person" in shown
    assert "This did not work" not in shown
    assert ("Read just now" in shown) != entry.copied
    assert "Figures as of" not in shown


@pytest.mark.parametrize(
    "entry",
    [entry for entry in REPORTS if entry.address not in OF_THE_COPY_ALONE],
    ids=lambda entry: entry.address,
)
def test_a_database_that_went_away_is_told_with_the_way_back(
    draw: Draw, entry: Entry, published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def gone(*_given: object) -> Iterator[NoReturn]:
        raise DatabaseUnavailable
        yield

    monkeypatch.setattr(Office, "work", gone)
    drawn = draw(entry, published, **OF_ONE.get(entry.address, {}))
    assert not drawn.exception
    shown = words(drawn)
    assert "The database does not answer" in shown
    assert ">Reload</a>" in shown


@by_address
def test_every_file_of_a_page_is_made_when_nobody_looks_any_more(
    draw: Draw,
    office: Office,
    entry: Entry,
    published: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Streamlit makes a file at the click, in a thread that knows no session."""
    october(office)
    invoice = an_invoice(office, a_tenant(office))
    a_charge(office, invoice)
    a_subscription(office, a_tenant(office), the_plans(office)["growth"], "annual")
    made: list[Callable[[], bytes]] = []

    def offered(_label: str, data: Callable[[], bytes], *_given: object, **_more: object) -> bool:
        made.append(data)
        return False

    monkeypatch.setattr("streamlit.download_button", offered)
    drawn = draw(entry, published, **OF_ONE.get(entry.address, {}))

    def nobody() -> NoReturn:
        raise SignInNeeded

    monkeypatch.setattr("pages.parts.viewer.current_actor", nobody)
    monkeypatch.setattr("pages.parts.viewer.current_viewer", nobody)
    assert made or drawn.exception or entry.address not in WITH_FILES
    assert all(len(make()) > 0 for make in made)


def test_figures_of_an_old_copy_and_of_a_failed_sync_are_marked(
    draw: Draw, office: Office, published: Settings
) -> None:
    [ageing] = [entry for entry in REPORTS if entry.address == "ageing"]
    assert 'class="freshness fresh"' in words(draw(ageing, published))
    office.clock.advance(timedelta(hours=published.stale_hours + 1))  # type: ignore[attr-defined]
    old = words(draw(ageing, published))
    assert 'class="freshness stale"' in old
    assert "ask for a sync" in old


def test_a_first_sync_that_failed_is_told_where_no_copy_is(draw: Draw, office: Office) -> None:
    office.settings.copy_path.parent.mkdir(parents=True)
    note_problem(office.settings.copy_path, NOON, "rates_known", "There is no rate from SEK")
    [ageing] = [entry for entry in REPORTS if entry.address == "ageing"]
    shown = words(draw(ageing))
    assert "the last sync failed: There is no rate from SEK" in shown
    assert "There are no figures yet" in shown


def test_a_copy_that_cannot_be_read_is_no_copy(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path)
    settings.copy_path.parent.mkdir(parents=True)
    settings.copy_path.write_bytes(b"garbage" * 1_000)
    with pytest.raises(NoCopy, match="cannot be read"):
        Warehouse(settings).reading()


def test_the_pages_of_the_copy_are_those_that_read_it() -> None:
    assert {entry.address for entry in MENU} >= COPIED
    for entry in REPORTS:
        source = (ROOT / entry.file).read_text(encoding="utf-8")
        taken = source.partition("from pages.parts import ")[2].partition("\nfrom ")[0]
        names = taken.replace("(", " ").replace(")", " ").replace(",", " ").split()
        assert bool(set(READS_THE_COPY) & set(names)) == entry.copied, entry.address
