"""The forecast is made once for a copy, a day and beliefs; what is kept is what would be made."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from typing import Any

import polars as pl
import pytest

from core.forecast.backtest import NOTHING_TRIED, ORIGINS
from core.forecast.behaviour import USUAL
from core.forecast.charges import Charge
from core.forecast.facts import Facts
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

    def made(reading: Reading, day: date, beliefs: Any, past: Any) -> Any:
        seen.append((day, beliefs, len(past.by_facts), len(past.on_these)))
        return make(reading, day, beliefs, past)

    monkeypatch.setattr(forecast_kept, "make", made)
    return seen


def test_what_is_kept_says_what_would_be_made(wh: Warehouse) -> None:
    answers, invoices, tried = make(wh.reading(), TODAY, USUAL, NOTHING_TRIED)
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
    assert [making[0] for making in makings] == [TODAY, date(2026, 1, 31)]
    first = figures.cash_forecast(wh)
    assert figures.cash_forecast(wh, TODAY, charges=[Charge(TODAY, "CHF", 5)]) != first
    assert len(makings) == 2
    figures.cash_forecast(wh, TODAY - timedelta(days=1))
    figures.cash_forecast(wh, beliefs=replace(USUAL, half_life_days=9))
    assert len(makings) == 4
    assert makings[-1][3] == 0, "what others believed serves nobody"
    some_books().published(settings)
    assert figures.cash_forecast(wh) == first
    assert len(makings) == 5
    assert makings[-1][2] >= ORIGINS, "what was tried for the copy before is at hand"
    assert makings[-1][3] == 0, "but is known by its facts alone"


@pytest.mark.parametrize("copied_on", [date(2026, 11, day) for day in (1, 27, 28, 30)], ids=str)
def test_between_the_two_days_made_ready_every_trial_is_at_hand(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, copied_on: date
) -> None:
    some_books().published(settings, datetime.combine(copied_on, clock(12), UTC))
    keep_forecast_ready(settings)
    monkeypatch.setattr(Facts, "digests", None)
    wh, day = Warehouse(settings), copied_on
    while day > date(2026, 1, 31):
        assert figures.cash_forecast(wh, day)["currencies"]
        day -= timedelta(days=29)
    with pytest.raises(TypeError):
        figures.cash_forecast(wh, day)


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
