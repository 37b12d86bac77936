"""A failed check keeps the last good copy and says why; the next good one forgets it."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from core.errors import CheckFailed, NoCopy
from core.settings import Settings
from etl import pipeline
from etl.check import OF_MODELS, OF_ROWS, Build, BuildRefused, check_models, check_rows
from etl.days import FURTHEST_DAYS
from etl.extract import postgres
from etl.extract.postgres import Totals
from etl.pipeline import sync
from etl.warehouse import Warehouse
from tests.etl.books import NOW, Books, insert

LATER = NOW + timedelta(hours=1)


def test_without_a_copy_the_refusal_says_so(settings: Settings) -> None:
    with pytest.raises(NoCopy):
        Warehouse(settings).info()


def test_missing_rate_keeps_the_last_good_copy_and_names_currency_and_day(
    database_url: str, settings: Settings
) -> None:
    books = Books()
    tenant = books.tenant("ada", "SE")
    books.into_postgres(database_url)
    sync(settings, database_url, now=NOW)
    good = Warehouse(settings).info()
    with psycopg.connect(database_url) as db:
        insert(db, "cost", {
            "month": "2026-03-01", "category": "rent", "currency": "NOK", "amount_minor": 5,
            "created_at": NOW,
        })
    with pytest.raises(CheckFailed, match="NOK to EUR on 2026-03-31"):
        sync(settings, database_url, now=LATER)
    kept = Warehouse(settings).info()
    assert kept.run_id == good.run_id
    assert kept.problem
    assert "NOK" in kept.problem
    assert "2026-03-31" in kept.problem
    assert not list(settings.copy_path.parent.glob("build-*"))
    with psycopg.connect(database_url) as db:
        insert(db, "fx_rate", {
            "rated_on": "2026-03-01", "currency": "NOK", "rate_to_eur": "0.08",
            "created_at": NOW,
        })
    sync(settings, database_url, now=LATER)
    fresh = Warehouse(settings).info()
    assert fresh.problem is None
    assert fresh.published_at == LATER
    assert tenant == 1


def _refused(settings: Settings, books: Books) -> str:
    with pytest.raises(BuildRefused) as refusal:
        books.published(settings)
    return f"{refusal.value.check}: {refusal.value}"


def test_ledger_out_of_balance_is_refused(settings: Settings) -> None:
    books = Books()
    for amount in (500, -499):
        books.add(
            "accounting_entry", ledger_transaction_id=7, account_code="1000", currency="EUR",
            amount_minor=amount,
        )
    assert _refused(settings, books) == (
        "ledger_balances: Ledger transaction 7 is off by 1 minor units of EUR"
    )


def test_amount_beyond_bounds_is_refused(settings: Settings) -> None:
    books = Books()
    books.cash("2026-01-01", "bank", 9 * 10**15 + 1)
    assert "amounts_in_bounds: cash_balance 1" in _refused(settings, books)


def test_fact_of_another_century_is_refused(settings: Settings) -> None:
    books = Books()
    books.cash("0206-01-01", "bank", 1)
    assert "days_plausible" in _refused(settings, books)
    books = Books()
    books.cash(f"{(NOW + timedelta(days=FURTHEST_DAYS + 2)).date()}", "bank", 1)
    assert "days_plausible" in _refused(settings, books)


def test_lost_row_and_lost_money_are_refused(
    database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books()
    books.cost("2026-01-01", "rent", 100)
    books.into_postgres(database_url)
    honest = postgres.totals
    for more_rows, more_money in ((1, 0), (0, 1)):
        def claim(source: Any, table: Any, rows: int = more_rows, money: int = more_money) -> Totals:
            true = honest(source, table)
            return Totals(true.rows + rows, {m: s + money for m, s in true.sums.items()})

        monkeypatch.setattr(postgres, "totals", claim)
        with pytest.raises(BuildRefused):
            sync(settings, database_url, now=NOW)
    with pytest.raises(NoCopy):
        Warehouse(settings).info()


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("update mrr_by_month set churn_minor = churn_minor - 1", "movements_add_up"),
        ("update mrr_by_month set start_minor = start_minor + 1, end_minor = end_minor + 1"
         " where month = date '2026-03-01'", "movements_add_up"),
        ("update mrr_pieces set fx_minor = 1", "movements_add_up"),
        ("delete from mrr_by_month where dimension = 'plan'", "views_agree"),
        ("update revenue_by_month set gross_minor = gross_minor + 1 where dimension = 'country'",
         "views_agree"),
        ("delete from fx_daily", "rates_known"),
        ("insert into tenant select * from tenant", "rows_and_sums"),
    ],
)
def test_each_check_sees_its_fault(settings: Settings, tampering: str, check: str) -> None:
    books = Books()
    tenant = books.tenant("ada", "SE")
    books.subscription(tenant, ("2026-01-05", "active", 10_000))
    books.invoice(tenant, "2026-01-05", ("pro", 10_000))
    path = settings.copy_path
    path.parent.mkdir(parents=True)
    with pipeline.open_build(path, settings) as connection:
        totals = {name: books._load(connection, name) for name in books.rows}
        build = Build(connection, totals, "EUR", NOW.date())
        pipeline.compute(build)
        connection.execute(tampering).fetchall()
        with pytest.raises(BuildRefused) as refusal:
            check_rows(build)
            check_models(build)
    assert refusal.value.check == check
    assert check in {each.__name__ for each in (*OF_ROWS, *OF_MODELS)}
