"""Customers and cards at the gateways, attempts to charge, hosted pages (PAY.3, PAY.5, PAY.6)."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Id, Instant, Minor, currency_code, one_of
from core.gateways.models import PROVIDERS


class GatewayCustomer(Base):
    """A tenant as a gateway knows it."""

    __tablename__ = "gateway_customer"
    __table_args__ = (
        UniqueConstraint("tenant_id", "provider"),
        UniqueConstraint("provider", "customer"),
        one_of("provider", PROVIDERS),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    provider: Mapped[str] = mapped_column(String(12))
    customer: Mapped[str]
    created_at: Mapped[Instant]


class PaymentMethod(Base):
    """A card that a gateway keeps for a tenant; Saldo holds its token, never its number."""

    __tablename__ = "payment_method"
    __table_args__ = (
        UniqueConstraint("provider", "token"),
        UniqueConstraint("id", "tenant_id"),
        one_of("provider", PROVIDERS),
        one_of("status", ("active", "removed")),
        CheckConstraint("not is_default or status = 'active'", name="default_is_active"),
        CheckConstraint("expires_month between 1 and 12", name="month_known"),
        Index("uq_payment_method_default", "tenant_id", unique=True, postgresql_where="is_default"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    provider: Mapped[str] = mapped_column(String(12))
    customer: Mapped[str]
    token: Mapped[str]
    brand: Mapped[str] = mapped_column(server_default="")
    last4: Mapped[str] = mapped_column(String(4), server_default="")
    expires_month: Mapped[int | None]
    expires_year: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(8), server_default="active")
    is_default: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Instant]
    removed_at: Mapped[Instant | None]


class ChargeAttempt(Base):
    """One try to collect an invoice from a kept card; at most one of an invoice is under way."""

    __tablename__ = "charge_attempt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["invoice_id", "tenant_id", "currency"],
            ["invoice.id", "invoice.tenant_id", "invoice.currency"],
        ),
        ForeignKeyConstraint(
            ["payment_method_id", "tenant_id"], ["payment_method.id", "payment_method.tenant_id"]
        ),
        UniqueConstraint("invoice_id", "nth"),
        one_of("status", ("pending", "succeeded", "failed", "cancelled")),
        currency_code(),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("nth > 0", name="nth_counts"),
        CheckConstraint("(status = 'pending') = (settled_at is null)", name="settled_unless_live"),
        CheckConstraint("(status = 'failed') = (failure_code is not null)", name="failure_named"),
        Index(
            "uq_charge_attempt_live",
            "invoice_id",
            unique=True,
            postgresql_where="status = 'pending'",
        ),
        Index("ix_charge_attempt_pending", "started_at", postgresql_where="status = 'pending'"),
        Index("ix_charge_attempt_tenant_id", "tenant_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int]
    invoice_id: Mapped[int]
    payment_method_id: Mapped[int]
    nth: Mapped[int]
    status: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    scheduled: Mapped[bool] = mapped_column(server_default="true")
    failure_code: Mapped[str | None]
    hard: Mapped[bool] = mapped_column(server_default="false")
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"))
    started_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]

    @property
    def key(self) -> str:
        """What the gateway knows the attempt by, however often it is asked."""
        return f"attempt-{self.id}"


class HostedPage(Base):
    """A gateway's page on which a tenant recharges its wallet or leaves a card."""

    __tablename__ = "hosted_page"
    __table_args__ = (
        UniqueConstraint("reference"),
        UniqueConstraint("provider", "checkout_id"),
        one_of("provider", PROVIDERS),
        one_of("purpose", ("recharge", "card")),
        one_of("status", ("open", "done", "failed", "expired")),
        currency_code(),
        CheckConstraint("(purpose = 'recharge') = (amount_minor > 0)", name="amount_fits_purpose"),
        CheckConstraint("(status = 'open') = (settled_at is null)", name="settled_unless_open"),
        Index("ix_hosted_page_open", "opened_at", postgresql_where="status = 'open'"),
        Index("ix_hosted_page_tenant_id", "tenant_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    purpose: Mapped[str] = mapped_column(String(8))
    provider: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor] = mapped_column(server_default="0")
    status: Mapped[str] = mapped_column(String(8))
    checkout_id: Mapped[str | None]
    url: Mapped[str | None]
    problem: Mapped[str | None]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    opened_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]
