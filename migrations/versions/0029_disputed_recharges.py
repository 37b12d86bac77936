"""A dispute may be about a recharge of a wallet, which it takes out of the wallet."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
MOVES = "ck_wallet_transaction_"
TYPES = (
    "recharge",
    "subscription_payment",
    "manual_credit",
    "manual_debit",
    "refund",
    "dispute",
    "dispute_won",
)


def upgrade() -> None:
    """Let wallets move by disputes, and disputes name what moved."""
    _let_wallets_move()
    op.create_unique_constraint(
        op.f("uq_wallet_transaction_id_tenant_id_currency"),
        "wallet_transaction",
        ["id", "tenant_id", "currency"],
    )
    op.execute(
        "alter table wallet_transaction add column provider_payment_id text generated always as "
        "(coalesce(metadata ->> 'provider_payment_id', reference_id)) stored"
    )
    op.create_index(
        "ix_wallet_transaction_provider_payment_id",
        "wallet_transaction",
        ["provider_payment_id", "gateway"],
    )
    op.alter_column("dispute", "payment_id", nullable=True)
    op.add_column("dispute", sa.Column("wallet_transaction_id", sa.BigInteger()))
    op.create_foreign_key(
        op.f("fk_dispute_wallet_transaction_id_tenant_id_currency"),
        "dispute",
        "wallet_transaction",
        ["wallet_transaction_id", "tenant_id", "currency"],
        ["id", "tenant_id", "currency"],
    )
    op.create_check_constraint(
        op.f("ck_dispute_payment_or_recharge"),
        "dispute",
        "num_nonnulls(payment_id, wallet_transaction_id) = 1",
    )


def _let_wallets_move() -> None:
    types = ", ".join(f"'{name}'" for name in TYPES)
    rules = {
        "type_known": f"type in ({types})",
        "sign_fits_type": "amount_minor <> 0 and (amount_minor < 0) = "
        "(type in ('subscription_payment', 'manual_debit', 'dispute'))",
        "promotional_fits_type": "promotional_minor = 0 or "
        "type not in ('recharge', 'manual_debit', 'dispute', 'dispute_won')",
    }
    for name, rule in rules.items():
        op.drop_constraint(op.f(f"{MOVES}{name}"), "wallet_transaction")
        op.create_check_constraint(op.f(f"{MOVES}{name}"), "wallet_transaction", rule)
