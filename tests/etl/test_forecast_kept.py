"""The forecast is made once for a copy, a day and beliefs; what is kept is what would be made."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from core.forecast.backtest import ORIGINS
from core.forecast.behaviour import USUAL
from core.forecast.charges import Charge
from core.settings import Settings
from etl import figures
from etl.figures import forecast_kept
from etl.figures.forecast_kept import FOLDER, KEPT, keep_forecast_ready
from etl.figures.forecast_made import make
from etl.warehouse import Reading, Warehouse
from tests.etl.books import Books

TODAY = date(2026, 11, 20)


def some_books() -> Books:
    books = Books()
    for currency in ("SEK", "USD"):
        books.rate("2025-01-01", currency, "0.1")
    for nth, (currency, country) in enumerate((("EUR", "SE"), ("SEK", "SE"), ("USD", "DE"))):
        tenant = books.tenant(f"t{nth}", country)
        for week in range(60):
            due_on = TODAY - timedelta(days=7 * week - 20)
            bill = books.invoice(
                tenant, (due_on - timedelta(days=30)).isoformat(), ("pro", 1_000 + week),
                due_on=due_on.isoformat(), currency=currency,
            )  # fmt: skip
            if week % 3:
                books.payment(
                    tenant, (due_on + timedelta(days=week % 9)).isoformat(), 1_000 + week, bill,
                    currency=currency, method="bank_transfer",
                )  # fmt: skip
    return books


@pytest.fixture
def wh(settings: Settings) -> Warehouse:
    return some_books().published(settings)


@pytest.fixture
def makings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the forecast was made of, each time that it was."""
    seen: list[tuple[Any, ...]] = []

    def made(reading: Reading, day: date, beliefs: Any, before: Any) -> Any:
        seen.append((day, beliefs, len(before)))
        return make(reading, day, beliefs, before)

    monkeypatch.setattr(forecast_kept, "make", made)
    return seen


def test_what_is_kept_says_what_would_be_made(wh: Warehouse) -> None:
    answers, invoices, tried = make(wh.reading(), TODAY, USUAL, {})
    for _ in range(2):
        found = forecast_kept.kept(wh.reading(), TODAY, USUAL)
        assert found.answers == json.loads(json.dumps(answers))
        assert list(found.answers) == ["EUR", "SEK", "USD"]
        assert found.tried == tried
        rows = pl.concat(found.rows(currency) for currency in found.answers)
        assert rows.equals(invoices.collect())


def test_it_is_made_once_for_a_copy_a_day_and_beliefs(
    wh: Warehouse, settings: Settings, makings: list[tuple[Any, ...]]
) -> None:
    keep_forecast_ready(settings)
    first = figures.cash_forecast(wh)
    assert figures.cash_forecast(wh, TODAY, charges=[Charge(TODAY, "CHF", 5)]) != first
    assert makings == [(TODAY, USUAL, 0)]
    figures.cash_forecast(wh, TODAY - timedelta(days=1))
    figures.cash_forecast(wh, beliefs=replace(USUAL, half_life_days=9))
    assert len(makings) == 3
    some_books().published(settings)
    assert figures.cash_forecast(wh) == first
    assert len(makings) == 4
    assert makings[-1][2] >= ORIGINS, "what was tried for the copy before is at hand"


def test_those_who_ask_at_the_same_time_wait_for_the_one_that_makes_it(
    wh: Warehouse, makings: list[tuple[Any, ...]]
) -> None:
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: figures.cash_forecast(wh), range(4)))
    assert len(makings) == 1
    assert all(each == found[0] for each in found)


def test_pages_of_invoices_follow_each_other(wh: Warehouse) -> None:
    for currency in ("EUR", "SEK", "USD"):
        whole = figures.forecast_rows(wh, currency, week=2)
        assert whole.height > 7
        parts = [
            figures.forecast_rows(wh, currency, week=2, first=first, most=7)
            for first in range(0, whole.height + 7, 7)
        ]
        assert pl.concat(parts).equals(whole)
        assert whole["due_on"].is_sorted()
        [answer] = figures.cash_forecast(wh, currency=currency, invoices=False)["currencies"]
        assert "invoices" not in answer
        assert answer["open_invoices"] == whole.height
        assert answer["open"]["minor"] == whole["open_minor"].sum()
        assert answer["weeks"][1]["expected"]["minor"] == whole["week_minor"].sum()


def test_files_nobody_asks_for_go_and_so_does_what_was_left_half_written(
    wh: Warehouse, settings: Settings
) -> None:
    figures.cash_forecast(wh)
    folder = settings.copy_path.parent / FOLDER
    [newest] = folder.glob("*.parquet")
    for number in range(KEPT + 3):
        old = folder / f"old-{number}.parquet"
        old.write_bytes(newest.read_bytes())
        os.utime(old, (time.time() - 99 - number, time.time() - 99 - number))
    (folder / "new-broken").touch()
    figures.cash_forecast(wh, TODAY - timedelta(days=3))
    left = {file.name for file in folder.iterdir()}
    assert newest.name in left
    assert "new-broken" not in left
    assert len(left - {"lock"}) == KEPT


def test_without_a_place_to_keep_it_the_answer_is_the_same(
    wh: Warehouse, settings: Settings, makings: list[tuple[Any, ...]]
) -> None:
    (settings.copy_path.parent / FOLDER).write_text("in the way")
    found = figures.cash_forecast(wh)
    assert len(makings) == 1
    (settings.copy_path.parent / FOLDER).unlink()
    assert figures.cash_forecast(wh) == found


def test_where_nothing_was_billed_renewals_stand_alone(settings: Settings) -> None:
    books = Books()
    books.tenant("ada")
    books.invoice(1, "2027-01-01", ("pro", 100), due_on="2027-01-31")
    wh = books.published(settings)
    assert figures.cash_forecast(wh, TODAY)["currencies"] == []
    [alone] = figures.cash_forecast(wh, TODAY, charges=[Charge(TODAY, "EUR", 700)])["currencies"]
    assert (alone["open"]["minor"], alone["invoices"]) == (0, [])
    assert (alone["renewals"]["minor"], alone["together"]["minor"]) == (700, 700)
    assert figures.forecast_rows(wh, "EUR", TODAY).is_empty()
