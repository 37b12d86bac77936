"""At constant currency nothing moves by rates alone, all adds up, and rows stand behind it."""

from datetime import date
from itertools import pairwise
from typing import Any

import pytest

from core.settings import Settings
from etl import figures
from etl.figures.view import RateMissing
from etl.warehouse import Warehouse
from tests.etl.books import Books

FIRST, LAST = date(2026, 1, 1), date(2026, 4, 1)
RATES = {"2026-01-01": "0.0912345678", "2026-02-11": "0.0887654321", "2026-03-02": "0.0999999999"}
ON = date(2026, 2, 20)
"""A day with the second rate."""
NAMES = ("start", "new", "expansion", "contraction", "churn", "reactivation", "fx", "end")


@pytest.fixture
def wh(settings: Settings) -> Warehouse:
    books = Books()
    for on, rate in RATES.items():
        books.rate(on, "SEK", rate)
    for number in range(6):
        tenant = books.tenant(f"t{number}", "SE", "SEK")
        history = [
            (f"2026-01-{5 + number:02d}", "active", 1_001 + 37 * number),
            (f"2026-02-{5 + number:02d}", "active", 2_003 + 11 * number),
            (f"2026-03-{5 + number:02d}", "active", 999 + 7 * number),
        ]
        if number % 2:
            history.append((f"2026-04-{5 + number:02d}", "cancelled", 0))
        books.subscription(tenant, *history, currency="SEK")
    euro = books.tenant("euro")
    books.subscription(euro, ("2026-01-10", "active", 5_000))
    invoice = books.invoice(euro, "2026-03-05", ("pro", 10_000), currency="SEK")
    books.payment(euro, "2026-03-06", 10_000, invoice, currency="SEK")
    return books.published(settings)


def moved(wh: Warehouse, constant_on: date | None, **more: Any) -> list[dict[str, int]]:
    rows = figures.movements(wh, FIRST, LAST, constant_on=constant_on, **more)
    return [{name: row[name]["minor"] for name in NAMES} for row in rows]


@pytest.mark.parametrize("constant_on", [None, ON], ids=["rates of each day", "constant"])
def test_movements_add_up_to_the_cent(wh: Warehouse, constant_on: date | None) -> None:
    rows = moved(wh, constant_on)
    for row in rows:
        gained = row["new"] + row["expansion"] + row["reactivation"]
        lost = row["contraction"] + row["churn"]
        assert row["start"] + gained - lost + row["fx"] == row["end"]
    assert all(before["end"] == after["start"] for before, after in pairwise(rows))


def test_rates_alone_move_nothing_at_constant_currency(wh: Warehouse) -> None:
    assert any(row["fx"] for row in moved(wh, None))
    assert [row["fx"] for row in moved(wh, ON)] == [0, 0, 0, 0]
    by_tenant = figures.movements(wh, FIRST, LAST, group_by="tenant", constant_on=ON)
    assert {group["fx"]["minor"] for row in by_tenant for group in row["groups"].values()} == {0}


def test_the_end_is_every_native_amount_at_the_one_rate(wh: Warehouse) -> None:
    def valued(native: int) -> int:
        return (native * 887_654_321 * 2 + 10**10) // (2 * 10**10)

    in_march = [999 + 7 * number for number in range(6)]
    assert moved(wh, ON)[2]["end"] == 5_000 + sum(map(valued, in_march))


def test_revenue_and_cash_are_restated_too(wh: Warehouse) -> None:
    [march] = figures.metrics(wh, date(2026, 3, 1), constant_on=ON)["months"]
    assert march["gross_revenue"]["minor"] == march["cash_collected"]["minor"] == 888
    [daily] = figures.metrics(wh, date(2026, 3, 1))["months"]
    assert daily["gross_revenue"]["minor"] == daily["cash_collected"]["minor"] == 1_000
    assert figures.metrics(wh, LAST, constant_on=ON)["constant_on"] == "2026-02-20"


@pytest.mark.parametrize(
    "figure", ["mrr", "new", "expansion", "contraction", "churn", "fx", "cash_collected"]
)
def test_the_rows_behind_a_restated_figure_sum_to_it(wh: Warehouse, figure: str) -> None:
    for month in (date(2026, 1, 1), date(2026, 3, 1), LAST):
        rows, total = figures.drill(wh, figure, month, constant_on=ON)
        assert rows["value"].sum() == total["minor"]


def test_cohorts_are_restated(wh: Warehouse) -> None:
    found = figures.cohorts(wh, FIRST, LAST, constant_on=ON)["cohorts"][0]
    assert [held["minor"] for held in found["mrr"][:3]] == [row["end"] for row in moved(wh, ON)[:3]]


def test_a_day_without_a_rate_is_refused_by_name(wh: Warehouse) -> None:
    with pytest.raises(RateMissing, match="from SEK to EUR on 2025-12-01"):
        figures.metrics(wh, LAST, constant_on=date(2025, 12, 1))
