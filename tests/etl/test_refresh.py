"""Figures kept up by small changes are the figures of a full rebuild, row for row."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from psycopg.rows import dict_row

from core.settings import ROOT, Settings
from etl import delta, pipeline, refresh
from etl.transform import models
from etl.warehouse import Warehouse
from tests.etl.books import NOW, Books, insert

TENANTS = 60
ROUNDS = 25
CURRENCIES = ("EUR", "SEK", "USD")
PLANS = ("basic", "pro", "team")
STATUSES = ("active", "past_due", "paused", "cancelled", "trial", "active")
Db = psycopg.Connection[Any]
REFUSED = (psycopg.errors.ForeignKeyViolation, psycopg.errors.InsufficientPrivilege)
"""By its foreign keys, or because what was received is fixed."""


@pytest.fixture
def books(database_url: str) -> Books:
    """Tenants of three currencies with subscriptions, invoices, payments and refunds."""
    made, chance = Books(), random.Random(7)  # noqa: S311
    made.rate("2024-12-01", "SEK", "0.0912345678")
    made.rate("2024-12-01", "USD", "0.9112345678")
    for plan in PLANS:
        made.plan(plan)
    for number in range(TENANTS):
        currency = CURRENCIES[number % 3]
        tenant = made.tenant(f"t{number}", ("SE", "NO", None)[number % 3], currency)
        for _ in range(1 + number % 4 // 3):
            made.subscription(
                tenant,
                (f"2025-{1 + number % 12:02}-05", "active", 900 + number),
                currency=currency,
                plan=PLANS[number % 3],
            )
        _bill(made, tenant, currency, number, chance)
    made.cash("2026-01-31", "bank", 5_000_000, "SEK")
    made.cost("2026-01-01", "sales_marketing", 12_345)
    made.into_postgres(database_url)
    with psycopg.connect(database_url) as db:
        for table in ("plan_history", "payment_allocation"):
            db.execute(f"drop trigger if exists {table}_kept on {table}")
        db.execute("drop trigger invoice_line_guard on invoice_line")
        for table in (
            "plan_history",
            "invoice_line",
            "payment_allocation",
            "refund",
            "cost",
            "fx_rate",
        ):
            db.execute("select setval(pg_get_serial_sequence(%s, 'id'), 10000)", [table])
    return made


def _bill(made: Books, tenant: int, currency: str, number: int, chance: random.Random) -> None:
    for month in (3, 9):
        lines = [(PLANS[number % 3], 1_000 + number), (None, 333)][: 1 + number % 2]
        invoice = made.invoice(tenant, f"2026-{month:02}-1{number % 10}", *lines, currency=currency)
        if chance.random() < 0.7:
            payment = made.payment(
                tenant,
                f"2026-{month:02}-2{number % 9}",
                700,
                invoice,
                currency=currency,
                fee_minor=11,
            )
            if number % 5 == 0:
                made.refund(payment, f"2026-{month:02}-28", 200, 20)


def _tenant(db: Db, chance: random.Random) -> tuple[int, str]:
    number = chance.randint(1, TENANTS)
    found = db.execute("select id, currency from tenant where id = %s", [number]).fetchone()
    assert found
    return int(found[0]), str(found[1])


def _day(chance: random.Random) -> date:
    return NOW.date() - timedelta(days=chance.randrange(600))


def _state_moves(db: Db, chance: random.Random) -> None:
    """A late state of a subscription, perhaps in another plan or currency."""
    tenant, currency = _tenant(db, chance)
    for (subscription,) in db.execute(
        "select id from subscription where tenant_id = %s", [tenant]
    ).fetchall():
        insert(
            db,
            "plan_history",
            {
                "subscription_id": subscription,
                "tenant_id": tenant,
                "kind": "plan_changed",
                "effective_on": _day(chance),
                "status": chance.choice(STATUSES),
                "plan_id": chance.randint(1, len(PLANS)),
                "cycle": chance.choice(("monthly", "annual", "weekly")),
                "currency": chance.choice((currency, *CURRENCIES)),
                "amount_minor": chance.randrange(20_000),
                "actor_type": "system",
                "created_at": NOW,
            },
        )


def _country_moves(db: Db, chance: random.Random) -> None:
    """A tenant moves, and may take a key that looks like another's number."""
    tenant, _ = _tenant(db, chance)
    key = chance.choice((f"t{tenant - 1}", str(tenant % TENANTS + 1), None))
    db.execute(
        "update tenant set country = %s, external_id = %s where id = %s",
        [chance.choice(("SE", "NO", "US", None)), key, tenant],
    )


def _billed_and_paid(db: Db, chance: random.Random) -> None:
    """A late invoice of one or two lines, paid in part, some of it returned."""
    tenant, currency = _tenant(db, chance)
    made = Books()
    made._plans = {plan: number for number, plan in enumerate(PLANS, 1)}
    lines = [(chance.choice((*PLANS, None)), chance.randrange(9_000)) for _ in range(2)]
    on = str(_day(chance))
    invoice = made.invoice(tenant, on, *lines[: chance.randint(1, 2)], currency=currency)
    payment = made.payment(tenant, on, 1_500, invoice, currency=currency, fee_minor=7)
    made.refund(payment, str(_day(chance)), chance.randrange(1, 900), 0)
    shift = {
        "invoice": _next(db, "invoice"),
        "payment": _next(db, "payment"),
    }
    for table in ("invoice", "invoice_line", "payment", "payment_allocation", "refund"):
        for row in made.rows[table]:
            values = {name: value for name, value in row.items() if name != "id"}
            if table in shift:
                values["id"] = shift[table]
            for name, start in (("invoice_id", "invoice"), ("payment_id", "payment")):
                if values.get(name):
                    values[name] = shift[start]
            if table == "invoice":
                values |= {"status": "draft", "number": f"R-{shift['invoice']}"}
            if table == "invoice_line":
                values["description"] = "late"
            if table == "refund":
                values |= {"reason": "asked", "nth": 1}
            insert(db, table, values)
    db.execute("update invoice set status = 'issued' where id = %s", [shift["invoice"]])


def _next(db: Db, table: str) -> int:
    found = db.execute(f"select coalesce(max(id), 0) + 1 from {table}").fetchone()
    assert found
    return int(found[0])


def _voided(db: Db, chance: random.Random) -> None:
    """An unpaid invoice is voided."""
    db.execute(
        "update invoice set status = 'cancelled', closed_on = %s where id = ("
        "select id from invoice i where status = 'issued' and not exists ("
        " select from payment_allocation a where a.invoice_id = i.id) order by"
        " hashint8extended(id, %s) limit 1)",
        [NOW.date(), chance.randrange(10**6)],
    )


def _moved_and_deleted(db: Db, chance: random.Random) -> None:
    """Dates move, a history row goes and comes back changed, a refund goes for good."""
    db.execute(
        "update payment set received_on = %s where id ="
        " (select id from payment order by hashint8extended(id, %s) limit 1)",
        [_day(chance), chance.randrange(10**6)],
    )
    db.execute(
        "delete from refund where id ="
        " (select id from refund order by hashint8extended(id, %s) limit 1)",
        [chance.randrange(10**6)],
    )
    found = db.cursor(row_factory=dict_row).execute(
        "select * from plan_history order by hashint8extended(id, %s) limit 1",
        [chance.randrange(10**6)],
    )
    [values] = found.fetchall()
    del values["row_xid"]
    db.execute("delete from plan_history where id = %s", [values["id"]])
    if chance.random() < 0.5:
        insert(db, "plan_history", values | {"amount_minor": chance.randrange(5_000)})


def _costs_and_cash(db: Db, chance: random.Random) -> None:
    """A cost and a balance that belong to no tenant."""
    month = _day(chance).replace(day=1)
    insert(
        db,
        "cost",
        {
            "month": month,
            "category": "cost_of_revenue",
            "currency": chance.choice(CURRENCIES),
            "nth": chance.randrange(1, 10**6),
            "amount_minor": chance.randrange(9_000),
            "created_at": NOW,
        },
    )
    db.execute("update cash_balance set balance_minor = balance_minor + 1")


def _new_rate(db: Db, chance: random.Random) -> None:
    """A rate of some past day changes figures of everyone."""
    insert(
        db,
        "fx_rate",
        {
            "rated_on": _day(chance),
            "currency": chance.choice(("SEK", "USD")),
            "rate_to_eur": chance.choice(("0.5", "0.0877", "1.01")),
            "created_at": NOW,
        },
    )


SMALL: tuple[Callable[[Db, random.Random], None], ...] = (
    _state_moves,
    _country_moves,
    _billed_and_paid,
    _voided,
    _moved_and_deleted,
    _costs_and_cash,
)


def _differing(one: Path, other: Path) -> dict[str, int]:
    with duckdb.connect() as both:
        both.execute(f"attach '{one}' as one (read_only)").fetchall()
        both.execute(f"attach '{other}' as other (read_only)").fetchall()
        differing = {}
        for name in [model.name for model in models()] + ["fx_daily", "periods"]:
            a, b = f"select * from one.{name}", f"select * from other.{name}"
            [(count,)] = both.execute(
                f"select count(*) from (({a} except all {b}) union all ({b} except all {a}))"
            ).fetchall()
            differing[name] = int(count)
        return differing


def _full_beside(settings: Settings, url: str, home: Path, now: Any) -> Path:
    beside = settings.model_copy(update={"home": home})
    pipeline.sync(beside, url, now=now, full=True)
    return beside.copy_path


def test_small_syncs_end_where_a_full_rebuild_does(
    books: Books,
    database_url: str,
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delta, "MOST_TOUCHED", 0.9)
    refreshed: list[bool] = []
    honest = pipeline._refreshed
    monkeypatch.setattr(
        pipeline, "_refreshed", lambda *given: refreshed.append(honest(*given)) or refreshed[-1]
    )
    pipeline.sync(settings, database_url, now=NOW)
    chance, now = random.Random(11), NOW  # noqa: S311
    for turn in range(ROUNDS):
        with psycopg.connect(database_url) as db:
            for _ in range(chance.randint(1, 3)):
                chance.choice(SMALL)(db, chance)
            if turn % 9 == 4:
                _new_rate(db, chance)
        if turn % 9 == 7:
            now += timedelta(days=1)
        assert pipeline.sync(settings, database_url, now=now)["mode"] == "incremental", turn
        full = _full_beside(settings, database_url, tmp_path / "beside", now)
        differing = _differing(settings.copy_path, full)
        assert not any(differing.values()), (turn, differing)
    assert refreshed.count(True) > ROUNDS // 2
    assert refreshed.count(False) >= 4


@pytest.mark.parametrize("table", ["invoice_line", "payment", "plan_history"])
def test_no_row_names_a_document_of_another_tenant(
    books: Books, database_url: str, table: str
) -> None:
    """A refresh tenant by tenant is right because the database refuses such rows."""
    with (
        psycopg.connect(database_url) as db,
        pytest.raises(REFUSED),
    ):
        db.execute(f"update {table} set tenant_id = tenant_id % 60 + 1 where id = 1")


def test_every_model_is_kept_up_in_one_of_three_ways() -> None:
    names = {model.name for model in models()}
    assert names >= refresh.WHOLE | refresh.SUMS
    assert not refresh.WHOLE & refresh.SUMS
    assert names >= refresh.MET
    assert not refresh.MET & (refresh.WHOLE | refresh.SUMS)


def test_sums_of_rows_read_nothing_but_rows_of_tenants() -> None:
    """They are computed over rows that came or went; what else they read would be missed."""
    for model in models():
        if model.name in refresh.ROW_SUMS:
            assert model.reads <= refresh._sliced() | refresh.FRAME, model.name


def test_every_process_sees_the_same_definitions() -> None:
    program = "from etl.transform import models_digest; print(models_digest())"
    seen = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(seen) == 1


def test_small_sync_killed_at_any_moment_leaves_the_last_good_copy(
    books: Books, database_url: str, settings: Settings, tmp_path: Path
) -> None:
    pipeline.sync(settings, database_url, now=NOW)
    program = (
        "import sys; from pathlib import Path; from datetime import datetime; import psycopg\n"
        "from core.settings import Settings; from etl.pipeline import sync\n"
        "settings = Settings(_env_file=None, SALDO_HOME=Path(sys.argv[1])); print('ready')\n"
        "now = datetime.fromisoformat(sys.argv[3])\n"
        "while True:\n"
        "    with psycopg.connect(sys.argv[2]) as db:\n"
        "        db.execute('update invoice set disputed = not disputed where id % 20 = 3')\n"
        "    sync(settings, sys.argv[2], now=now)\n"
    )
    chance = random.Random(3)  # noqa: S311
    for _ in range(4):
        with subprocess.Popen(
            [sys.executable, "-uc", program, str(settings.home), database_url, NOW.isoformat()],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
        ) as run:
            assert run.stdout
            assert run.stdout.readline() == b"ready\n"
            time.sleep(0.2 + chance.random())
            run.kill()
        assert Warehouse(settings).ask("published_currencies").height
    assert pipeline.sync(settings, database_url, now=NOW)["mode"] == "incremental"
    full = _full_beside(settings, database_url, tmp_path / "beside", NOW)
    assert not any(_differing(settings.copy_path, full).values())
