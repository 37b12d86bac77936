"""Payments, their allocation to invoices, disputes (PAY.1–2, PAY.8)."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of

PROVIDERS = (
    "stripe",
    "paystack",
    "paypal",
    "bankgirot",
    "bank",
    "manual",
    "wallet",
    "credit",
    "import",
)
METHODS = (
    "card",
    "bank_transfer",
    "direct_debit",
    "wallet",
    "credit_note",
    "cash",
    "other",
    "settled_before_import",
)
STATUSES = (
    "created",
    "pending",
    "captured",
    "partially_refunded",
    "refunded",
    "failed",
    "disputed",
    "charged_back",
    "reversed",
)
RECEIVED = ("captured", "partially_refunded", "refunded", "disputed", "charged_back")
"""Statuses in which the money did arrive."""


class Payment(Base):
    """One payment or attempt: `allocated_minor` settles invoices, `returned_minor` of the rest went
    back or is about to, and what is left is the customer's credit.

    `bank_transfer_id` is the transfer it came by, which may pay several tenants: then each has a
    payment of its own.
    """

    __tablename__ = "payment"
    __table_args__ = (
        UniqueConstraint("external_id"),
        UniqueConstraint("id", "tenant_id", "currency"),
        ForeignKeyConstraint(["invoice_id", "tenant_id"], ["invoice.id", "invoice.tenant_id"]),
        one_of("provider", PROVIDERS),
        one_of("method", METHODS),
        one_of("status", STATUSES),
        currency_code(),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("allocated_minor between 0 and amount_minor", name="allocated_within"),
        CheckConstraint("refunded_minor between 0 and amount_minor", name="refunded_within"),
        CheckConstraint(
            "returned_minor >= 0 and allocated_minor + returned_minor <= amount_minor",
            name="returned_within",
        ),
        CheckConstraint("fee_minor >= 0", name="fee_not_negative"),
        CheckConstraint(
            "received_on is not null or status in ('created', 'pending', 'failed')", name="received"
        ),
        Index(
            "uq_payment_provider_payment_id",
            "provider",
            "provider_payment_id",
            unique=True,
            postgresql_where="provider_payment_id is not null",
        ),
        Index(
            "uq_payment_live_attempt",
            "invoice_id",
            unique=True,
            postgresql_where="status in ('created', 'pending')",
        ),
        Index("ix_payment_tenant_id", "tenant_id"),
        Index(
            "uq_payment_bank_transfer_tenant",
            "bank_transfer_id",
            "tenant_id",
            unique=True,
            postgresql_where="bank_transfer_id is not null and status <> 'reversed'",
        ),
        Index("ix_payment_bank_transfer_id", "bank_transfer_id"),
    )

    id: Mapped[Id]
    external_id: Mapped[str | None]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    invoice_id: Mapped[int | None]
    bank_transfer_id: Mapped[int | None] = mapped_column(ForeignKey("bank_transfer.id"))
    provider: Mapped[str] = mapped_column(String(12))
    method: Mapped[str] = mapped_column(String(24))
    provider_payment_id: Mapped[str | None]
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    allocated_minor: Mapped[Minor] = mapped_column(server_default="0")
    refunded_minor: Mapped[Minor] = mapped_column(server_default="0")
    returned_minor: Mapped[Minor] = mapped_column(server_default="0")
    fee_minor: Mapped[Minor] = mapped_column(server_default="0")
    reference: Mapped[str | None]
    note: Mapped[str] = mapped_column(server_default="")
    failure_code: Mapped[str | None]
    received_on: Mapped[Day | None]
    created_at: Mapped[Instant]
    captured_at: Mapped[Instant | None]

    @property
    def credit_minor(self) -> int:
        """What of it is the customer's credit, in minor units."""
        if self.status not in RECEIVED:
            return 0
        return self.amount_minor - self.allocated_minor - (self.returned_minor or 0)


class PaymentAllocation(Base):
    """A part of a payment put on an invoice, append-only; undoing adds the mirror row."""

    __tablename__ = "payment_allocation"
    __table_args__ = (
        UniqueConstraint("reverses_id"),
        ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
        ),
        ForeignKeyConstraint(
            ["invoice_id", "tenant_id", "currency"],
            ["invoice.id", "invoice.tenant_id", "invoice.currency"],
        ),
        CheckConstraint("amount_minor <> 0", name="amount_given"),
        CheckConstraint("(amount_minor < 0) = (reverses_id is not null)", name="negative_reverses"),
        Index("ix_payment_allocation_payment_id", "payment_id"),
        Index("ix_payment_allocation_invoice_id", "invoice_id"),
    )

    id: Mapped[Id]
    payment_id: Mapped[int]
    invoice_id: Mapped[int]
    tenant_id: Mapped[int]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    allocated_on: Mapped[Day]
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("payment_allocation.id"))
    created_at: Mapped[Instant]


class Dispute(Base):
    """A card holder's dispute of a payment, or of a recharge of a wallet (PAY.8)."""

    __tablename__ = "dispute"
    __table_args__ = (
        UniqueConstraint("provider", "provider_dispute_id"),
        ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
        ),
        ForeignKeyConstraint(
            ["wallet_transaction_id", "tenant_id", "currency"],
            [
                "wallet_transaction.id",
                "wallet_transaction.tenant_id",
                "wallet_transaction.currency",
            ],
        ),
        CheckConstraint(
            "num_nonnulls(payment_id, wallet_transaction_id) = 1", name="payment_or_recharge"
        ),
        one_of("status", ("needs_response", "under_review", "won", "lost")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("tax_minor between 0 and amount_minor", name="tax_within"),
        CheckConstraint(
            "(status in ('won', 'lost')) = (closed_on is not null)", name="closed_when_decided"
        ),
    )

    id: Mapped[Id]
    payment_id: Mapped[int | None]
    wallet_transaction_id: Mapped[int | None]
    tenant_id: Mapped[int]
    provider: Mapped[str] = mapped_column(String(12))
    provider_dispute_id: Mapped[str]
    status: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    tax_minor: Mapped[Minor] = mapped_column(server_default="0")
    fee_minor: Mapped[Minor] = mapped_column(server_default="0")
    opened_on: Mapped[Day]
    evidence_due_on: Mapped[Day | None]
    closed_on: Mapped[Day | None]
    created_at: Mapped[Instant]
