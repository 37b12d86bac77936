"""The cash forecast of the copy: what is open, what was set against it, and what is left out."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from core.errors import BadInput
from core.forecast.charges import Charge
from core.settings import Settings
from etl import figures
from etl.export import as_frame
from etl.figures.forecast import FILE_COLUMNS, forecast_lines, forecast_rows
from etl.warehouse import Warehouse
from tests.etl.books import Books

TODAY = date(2026, 11, 20)
BANK = {"method": "bank_transfer"}


def iso(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


def bill(books: Books, tenant: int, due: int, minor: int = 10_000, **values: Any) -> int:
    return books.invoice(tenant, iso(due - 30), ("pro", minor), due_on=iso(due), **values)


@pytest.fixture
def wh(settings: Settings) -> Warehouse:
    books = Books()
    books.rate("2025-01-01", "SEK", "0.1")
    ada, bo = books.tenant("ada"), books.tenant("bo", "DE")
    for week in range(70):
        number = bill(books, ada, -7 * week - 10)
        books.payment(ada, iso(-7 * week - 5), 10_000, number, **BANK)
    bill(books, ada, 2)
    part = bill(books, ada, 9)
    books.payment(ada, iso(-3), 4_000, part, **BANK)
    bill(books, bo, -4, currency="SEK")
    bill(books, bo, 3, status="cancelled", closed_on=TODAY)
    books.payment(bo, iso(-1), 2_500, currency="SEK", **BANK)
    carded = bill(books, bo, -20)
    books.payment(bo, iso(-50), 10_000, carded)
    books.invoice(bo, iso(-1), (None, 70_000), type="recharge", status="paid")
    by_credit = bill(books, bo, 1)
    books.payment(bo, iso(-2), 10_000, by_credit, method="credit_note", provider="credit")
    return books.published(settings)


def by_currency(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["currency"]: each for each in found["currencies"]}


def test_open_invoices_are_less_part_payments_and_unused_money(wh: Warehouse) -> None:
    found = by_currency(figures.cash_forecast(wh))
    assert {name: each["open"]["minor"] for name, each in found.items()} == {
        "EUR": 16_000,
        "SEK": 7_500,
    }
    assert (found["SEK"]["credit"]["minor"], found["EUR"]["credit"]["minor"]) == (2_500, 0)
    assert {row["number"]: row["settled_before"] for row in found["EUR"]["invoices"]} == {
        "N-70": 70,
        "N-71": 70,
    }


def test_the_total_of_receivables_is_the_open_amount_before_unused_money(wh: Warehouse) -> None:
    owed = {
        each["currency"]: each["total"]["minor"]
        for each in figures.ar_ageing(wh, TODAY)["by_currency"]
        if each["currency"] == "EUR"
    }
    found = by_currency(figures.cash_forecast(wh, TODAY, "EUR"))
    assert owed == {name: each["open"]["minor"] for name, each in found.items()}


def test_a_customer_five_days_late_is_expected_in_the_week_of_that_day(wh: Warehouse) -> None:
    answer = by_currency(figures.cash_forecast(wh))["EUR"]
    weeks = [week["expected"]["minor"] for week in answer["weeks"]]
    assert weeks[0] > 8_000
    assert weeks[1] > 4_500
    assert sum(weeks) == answer["expected"]["minor"]
    assert answer["weeks"][0]["since"] == "2026-11-21"
    assert [week["naive"]["minor"] for week in answer["weeks"][:2]] == [10_000, 6_000]


def test_the_rows_behind_a_week_sum_to_it(wh: Warehouse) -> None:
    found = figures.cash_forecast(wh)
    answer = by_currency(found)["EUR"]
    for week in answer["weeks"]:
        rows = forecast_rows(wh, "EUR", week=week["week"])
        assert rows["week_minor"].sum() == week["expected"]["minor"]
    assert forecast_rows(wh, "EUR")["week_minor"].sum() == answer["expected"]["minor"]


def test_card_renewals_stand_beside_and_unknown_ones_are_null(wh: Warehouse) -> None:
    charges = [Charge(TODAY, "EUR", 500), Charge(TODAY + timedelta(days=8), "USD", 700)]
    known = by_currency(figures.cash_forecast(wh, charges=charges))
    assert [week["renewals"]["minor"] for week in known["USD"]["weeks"][:3]] == [0, 700, 0]
    first = known["EUR"]["weeks"][0]
    assert first["renewals"]["minor"] == 500
    assert first["together"]["minor"] == first["expected"]["minor"] + 500
    unknown = figures.cash_forecast(wh)
    assert unknown["renewals_known"] is False
    assert by_currency(unknown)["EUR"]["weeks"][0]["renewals"] is None


def test_a_past_day_is_forecast_with_what_was_known_then(wh: Warehouse) -> None:
    past = TODAY - timedelta(days=7)
    answer = by_currency(figures.cash_forecast(wh, past))["EUR"]
    assert {row["number"]: row["open_minor"] for row in answer["invoices"]} == {
        "N-0": 10_000,
        "N-70": 10_000,
        "N-71": 10_000,
        "N-73": 10_000,
        "N-76": 10_000,
    }
    with pytest.raises(BadInput, match="copy ends"):
        figures.cash_forecast(wh, date(2027, 5, 1))


def test_the_back_test_is_near_where_customers_are_steady(wh: Warehouse) -> None:
    tried = by_currency(figures.cash_forecast(wh))["EUR"]["back_test"]
    assert [score["weeks"] for score in tried["scores"]] == [4, 13]
    for score in tried["scores"]:
        assert float(score["error"]) < float(score["naive_error"]) / 2
    assert all(trial["came"]["minor"] > 0 for trial in tried["trials"])


def test_the_file_holds_weeks_scores_trials_and_invoices(wh: Warehouse) -> None:
    found = figures.cash_forecast(wh)
    frame = as_frame(forecast_lines(found))
    assert set(frame.columns) == set(FILE_COLUMNS)
    assert set(frame["line"]) == {"week", "score", "trial", "invoice"}
    weeks = frame.filter(pl.col("line") == "week", pl.col("currency") == "EUR")
    answer = by_currency(found)["EUR"]
    assert weeks["expected_minor"].sum() == answer["expected"]["minor"]
    invoices = frame.filter(pl.col("line") == "invoice", pl.col("currency") == "EUR")
    assert invoices["week_1_minor"].sum() == answer["weeks"][0]["expected"]["minor"]


def test_a_file_of_a_currency_that_nobody_owes_has_the_same_head(wh: Warehouse) -> None:
    nothing = forecast_lines(figures.cash_forecast(wh, currency="JPY"))
    assert nothing == []
    assert tuple(as_frame(nothing, FILE_COLUMNS).columns) == FILE_COLUMNS


def test_renewals_that_are_not_known_are_empty_under_their_own_head(wh: Warehouse) -> None:
    frame = as_frame(forecast_lines(figures.cash_forecast(wh)), FILE_COLUMNS)
    assert tuple(frame.columns) == FILE_COLUMNS
    assert frame["renewals_minor"].null_count() == frame.height
