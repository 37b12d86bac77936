"""How fast does the daily run renew subscriptions, against bare inserts of the rows it wrote?"""

import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

import core.models  # noqa: F401 (a write must know every table its foreign keys name)
from bench._company import Company, Say, company
from core.access.authority import system
from core.clock import SetClock, SystemClock, local_date
from core.db import app_engine
from core.subscriptions.run import run_lifecycle
from core.wallets.actions import recharge_wallet
from core.work import Office

SUBSCRIPTIONS = 2_000
DAYS = 15
MOST_TIMES_INSERTS = 6.0
JOB = system("bench renewals")
SETUP = Path(__file__).with_name("_renewals.sql")
PLENTY_MINOR = 100_000_000
WRITTEN = (
    "invoice",
    "invoice_line",
    "payment",
    "payment_allocation",
    "wallet_transaction",
    "ledger_transaction",
    "accounting_entry",
    "plan_history",
    "audit_event",
)
"""Tables a renewal adds rows to; what it only changes (subscription, wallet) the rival skips."""
Insert = tuple[str, list[str | None]]


@dataclass
class Day:
    """A day's run and the rival's time for the same rows; seconds."""

    renewed: int
    run_seconds: float
    insert_seconds: float = 0.0
    rows: Counter[str] = field(default_factory=Counter)

    @property
    def ratio(self) -> float:
        """The run's time over the bare inserts'."""
        return self.run_seconds / self.insert_seconds


def run(scale: float, say: Say) -> dict[str, Any]:
    """The time of renewing over that of inserting the same rows: the median of days."""
    with company(max(int(SUBSCRIPTIONS * scale), 10 * DAYS), say) as made:
        clock = SetClock(SystemClock().now())
        office = Office(app_engine(made.url), clock, made.settings)
        say("Filling the wallets")
        _make_due(made, office)
        say(f"Renewing, then bare inserts of the same rows: {DAYS} days in turn")
        days = []
        for _ in range(DAYS):
            days.append(_day(made, office))
            clock.advance(timedelta(days=1))
        office.engine.dispose()
    ratios = sorted(day.ratio for day in days)
    ratio = statistics.median(ratios)
    rows = sum((day.rows for day in days), Counter())
    renewed = sum(day.renewed for day in days)
    return {
        "name": "renewals",
        "ratio": round(ratio, 2),
        "rival": "psycopg inserting the rows the run added, a statement each and a transaction a"
        " renewal, into tables with the same indexes and checks but no triggers or foreign keys",
        "passed": ratio <= MOST_TIMES_INSERTS,
        "detail": {
            "renewed": renewed,
            "renewed_per_second": round(renewed / sum(day.run_seconds for day in days)),
            "inserted_per_second": round(renewed / sum(day.insert_seconds for day in days)),
            "rows": dict(rows),
            "rows_per_renewal": round(rows.total() / renewed, 1),
            "ratio_quartiles": [round(cut, 2) for cut in statistics.quantiles(ratios)],
            "limits": {"ratio": MOST_TIMES_INSERTS},
        },
    }


def _make_due(made: Company, office: Office) -> None:
    """Every running subscription is due soon, and who pays from a wallet has money in it."""
    today = local_date(office.clock.now(), office.settings.billing_timezone)
    with psycopg.connect(made.url) as db:
        db.execute(SETUP.read_text().format(today=f"'{today}'", days=DAYS).encode())
        paying = db.execute(
            "select distinct tenant_id, currency from subscription"
            " where status = 'active' and collection = 'wallet' order by tenant_id"
        ).fetchall()
    for tenant_id, currency in paying:
        with office.work(JOB) as work:
            recharge_wallet(work, tenant_id, PLENTY_MINOR, currency, f"bench-{tenant_id}")


def _day(made: Company, office: Office) -> Day:
    with psycopg.connect(made.url) as db:
        [mark] = db.execute("select pg_current_xact_id()::text::bigint").fetchone() or [0]
    began = time.monotonic()
    done = run_lifecycle(office)
    took = time.monotonic() - began
    odd = [change for change in done.changes if (change.step, change.outcome) != ("renew", "done")]
    assert not odd, f"{odd[0].step} of subscription {odd[0].subscription_id}: {odd[0].words}"
    day = Day(len(done.changes), took)
    with psycopg.connect(made.url) as db:
        renewals = _written(db, mark)
        day.rows = Counter(table for rows in renewals for table, _ in rows)
        assert len(renewals) == day.rows["audit_event"] == day.renewed
        day.insert_seconds = _insert(db, renewals)
    return day


def _written(db: psycopg.Connection, mark: int) -> list[list[Insert]]:
    """The rows added after a transaction, as text, those of a transaction together."""
    renewals: dict[int, list[Insert]] = {}
    for table in WRITTEN:
        values = sql.SQL(", ").join(
            sql.SQL("{}::text").format(name) for name in _columns(db, table)
        )
        asked = sql.SQL(
            "select xmin::text::bigint, {} from {} where xmin::text::bigint > %s"
        ).format(values, sql.Identifier(table))
        for xid, *row in db.execute(asked, [mark]):
            renewals.setdefault(xid, []).append((table, row))
    return [renewals[xid] for xid in sorted(renewals)]


def _insert(db: psycopg.Connection, renewals: list[list[Insert]]) -> float:
    """Seconds of inserting the rows into empty tables of the same shape."""
    statements = {}
    for table in WRITTEN:
        copy = sql.Identifier(f"bare_{table}")
        db.execute(sql.SQL("drop table if exists {}").format(copy))
        db.execute(
            sql.SQL("create table {} (like {} including all)").format(copy, sql.Identifier(table))
        )
        names = _columns(db, table)
        places = sql.SQL(", ").join([sql.Placeholder()] * len(names))
        insert = sql.SQL("insert into {} ({}) values ({})").format(
            copy, sql.SQL(", ").join(names), places
        )
        statements[table] = insert.as_bytes(db)
    db.commit()
    began = time.monotonic()
    for rows in renewals:
        with db.transaction():
            for table, row in rows:
                db.execute(statements[table], row)
    return time.monotonic() - began


def _columns(db: psycopg.Connection, table: str) -> list[sql.Identifier]:
    """All but those that the database sets in both."""
    found = db.execute(
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0"
        " and not attisdropped and attgenerated = '' and attname <> 'row_xid' order by attnum",
        [table],
    )
    return [sql.Identifier(name) for (name,) in found]
