"""The dashboard against the figures it shows, and the filters in the address."""

import html
from collections.abc import Callable
from datetime import date
from unittest.mock import patch

import pytest
from streamlit.testing.v1 import AppTest

from core.access.sessions import Viewer
from core.settings import Settings
from etl import figures
from etl.warehouse import Warehouse
from pages.parts import catalogue
from pages.parts.catalogue import FIGURES, MOVEMENTS
from tests.pages.test_app import words

Run = Callable[..., AppTest]
Person = Callable[..., Viewer]
ROWS = "pages/revenue/rows.py"
OCTOBER = date(2026, 10, 1)


@pytest.mark.parametrize("key", [key for key in FIGURES if key != "net_new_mrr"])
def test_card_shows_the_figure(app: Run, person: Person, published: Settings, key: str) -> None:
    told = figures.metrics(Warehouse(published), OCTOBER)["months"][0]
    shown = catalogue.shown(FIGURES[key], told[key])
    text = words(app(person("cfo")))
    assert FIGURES[key].title in text
    assert shown.split(" ")[-1] in text


def test_card_has_its_definition(app: Run, person: Person) -> None:
    assert "Monthly recurring revenue: what all running subscriptions" in words(app(person("cfo")))


def test_movements_of_the_month_stand_in_full(
    app: Run, person: Person, published: Settings
) -> None:
    [row] = figures.movements(Warehouse(published), OCTOBER, OCTOBER)
    text = words(app(person("cfo")))
    for key in MOVEMENTS:
        assert f"{abs(row[key]['minor']) / 100:,.2f}" in text


def test_unfinished_month_is_marked(app: Run, person: Person) -> None:
    assert "so far" in words(app(person("cfo"), month="2026-11"))


def test_the_first_month_of_a_company_is_a_door_away(app: Run, person: Person) -> None:
    with patch("pages.revenue.headlines.are_empty", lambda ask, _count: ask.month != "2026-11"):
        test = app(person("cfo"))
        assert not test.exception
        assert "There are figures of November 2026, which is not over yet." in words(test)
        assert "/revenue?month=2026-11&amp;currency=EUR" in words(test)
    with patch("pages.revenue.headlines.are_empty", lambda _ask, _count: True):
        assert "a new company is brought in under “Import data”" in words(app(person("cfo")))


def test_nonsense_in_the_address_is_ignored(app: Run, person: Person) -> None:
    test = app(person("cfo"), month="9999-99", months="7", as_of="x", currency="XXX", by="<b>")
    assert not test.exception
    assert "October 2026 in EUR" in words(test)


@pytest.mark.parametrize(
    "place",
    ["app", "pages/revenue/cohorts", "pages/receivables/ageing", "pages/receivables/forecast"],
)
@pytest.mark.parametrize("name", ["as_of", "rates_of"])
def test_a_day_that_no_copy_knows_yet_is_ignored(
    app: Run, person: Person, place: str, name: str
) -> None:
    test = app(person("cfo"), page=f"{place}.py", **{name: "2099-01-01"})
    assert not test.exception
    assert "2099" not in words(test)


def test_month_of_the_address_is_shown(app: Run, person: Person) -> None:
    assert "June 2026 in EUR" in words(app(person("cfo"), month="2026-06"))


def test_breakdown_by_tenant_names_the_largest_first(
    app: Run, person: Person, published: Settings
) -> None:
    ranked = figures.tenants_ranked(Warehouse(published), OCTOBER)
    shown = words(app(person("cfo"), by="tenant"))
    places = [shown.index(f">{html.escape(each.tenant_name)}</td>") for each in ranked]
    assert len(places) > 5
    assert places == sorted(places)
    largest = catalogue.shown(FIGURES["mrr"], ranked[0].figures["mrr"], short=False)
    assert f">{largest.removeprefix('EUR ')}<" in shown
    [total] = figures.metrics(Warehouse(published), OCTOBER)["months"]
    assert sum(each.figures["mrr"]["minor"] for each in ranked) == total["mrr"]["minor"]


@pytest.mark.parametrize(
    ("by", "key", "name"), [("plan", "growth", "Growth"), ("country", "SE", "Sweden")]
)
def test_breakdown_shows_names_and_its_doors_keep_the_keys(
    app: Run, person: Person, by: str, key: str, name: str
) -> None:
    shown = words(app(person("cfo"), by=by))
    assert f">{name}</td>" in shown
    assert f">{key}</td>" not in shown
    assert f"group={key}" in shown


@pytest.mark.parametrize(
    ("by", "key", "name"), [("plan", "growth", "Growth"), ("country", "SE", "Sweden")]
)
def test_rows_behind_a_group_are_headed_and_filled_with_names(
    app: Run, person: Person, by: str, key: str, name: str
) -> None:
    with patch("streamlit.page_link"):
        shown = words(app(person("cfo"), page=ROWS, figure="mrr", by=by, group=key))
    assert f", {by} {name}, in EUR" in shown
    assert ">Growth</td>" in shown
    assert ">growth</td>" not in shown
