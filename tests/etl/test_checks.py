"""A failed check keeps the last good copy and says why; the next good one forgets it."""

from datetime import date, timedelta
from typing import Any

import duckdb
import psycopg
import pytest

from core.errors import CheckFailed, NoCopy
from core.settings import Settings
from etl import pipeline
from etl.check import OF_MODELS, OF_ROWS, Build, BuildRefused, check_models, check_rows
from etl.extract import postgres
from etl.extract.postgres import Totals
from etl.figures import metrics
from etl.pipeline import sync
from etl.warehouse import Warehouse
from tests.etl.books import NOW, Books, insert

LATER = NOW + timedelta(hours=1)


def test_without_a_copy_the_refusal_says_so(settings: Settings) -> None:
    with pytest.raises(NoCopy):
        Warehouse(settings).info()


def test_copy_of_another_version_asks_for_a_sync(settings: Settings) -> None:
    wh = Books().published(settings)
    with duckdb.connect(str(settings.copy_path)) as copy:
        copy.execute("alter table copy_info drop column warning").fetchall()
    with pytest.raises(NoCopy, match="Another version"):
        wh.info()


def test_missing_rate_keeps_the_last_good_copy_and_names_currency_and_day(
    database_url: str, settings: Settings
) -> None:
    books = Books()
    tenant = books.tenant("ada", "SE")
    books.into_postgres(database_url)
    sync(settings, database_url, now=NOW)
    good = Warehouse(settings).info()
    with psycopg.connect(database_url) as db:
        insert(
            db,
            "cost",
            {
                "month": "2026-03-01",
                "category": "rent",
                "currency": "NOK",
                "amount_minor": 5,
                "created_at": NOW,
            },
        )
    with pytest.raises(CheckFailed, match="NOK to EUR on 2026-03-31"):
        sync(settings, database_url, now=LATER)
    kept = Warehouse(settings).info()
    assert kept.run_id == good.run_id
    assert kept.problem
    assert "NOK" in kept.problem
    assert "2026-03-31" in kept.problem
    assert not list(settings.copy_path.parent.glob("build-*"))
    with psycopg.connect(database_url) as db:
        insert(
            db,
            "fx_rate",
            {
                "rated_on": "2026-03-01",
                "currency": "NOK",
                "rate_to_eur": "0.08",
                "created_at": NOW,
            },
        )
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
            "accounting_entry",
            ledger_transaction_id=7,
            account_code="1000",
            currency="EUR",
            amount_minor=amount,
        )
    assert _refused(settings, books) == (
        "ledger_balances: Ledger transaction 7 is off by 1 minor units of EUR"
    )


def test_amount_beyond_bounds_is_refused(settings: Settings) -> None:
    books = Books()
    books.cash("2026-01-01", "bank", 9 * 10**15 + 1)
    assert "amounts_in_bounds: cash_balance 1" in _refused(settings, books)


def test_fact_of_another_century_counts_in_no_month_and_is_named(settings: Settings) -> None:
    books = Books()
    tenant = books.tenant("ada")
    books.invoice(tenant, "2026-03-01", ("pro", 100))
    assert books.published(settings).info().warning is None
    books.invoice(tenant, "0206-03-01", ("pro", 10))
    books.invoice(tenant, "2206-03-01", ("pro", 1_000))
    books.subscription(tenant, ("2026-01-01", "active", 500), ("9999-12-31", "cancelled", 500))
    wh = books.published(settings)
    warning = wh.info().warning
    assert warning
    assert "plan_history 2 is dated 9999-12-31" in warning
    [march] = metrics(wh, date(2026, 3, 1))["months"]
    assert march["gross_revenue"]["minor"] == 100
    assert march["mrr"]["minor"] == 500


def test_lost_row_and_lost_money_are_refused(
    database_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = Books()
    books.cost("2026-01-01", "rent", 100)
    books.into_postgres(database_url)
    honest = postgres.totals
    for more_rows, more_money in ((1, 0), (0, 1)):
        more = Totals(more_rows, {"amount_minor": more_money})

        def claim(source: Any, table: Any, more: Totals = more) -> Totals:
            true = honest(source, table)
            sums = {name: minor + more.sums.get(name, 0) for name, minor in true.sums.items()}
            return Totals(true.rows + more.rows, sums)

        monkeypatch.setattr(postgres, "totals", claim)
        with pytest.raises(BuildRefused):
            sync(settings, database_url, now=NOW)
    with pytest.raises(NoCopy):
        Warehouse(settings).info()


@pytest.mark.parametrize(
    ("tampering", "check"),
    [
        ("update mrr_by_month set churn_minor = churn_minor - 1", "movements_add_up"),
        (
            "update mrr_by_month set start_minor = 1, end_minor = 1 where month = '2026-03-01'",
            "movements_add_up",
        ),
        ("update mrr_pieces set fx_minor = 1", "movements_add_up"),
        ("delete from mrr_by_month where dimension = 'plan'", "views_agree"),
        (
            "update revenue_by_month set gross_minor = 1 where dimension = 'country'",
            "views_agree",
        ),
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
        build = Build(connection, lambda: totals, "EUR", NOW.date())
        pipeline.compute(build)
        connection.execute(tampering).fetchall()
        with pytest.raises(BuildRefused) as refusal:
            check_rows(build)
            check_models(build)
    assert refusal.value.check == check
    assert check in {each.__name__ for each in (*OF_ROWS, *OF_MODELS)}
