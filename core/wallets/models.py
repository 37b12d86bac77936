"""Wallets and the transactions that moved them (WAL.1)."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Computed,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of

TYPES = (
    "recharge",
    "subscription_payment",
    "manual_credit",
    "manual_debit",
    "refund",
    "dispute",
    "dispute_won",
)
GATEWAYS = ("stripe", "paypal", "paystack", "bankgirot", "manual")


class Wallet(Base):
    """A tenant's wallet in one currency: prepaid `balance_minor`, promotional credit apart."""

    __tablename__ = "wallet"
    __table_args__ = (
        UniqueConstraint("tenant_id", "currency"),
        UniqueConstraint("id", "tenant_id", "currency"),
        currency_code(),
        CheckConstraint("promotional_minor >= 0", name="promotional_not_negative"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    currency: Mapped[Currency]
    balance_minor: Mapped[Minor] = mapped_column(server_default="0")
    promotional_minor: Mapped[Minor] = mapped_column(server_default="0")
    created_at: Mapped[Instant]


class WalletTransaction(Base):
    """One movement, append-only; credits positive, debits negative.

    `amount_minor` is the whole movement and `promotional_minor` the part of it that was
    promotional credit; `balance_after_minor` is prepaid and promotional together afterwards.
    `fee_minor` is what the gateway kept of a recharge, `provider_payment_id` its number for the
    payment, which is the reference unless that is our own.
    """

    __tablename__ = "wallet_transaction"
    __table_args__ = (
        UniqueConstraint("reference_id"),
        UniqueConstraint("id", "tenant_id", "currency"),
        ForeignKeyConstraint(
            ["wallet_id", "tenant_id", "currency"],
            ["wallet.id", "wallet.tenant_id", "wallet.currency"],
        ),
        ForeignKeyConstraint(
            ["invoice_id", "tenant_id", "currency"],
            ["invoice.id", "invoice.tenant_id", "invoice.currency"],
        ),
        ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
        ),
        one_of("type", TYPES),
        one_of("gateway", GATEWAYS),
        currency_code(),
        CheckConstraint(
            "(type = 'recharge') = (gateway is not null)",
            name="gateway_recharges",
        ),
        CheckConstraint(
            "amount_minor <> 0 and (amount_minor < 0) = "
            "(type in ('subscription_payment', 'manual_debit', 'dispute'))",
            name="sign_fits_type",
        ),
        CheckConstraint(
            "promotional_minor between least(amount_minor, 0) and greatest(amount_minor, 0)",
            name="promotional_within",
        ),
        CheckConstraint(
            "promotional_minor = 0 or "
            "type not in ('recharge', 'manual_debit', 'dispute', 'dispute_won')",
            name="promotional_fits_type",
        ),
        CheckConstraint("promotional_after_minor >= 0", name="promotional_not_negative"),
        CheckConstraint(
            "type <> 'subscription_payment' or balance_after_minor >= promotional_after_minor",
            name="payment_covered",
        ),
        CheckConstraint(
            "(type in ('subscription_payment', 'refund')) = (payment_id is not null)",
            name="payment_given",
        ),
        CheckConstraint("reference_id <> ''", name="reference_given"),
        CheckConstraint(
            "fee_minor = 0 or (type = 'recharge' and fee_minor between 0 and amount_minor)",
            name="fee_fits_type",
        ),
        Index("ix_wallet_transaction_wallet_id", "wallet_id", "id"),
        Index("ix_wallet_transaction_payment_id", "payment_id"),
        Index("ix_wallet_transaction_provider_payment_id", "provider_payment_id", "gateway"),
    )

    id: Mapped[Id]
    wallet_id: Mapped[int]
    tenant_id: Mapped[int]
    currency: Mapped[Currency]
    type: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[Minor]
    promotional_minor: Mapped[Minor] = mapped_column(server_default="0")
    balance_after_minor: Mapped[Minor]
    promotional_after_minor: Mapped[Minor]
    reference_id: Mapped[str]
    gateway: Mapped[str | None] = mapped_column(String(12))
    fee_minor: Mapped[Minor] = mapped_column(server_default="0")
    moved_on: Mapped[Day]
    description: Mapped[str] = mapped_column(server_default="")
    details: Mapped[dict[str, Any] | None] = mapped_column("metadata", JSONB(none_as_null=True))
    provider_payment_id: Mapped[str | None] = mapped_column(
        Computed("coalesce(metadata ->> 'provider_payment_id', reference_id)")
    )
    invoice_id: Mapped[int | None]
    payment_id: Mapped[int | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Instant]

    @property
    def prepaid_minor(self) -> int:
        """The part of the movement that was prepaid money."""
        return self.amount_minor - self.promotional_minor
