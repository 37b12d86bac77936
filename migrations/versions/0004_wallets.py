"""Wallets and their transactions; payments can come from a wallet."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from migrations.helpers import keep

revision = "0004"
down_revision = "0003"

TEXTS = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    """Create the tables, then the rules the database keeps by itself."""
    _create_wallet()
    _create_wallet_transaction()
    op.execute((TEXTS / "wallet.sql").read_text())
    keep("wallet", "delete")
    keep("wallet_transaction")
    op.drop_constraint("ck_payment_provider_known", "payment")
    op.create_check_constraint(
        op.f("ck_payment_provider_known"),
        "payment",
        "provider in ('stripe', 'paystack', 'paypal', 'bankgirot', 'bank', 'manual', 'wallet', "
        "'import')",
    )


def _create_wallet() -> None:
    op.create_table(
        "wallet",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("promotional_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_wallet_currency_code")),
        sa.CheckConstraint(
            "promotional_minor >= 0", name=op.f("ck_wallet_promotional_not_negative")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_wallet_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet")),
        sa.UniqueConstraint("tenant_id", "currency", name=op.f("uq_wallet_tenant_id_currency")),
        sa.UniqueConstraint(
            "id", "tenant_id", "currency", name=op.f("uq_wallet_id_tenant_id_currency")
        ),
    )


def _create_wallet_transaction() -> None:
    op.create_table(
        "wallet_transaction",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("wallet_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("promotional_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("balance_after_minor", sa.BigInteger(), nullable=False),
        sa.Column("promotional_after_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference_id", sa.Text(), nullable=False),
        sa.Column("gateway", sa.String(length=12), nullable=True),
        sa.Column("fee_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("moved_on", sa.Date(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("metadata", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.Column("payment_id", sa.BigInteger(), nullable=True),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "currency ~ '^[A-Z]{3}$'", name=op.f("ck_wallet_transaction_currency_code")
        ),
        sa.CheckConstraint(
            "type in ('recharge', 'subscription_payment', 'manual_credit', 'manual_debit', "
            "'refund')",
            name=op.f("ck_wallet_transaction_type_known"),
        ),
        sa.CheckConstraint(
            "gateway in ('stripe', 'paypal', 'paystack', 'bankgirot', 'manual')",
            name=op.f("ck_wallet_transaction_gateway_known"),
        ),
        sa.CheckConstraint(
            "(type = 'recharge') = (gateway is not null)",
            name=op.f("ck_wallet_transaction_gateway_recharges"),
        ),
        sa.CheckConstraint(
            "amount_minor <> 0 and (amount_minor < 0) = "
            "(type in ('subscription_payment', 'manual_debit'))",
            name=op.f("ck_wallet_transaction_sign_fits_type"),
        ),
        sa.CheckConstraint(
            "promotional_minor between least(amount_minor, 0) and greatest(amount_minor, 0)",
            name=op.f("ck_wallet_transaction_promotional_within"),
        ),
        sa.CheckConstraint(
            "promotional_minor = 0 or type not in ('recharge', 'manual_debit')",
            name=op.f("ck_wallet_transaction_promotional_fits_type"),
        ),
        sa.CheckConstraint(
            "promotional_after_minor >= 0",
            name=op.f("ck_wallet_transaction_promotional_not_negative"),
        ),
        sa.CheckConstraint(
            "type <> 'subscription_payment' or balance_after_minor >= promotional_after_minor",
            name=op.f("ck_wallet_transaction_payment_covered"),
        ),
        sa.CheckConstraint(
            "(type in ('subscription_payment', 'refund')) = (payment_id is not null)",
            name=op.f("ck_wallet_transaction_payment_given"),
        ),
        sa.CheckConstraint(
            "reference_id <> ''", name=op.f("ck_wallet_transaction_reference_given")
        ),
        sa.CheckConstraint(
            "fee_minor = 0 or (type = 'recharge' and fee_minor between 0 and amount_minor)",
            name=op.f("ck_wallet_transaction_fee_fits_type"),
        ),
        sa.ForeignKeyConstraint(
            ["wallet_id", "tenant_id", "currency"],
            ["wallet.id", "wallet.tenant_id", "wallet.currency"],
            name=op.f("fk_wallet_transaction_wallet_id_tenant_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id", "tenant_id", "currency"],
            ["invoice.id", "invoice.tenant_id", "invoice.currency"],
            name=op.f("fk_wallet_transaction_invoice_id_tenant_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
            name=op.f("fk_wallet_transaction_payment_id_tenant_id_currency"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_wallet_transaction_created_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wallet_transaction")),
        sa.UniqueConstraint("reference_id", name=op.f("uq_wallet_transaction_reference_id")),
    )
    op.create_index("ix_wallet_transaction_wallet_id", "wallet_transaction", ["wallet_id", "id"])
    op.create_index("ix_wallet_transaction_payment_id", "wallet_transaction", ["payment_id"])
