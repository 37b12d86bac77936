"""The page of cohorts: every share is one of the figures, unfinished months are blank."""

import re
from datetime import date

import pytest
import streamlit as st

from core.settings import Settings
from core.work import Office
from etl import figures
from etl.figures.cohorts import cohort_rows
from etl.warehouse import Warehouse
from tests.pages.administering import Visit, visitor, words


@pytest.fixture
def page(office: Office, published: Settings, monkeypatch: pytest.MonkeyPatch) -> Visit:
    st.cache_data.clear()
    monkeypatch.setattr("pages.parts.copy.warehouse", lambda: Warehouse(published))
    return visitor(office, monkeypatch, "revenue/cohorts.py")


def test_every_share_is_a_figure_of_the_copy(page: Visit, published: Settings) -> None:
    shown = words(page("cfo"))
    found = figures.cohorts(
        Warehouse(published), date(2025, 12, 1), date(2026, 11, 1), as_of=date(2026, 11, 20)
    )
    expected = [
        f"{int(retained * 100 / cohort['size'] + 0.5)}%"
        for cohort in found["cohorts"]
        if cohort["size"]
        for retained in cohort["retained"][:-1]
    ]
    assert expected
    assert re.findall(r'class="heat heat-\d+">(\d+%)<', shown) == expected


def test_revenue_is_a_share_of_the_first_months_mrr(page: Visit, published: Settings) -> None:
    shown = words(page("cfo", of="revenue", months="24"))
    found = figures.cohorts(
        Warehouse(published), date(2024, 12, 1), date(2026, 11, 1), as_of=date(2026, 11, 20)
    )
    assert "first month&#x27;s MRR" in shown
    for cohort in found["cohorts"]:
        assert f">{cohort['mrr'][0]['minor'] / 100:,.2f}<" in shown


def test_cohorts_are_restated_at_the_rates_of_the_day_in_the_address(
    page: Visit, published: Settings
) -> None:
    day = date(2026, 9, 1)
    shown = words(page("cfo", of="revenue", rates_of=day.isoformat()))
    found = figures.cohorts(
        Warehouse(published), date(2025, 12, 1), date(2026, 11, 1), date(2026, 11, 20), None, day
    )
    assert "at the rates of 1 Sep 2026" in shown
    for cohort in found["cohorts"]:
        assert f">{cohort['mrr'][0]['minor'] / 100:,.2f}<" in shown


def test_a_file_without_cohorts_still_has_its_head() -> None:
    assert cohort_rows({"currency": "EUR", "cohorts": []}).columns == [
        "cohort", "size", "age_months", "retained", "mrr_minor", "currency",
    ]  # fmt: skip
