"""The gateway simulator's own schema, which no other part of Saldo reads."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"

SCHEMA = "simulator"
OWNER, APP = "saldo_owner", "saldo_app"
OBJECTS = {
    "customers": (),
    "payment_methods": ("customer",),
    "setup_intents": ("customer",),
    "payment_intents": ("customer",),
    "charges": ("customer", "payment_intent"),
    "refunds": ("charge", "payment_intent"),
    "balance_transactions": ("source", "type"),
    "events": ("type",),
}
"""Tables of what the gateway keeps, and the fields by which their lists are filtered."""


def upgrade() -> None:
    """Create the schema with the sign-in's own rights, what is in it as the schema's owner."""
    op.execute("reset role")
    op.execute(f"create schema {SCHEMA} authorization {OWNER}")
    op.execute(f"set local role {OWNER}")
    op.execute(f"create sequence {SCHEMA}.serial")
    for table, fields in OBJECTS.items():
        _create_objects(table, fields)
    _extend_objects()
    _create_idempotency()
    _create_faults()
    _create_control()
    op.execute(f"grant usage on schema {SCHEMA} to {APP}")
    op.execute(f"grant select, insert, update, delete on all tables in schema {SCHEMA} to {APP}")
    op.execute(f"grant usage on all sequences in schema {SCHEMA} to {APP}")


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


def _extend_objects() -> None:
    """The moment at which a refund is decided; no refund above its charge."""
    op.add_column("refunds", sa.Column("settles_at", sa.BigInteger()), schema=SCHEMA)
    op.add_column("refunds", sa.Column("settles_as", sa.Text()), schema=SCHEMA)
    op.create_check_constraint(
        op.f("ck_refunds_settles_whole"),
        "refunds",
        "(settles_at is null) = (settles_as is null)",
        schema=SCHEMA,
    )
    op.create_index(
        "ix_refunds_settles_at",
        "refunds",
        ["settles_at"],
        schema=SCHEMA,
        postgresql_where=sa.text("settles_at is not null"),
    )
    op.create_check_constraint(
        op.f("ck_charges_refunded_within"),
        "charges",
        "cast(body ->> 'amount_refunded' as bigint) "
        "between 0 and cast(body ->> 'amount_captured' as bigint)",
        schema=SCHEMA,
    )


def _create_idempotency() -> None:
    op.create_table(
        "idempotency",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency")),
        schema=SCHEMA,
    )


def _create_faults() -> None:
    op.create_table(
        "faults",
        _serial("id"),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), server_default="/", nullable=False),
        sa.Column("remaining", sa.BigInteger(), nullable=False),
        sa.Column("delay_ms", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "kind in ('delay', 'error_before', 'error_after', 'lost_before', 'lost_after')",
            name=op.f("ck_faults_kind_known"),
        ),
        sa.CheckConstraint("remaining >= 0", name=op.f("ck_faults_remaining_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_faults")),
        schema=SCHEMA,
    )


def _create_control() -> None:
    op.create_table(
        "control",
        sa.Column("one", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("in_service", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("seed", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("clock", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("one", name=op.f("ck_control_one_row")),
        sa.PrimaryKeyConstraint("one", name=op.f("pk_control")),
        schema=SCHEMA,
    )
    op.execute(f"insert into {SCHEMA}.control default values")


def _serial(column: str) -> "sa.Column[int]":
    counted = sa.text(f"nextval('{SCHEMA}.serial')")
    return sa.Column(column, sa.BigInteger(), server_default=counted, nullable=False)
