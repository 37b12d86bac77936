"""The page of the cash forecast: every number is the copy's, weeks open their invoices."""

from collections.abc import Callable
from datetime import date

import pytest
import streamlit as st

from core.access.sessions import Viewer
from core.errors import NoCopy
from core.settings import Settings
from core.work import Office
from etl import figures
from etl.warehouse import Warehouse
from pages.parts import forecast_charts, formats, menu
from pages.parts.catalogue import amount
from tests.pages.administering import Visit, visitor, words


@pytest.fixture
def page(office: Office, published: Settings, monkeypatch: pytest.MonkeyPatch) -> Visit:
    st.cache_data.clear()
    monkeypatch.setattr("pages.parts.copy.warehouse", lambda: Warehouse(published))
    return visitor(office, monkeypatch, "receivables/forecast.py")


def test_every_week_is_a_figure_of_the_copy_and_opens_its_invoices(
    page: Visit, published: Settings
) -> None:
    shown = words(page("cfo", currency="EUR"))
    found = figures.cash_forecast(Warehouse(published), date(2026, 11, 20), "EUR")
    [answer] = found["currencies"]
    for week in answer["weeks"]:
        assert f">{formats.money(amount(week['expected']), code=False)}<" in shown
        if week["expected"]["minor"]:
            assert f"week={week['week']}" in shown
    assert "How it went before" in shown


def test_a_chart_names_its_weeks_as_the_reader_writes_days(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "reader", lambda: formats.SWEDISH)
    found = figures.cash_forecast(Warehouse(published), date(2026, 11, 20), "EUR")
    [answer] = found["currencies"]
    figure = forecast_charts.weeks(answer["weeks"])
    assert figure.layout.xaxis.type == "category"
    assert list(figure.data[0].x[:2]) == ["21 Nov", "28 Nov"]


def test_a_week_of_the_address_narrows_the_invoices_and_adds_up(
    page: Visit, published: Settings
) -> None:
    shown = words(page("billing", currency="EUR", week="1"))
    [answer] = figures.cash_forecast(Warehouse(published), None, "EUR")["currencies"]
    assert "expected in the week from 21 Nov 2026, in EUR" in shown
    foot = shown.rpartition("Open invoices and what they are expected to bring")[2]
    total = formats.money(amount(answer["weeks"][0]["expected"]), code=False)
    assert total in foot.partition("<tfoot>")[2].partition("</tfoot>")[0]


def test_an_earlier_day_says_that_renewals_were_not_kept(page: Visit) -> None:
    shown = words(page("cfo", as_of="2026-11-10"))
    assert "not kept for past days" in shown


def test_a_day_before_the_first_invoice_has_its_own_state(page: Visit) -> None:
    assert "No invoice was open on 1 Jan 2020" in words(page("cfo", as_of="2020-01-01"))


def test_without_a_copy_the_page_says_so(page: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Warehouse:
        raise NoCopy

    monkeypatch.setattr("pages.parts.copy.warehouse", none)
    assert "There are no figures yet" in words(page("cfo"))


def test_the_menu_offers_it_to_who_reads_billing(person: Callable[..., Viewer]) -> None:
    for role, offered in (("cfo", True), ("billing", True), ("analyst", False)):
        addresses = [entry.address for entry in menu.entries(person(role))]
        assert ("cash-forecast" in addresses) is offered
