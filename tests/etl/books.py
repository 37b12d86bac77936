"""Hand-made books for tests: rows with defaults, put into PostgreSQL or straight into a copy."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Any

import duckdb
import psycopg
import pyarrow as pa
from psycopg import sql

from core.clock import local_date
from core.settings import Settings
from etl.check import Build
from etl.extract.postgres import Totals
from etl.pipeline import Making, State, compute, on_duckdb, open_build, sign
from etl.publish import new_build, publish
from etl.tables import TABLES
from etl.warehouse import Warehouse

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
EARNING = {"active", "past_due", "grace_period"}
_ONLY_IN_POSTGRES: dict[str, dict[str, Any]] = {
    "subscription": {"anchor_day": 1},
    "invoice_line": {"description": "a line"},
    "refund": {"reason": "asked for by the customer"},
}


def day(text: str) -> date:
    """A date from 2026-01-31."""
    return date.fromisoformat(text)


class Books:
    """Rows by table; each method adds some and returns the id of the first."""

    def __init__(self) -> None:
        self.rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
        self._plans: dict[str, int] = {}

    def add(self, table: str, **values: Any) -> int:
        """Add a row."""
        number = len(self.rows[table]) + 1
        self.rows[table].append({"id": number, **values})
        return number

    def tenant(self, key: str, country: str | None = "SE", currency: str = "EUR") -> int:
        """Add a tenant."""
        return self.add(
            "tenant",
            external_id=key,
            name=f"Tenant {key}",
            country=country,
            currency=currency,
            language="en",
            created_at=NOW,
        )

    def plan(self, slug: str) -> int:
        """The id of a plan, added when new."""
        if slug not in self._plans:
            self._plans[slug] = self.add(
                "plan",
                slug=slug,
                name=slug.title(),
                is_active=True,
                sort_order=0,
                fixed_days=False,
                created_at=NOW,
            )
        return self._plans[slug]

    def subscription(
        self,
        tenant_id: int,
        *changes: tuple[str, str, int],
        plan: str = "pro",
        cycle: str = "monthly",
        currency: str = "EUR",
    ) -> int:
        """Add a subscription with its history: (day, status, amount per cycle[, plan])."""
        started_on, status, amount_minor = changes[0][:3]
        last = changes[-1]
        number = self.add(
            "subscription",
            tenant_id=tenant_id,
            plan_id=self.plan(plan),
            status=last[1],
            cycle=cycle,
            currency=currency,
            amount_minor=last[2],
            collection="send_invoice",
            auto_renew=True,
            started_on=day(started_on),
            cancel_at_period_end=False,
            ended_on=day(last[0]) if last[1] == "cancelled" else None,
            created_at=NOW,
        )
        for change in changes:
            on, status, amount_minor = change[:3]
            self.add(
                "plan_history",
                subscription_id=number,
                tenant_id=tenant_id,
                kind="status_changed",
                effective_on=day(on),
                status=status,
                plan_id=self.plan(change[3] if len(change) > 3 else plan),
                cycle=cycle,
                currency=currency,
                amount_minor=amount_minor,
                actor_type="system",
                created_at=NOW,
            )
        return number

    def invoice(
        self,
        tenant_id: int,
        issued_on: str,
        *lines: tuple[str | None, int],
        due_on: str | None = None,
        tax_minor: int = 0,
        **values: Any,
    ) -> int:
        """Add an issued invoice with lines of (plan, net)."""
        net = sum(amount for _, amount in lines)
        number = self.add(
            "invoice",
            **{
                "tenant_id": tenant_id,
                "issuer_type": "tenant",
                "type": "subscription",
                "reason": "manual",
                "status": "issued",
                "number": f"N-{len(self.rows['invoice'])}",
                "currency": "EUR",
                "net_minor": net,
                "tax_minor": tax_minor,
                "total_minor": net + tax_minor,
                "paid_minor": 0,
                "issued_on": day(issued_on),
                "due_on": day(due_on or issued_on),
                "disputed": False,
                "created_at": NOW,
                **values,
            },
        )
        for position, (plan, amount) in enumerate(lines, 1):
            tax = tax_minor if position == 1 else 0
            self.add(
                "invoice_line",
                invoice_id=number,
                tenant_id=tenant_id,
                plan_id=self.plan(plan) if plan else None,
                position=position,
                quantity=Decimal(1),
                unit_minor=amount,
                discount_minor=0,
                net_minor=amount,
                tax_percent=Decimal(0),
                tax_category="standard",
                tax_minor=tax,
                total_minor=amount + tax,
            )
        return number

    def payment(
        self,
        tenant_id: int,
        received_on: str,
        amount_minor: int,
        invoice_id: int | None = None,
        **values: Any,
    ) -> int:
        """Add a captured payment, allocated whole to an invoice when one is given."""
        number = self.add(
            "payment",
            **{
                "tenant_id": tenant_id,
                "invoice_id": invoice_id,
                "provider": "manual",
                "method": "card",
                "status": "captured",
                "currency": "EUR",
                "amount_minor": amount_minor,
                "allocated_minor": 0,
                "refunded_minor": 0,
                "fee_minor": 0,
                "received_on": day(received_on),
                "created_at": NOW,
                **values,
            },
        )
        if invoice_id:
            self.add(
                "payment_allocation",
                payment_id=number,
                invoice_id=invoice_id,
                tenant_id=tenant_id,
                currency=values.get("currency", "EUR"),
                amount_minor=amount_minor,
                allocated_on=day(received_on),
                created_at=NOW,
            )
        return number

    def refund(self, payment_id: int, refunded_on: str, amount_minor: int, tax_minor: int) -> int:
        """Add a refund that succeeded."""
        payment = self.rows["payment"][payment_id - 1]
        return self.add(
            "refund",
            payment_id=payment_id,
            tenant_id=payment["tenant_id"],
            currency=payment["currency"],
            amount_minor=amount_minor,
            tax_minor=tax_minor,
            status="succeeded",
            refunded_on=day(refunded_on),
            requested_at=NOW,
        )

    def rate(self, on: str, currency: str, rate: str) -> int:
        """Add the EUR for one unit of a currency."""
        return self.add(
            "fx_rate",
            rated_on=day(on),
            currency=currency,
            rate_to_eur=Decimal(rate),
            created_at=NOW,
        )

    def cost(self, month: str, category: str, amount_minor: int, currency: str = "EUR") -> int:
        """Add a cost of a month."""
        return self.add(
            "cost",
            month=day(month),
            category=category,
            currency=currency,
            nth=1,
            amount_minor=amount_minor,
            created_at=NOW,
        )

    def cash(self, on: str, account: str, balance_minor: int, currency: str = "EUR") -> int:
        """Add an account's balance."""
        return self.add(
            "cash_balance",
            held_on=day(on),
            account=account,
            currency=currency,
            balance_minor=balance_minor,
            created_at=NOW,
        )

    def into_postgres(self, url: str) -> None:
        """Insert everything as the owner of the database; invoices go through their draft."""
        draft = {"status": "draft", "closed_on": None, "paid_minor": 0}
        with psycopg.connect(url) as db, db.cursor() as cursor:
            for table, rows in self.rows.items():
                also, over = _ONLY_IN_POSTGRES.get(table, {}), draft if table == "invoice" else {}
                for names, group in groupby((also | row | over for row in rows), tuple):
                    cursor.executemany(_insert(table, names), [list(row.values()) for row in group])
            invoices = self.rows["invoice"]
            cursor.executemany(
                "update invoice set status = 'issued' where id = %s",
                [[row["id"]] for row in invoices],
            )
            cursor.executemany(
                "update invoice set status = %s, closed_on = %s, paid_minor = %s where id = %s",
                [
                    [row["status"], row.get("closed_on"), row["paid_minor"], row["id"]]
                    for row in invoices
                ],
            )

    def published(
        self, settings: Settings, now: datetime = NOW, making: Making = on_duckdb
    ) -> Warehouse:
        """A published copy of these books, made without PostgreSQL."""
        live = settings.copy_path
        live.parent.mkdir(parents=True, exist_ok=True)
        path = new_build(live)
        today = local_date(now, settings.billing_timezone)
        with open_build(path, settings) as build:
            totals = {table.name: self._load(build, table.name) for table in TABLES}
            made = Build(build, lambda: totals, settings.reporting_currency, today)
            compute(made, making)
            sign(made, State(0, "books", ""), "full", now)
            build.execute("checkpoint").fetchall()
        publish(path, live)
        return Warehouse(settings)

    def _load(self, build: duckdb.DuckDBPyConnection, name: str) -> Totals:
        [table] = [each for each in TABLES if each.name == name]
        columns = ", ".join(f"{column} {kind}" for column, kind in table.columns.items())
        build.execute(f"create table {name} ({columns})").fetchall()
        rows = self.rows[name]
        if rows:
            given = {column: [row.get(column) for row in rows] for column in table.columns}
            build.register("given", pa.table(given))  # row by row takes longer than the figures
            build.execute(f"insert into {name} select * from given").fetchall()
            build.unregister("given")
        return Totals(len(rows), {m: sum(row.get(m) or 0 for row in rows) for m in table.money})


def insert(db: psycopg.Connection[Any], table: str, values: dict[str, Any]) -> None:
    """Insert one row."""
    db.execute(_insert(table, tuple(values)), list(values.values()))


def _insert(table: str, names: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, names)),
        sql.SQL(", ").join(sql.Placeholder() * len(names)),
    )
