"""Added items, credit notes, grace; rows that name a document belong to its tenant."""

import sqlalchemy as sa
from alembic import op

from migrations.helpers import keep, track

revision = "0006"
down_revision = "0005"

NAMED = (
    ("invoice_line", "invoice_id", "invoice"),
    ("payment", "invoice_id", "invoice"),
    ("plan_history", "subscription_id", "subscription"),
)
SYNCED = ("credit_note", "credit_note_line", "wallet_transaction")
APPEND_ONLY = ("credit_note", "credit_note_line")


def upgrade() -> None:
    """Create the tables, then the rules the database keeps by itself."""
    _name_tenants()
    _extend_subscription()
    _create_subscription_item()
    _allow_credit_as_payment()
    _create_credit_note()
    _create_credit_note_line()
    for table in SYNCED:
        track(table)
    for table in APPEND_ONLY:
        keep(table)


def _name_tenants() -> None:
    op.create_unique_constraint(op.f("uq_invoice_id_tenant_id"), "invoice", ["id", "tenant_id"])
    for table, column, document in NAMED:
        op.drop_constraint(f"fk_{table}_{column}", table)
        op.create_foreign_key(
            op.f(f"fk_{table}_{column}_tenant_id"),
            table,
            document,
            [column, "tenant_id"],
            ["id", "tenant_id"],
        )


def _extend_subscription() -> None:
    op.add_column(
        "subscription",
        sa.Column("items_minor", sa.BigInteger(), server_default="0", nullable=False),
    )
    op.add_column("subscription", sa.Column("grace_ends_on", sa.Date(), nullable=True))
    op.create_check_constraint(
        op.f("ck_subscription_items_not_negative"), "subscription", "items_minor >= 0"
    )
    op.create_check_constraint(
        op.f("ck_subscription_grace_dated"),
        "subscription",
        "grace_ends_on is null or status = 'grace_period'",
    )
    op.drop_constraint("ck_plan_history_kind_known", "plan_history")
    op.create_check_constraint(
        op.f("ck_plan_history_kind_known"),
        "plan_history",
        "kind in ('created', 'activated', 'plan_changed', 'amount_changed', 'status_changed', "
        "'paused', 'resumed', 'trial_extended', 'cancelled', 'corrected', 'item_added', "
        "'item_removed', 'renewal_changed')",
    )


def _create_subscription_item() -> None:
    op.create_table(
        "subscription_item",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_subscription_item_quantity_positive")),
        sa.CheckConstraint("unit_minor >= 0", name=op.f("ck_subscription_item_unit_not_negative")),
        sa.CheckConstraint("name <> ''", name=op.f("ck_subscription_item_named")),
        sa.CheckConstraint(
            "removed_on >= added_on", name=op.f("ck_subscription_item_removed_after")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id", "tenant_id"],
            ["subscription.id", "subscription.tenant_id"],
            name=op.f("fk_subscription_item_subscription_id_tenant_id"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription_item")),
    )
    op.create_index(
        "ix_subscription_item_subscription_id", "subscription_item", ["subscription_id"]
    )


def _allow_credit_as_payment() -> None:
    op.drop_constraint("ck_payment_provider_known", "payment")
    op.create_check_constraint(
        op.f("ck_payment_provider_known"),
        "payment",
        "provider in ('stripe', 'paystack', 'paypal', 'bankgirot', 'bank', 'manual', 'wallet', "
        "'credit', 'import')",
    )
    op.drop_constraint("ck_payment_method_known", "payment")
    op.create_check_constraint(
        op.f("ck_payment_method_known"),
        "payment",
        "method in ('card', 'bank_transfer', 'direct_debit', 'wallet', 'credit_note', 'cash', "
        "'other', 'settled_before_import')",
    )


def _create_credit_note() -> None:
    op.create_table(
        "credit_note",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_credit_note_currency_code")),
        sa.CheckConstraint(
            "net_minor >= 0 and tax_minor >= 0 and total_minor > 0",
            name=op.f("ck_credit_note_amounts_positive"),
        ),
        sa.CheckConstraint(
            "total_minor = net_minor + tax_minor", name=op.f("ck_credit_note_total_adds_up")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_credit_note_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id", "tenant_id"],
            ["subscription.id", "subscription.tenant_id"],
            name=op.f("fk_credit_note_subscription_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
            name=op.f("fk_credit_note_payment_id_tenant_id_currency"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note")),
        sa.UniqueConstraint("number", name=op.f("uq_credit_note_number")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_credit_note_payment_id")),
        sa.UniqueConstraint("id", "tenant_id", name=op.f("uq_credit_note_id_tenant_id")),
    )
    op.create_index("ix_credit_note_subscription_id", "credit_note", ["subscription_id"])
    op.drop_constraint("ck_invoice_series_issuer_type_known", "invoice_series")
    op.create_check_constraint(
        op.f("ck_invoice_series_issuer_type_known"),
        "invoice_series",
        "issuer_type in ('platform', 'tenant', 'credit')",
    )


def _create_credit_note_line() -> None:
    op.create_table(
        "credit_note_line",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("credit_note_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.Numeric(7, 4), server_default="0", nullable=False),
        sa.Column("tax_category", sa.String(length=16), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("service_start", sa.Date(), nullable=False),
        sa.Column("service_end", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "total_minor = net_minor + tax_minor", name=op.f("ck_credit_note_line_total_adds_up")
        ),
        sa.CheckConstraint(
            "service_end > service_start", name=op.f("ck_credit_note_line_service_forward")
        ),
        sa.ForeignKeyConstraint(
            ["credit_note_id", "tenant_id"],
            ["credit_note.id", "credit_note.tenant_id"],
            name=op.f("fk_credit_note_line_credit_note_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_credit_note_line_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_note_line")),
        sa.UniqueConstraint(
            "credit_note_id", "position", name=op.f("uq_credit_note_line_credit_note_id_position")
        ),
    )
