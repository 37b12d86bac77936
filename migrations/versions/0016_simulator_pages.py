"""Hosted pages, disputes, payouts and deliveries of the gateway simulator."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0016"
down_revision = "0015"

SCHEMA = "simulator"
APP = "saldo_app"
OBJECTS = {
    "checkout_sessions": ("customer", "payment_intent", "status"),
    "portal_sessions": (),
    "disputes": ("charge", "payment_intent"),
    "payouts": ("status",),
}
"""Tables of what the gateway keeps, and the fields by which their lists are filtered."""
TIMED = ("checkout_sessions", "disputes", "payouts")
"""Tables of objects that change by themselves when their time has come."""
NEW = (*OBJECTS, "webhook_endpoints", "deliveries", "chaos")


def upgrade() -> None:
    """Create the tables, and let balance transactions know the payout that paid them."""
    for table, fields in OBJECTS.items():
        _create_objects(table, fields)
    for table in TIMED:
        _let_time_pass(table)
    op.add_column("checkout_sessions", sa.Column("page", JSONB()), schema=SCHEMA)
    _extend_balance_transactions()
    _extend_control()
    _create_endpoints()
    _create_deliveries()
    _create_chaos()
    for table in NEW:
        op.execute(f"grant select, insert, update, delete on {SCHEMA}.{table} to {APP}")


def _create_objects(table: str, fields: tuple[str, ...]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Text(), nullable=False),
        _serial("seq"),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        schema=SCHEMA,
    )
    op.create_index(f"ix_{table}_newest", table, ["created", "seq"], schema=SCHEMA)
    for field in fields:
        op.create_index(
            f"ix_{table}_{field}", table, [sa.text(f"(body ->> '{field}')")], schema=SCHEMA
        )


def _let_time_pass(table: str) -> None:
    op.add_column(table, sa.Column("due_at", sa.BigInteger()), schema=SCHEMA)
    op.create_index(
        f"ix_{table}_due_at",
        table,
        ["due_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("due_at is not null"),
    )


def _extend_balance_transactions() -> None:
    op.add_column("balance_transactions", sa.Column("payout", sa.Text()), schema=SCHEMA)
    op.create_index(
        "ix_balance_transactions_payout", "balance_transactions", ["payout"], schema=SCHEMA
    )


def _extend_control() -> None:
    """Where browsers find the hosted pages, and when the next automatic payout is made."""
    op.add_column(
        "control",
        sa.Column("pages_at", sa.Text(), server_default="http://simulator.invalid", nullable=False),
        schema=SCHEMA,
    )
    op.add_column("control", sa.Column("payouts_at", sa.BigInteger()), schema=SCHEMA)


def _create_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        _serial("id"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
        sa.UniqueConstraint("url", name=op.f("uq_webhook_endpoints_url")),
        schema=SCHEMA,
    )


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        _serial("id"),
        sa.Column("endpoint_id", sa.BigInteger(), nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("deliver_at", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("answered", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_deliveries_attempts_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            [f"{SCHEMA}.webhook_endpoints.id"],
            name=op.f("fk_deliveries_endpoint_id_webhook_endpoints"),
            ondelete="cascade",
        ),
        schema=SCHEMA,
    )
    op.create_index(
        "ix_deliveries_deliver_at",
        "deliveries",
        ["deliver_at", "id"],
        schema=SCHEMA,
        postgresql_where=sa.text("deliver_at is not null"),
    )


def _create_chaos() -> None:
    op.create_table(
        "chaos",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("delay_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reorder_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("duplicate_percent", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("stopped", sa.Boolean(), server_default="false", nullable=False),
        sa.CheckConstraint("one", name=op.f("ck_chaos_one_row")),
        sa.CheckConstraint(
            "delay_s >= 0 and reorder_s >= 0 and duplicate_percent between 0 and 100",
            name=op.f("ck_chaos_within"),
        ),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_chaos")),
        schema=SCHEMA,
    )
    op.execute(f"insert into {SCHEMA}.chaos default values")


def _serial(column: str) -> "sa.Column[int]":
    counted = sa.text(f"nextval('{SCHEMA}.serial')")
    return sa.Column(column, sa.BigInteger(), server_default=counted, nullable=False)
