"""Invoices, their lines and number series (INV.1–5)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of

STATUSES = (
    "draft",
    "issued",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
    "cancelled",
    "written_off",
)
OPEN = ("issued", "partially_paid")
"""Statuses in which something is owed; `overdue` is an open invoice past its due date."""
TYPES = ("subscription", "usage", "recharge", "adjustment", "refund")
ISSUERS = ("platform", "tenant")
SERIES = (*ISSUERS, "credit")
"""Number series: invoices of each issuer, and credit notes."""


class Invoice(Base):
    """A document that asks for money; immutable once issued (a trigger refuses changed figures)."""

    __tablename__ = "invoice"
    __table_args__ = (
        UniqueConstraint("external_id"),
        UniqueConstraint("number"),
        UniqueConstraint("id", "tenant_id"),
        UniqueConstraint("id", "tenant_id", "currency"),
        ForeignKeyConstraint(
            ["subscription_id", "tenant_id"], ["subscription.id", "subscription.tenant_id"]
        ),
        one_of("status", STATUSES),
        one_of("type", TYPES),
        one_of("issuer_type", ISSUERS),
        one_of("rounding", ("line", "invoice")),
        currency_code(),
        CheckConstraint("net_minor >= 0 and tax_minor >= 0", name="amounts_not_negative"),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_adds_up"),
        CheckConstraint("paid_minor between 0 and total_minor", name="paid_within_total"),
        CheckConstraint("status <> 'paid' or paid_minor = total_minor", name="paid_in_full"),
        CheckConstraint("status <> 'issued' or paid_minor = 0", name="issued_unpaid"),
        CheckConstraint(
            "status <> 'partially_paid' or (paid_minor > 0 and paid_minor < total_minor)",
            name="partly_paid",
        ),
        CheckConstraint(
            "status = 'draft' or "
            "(number is not null and issued_on is not null and due_on is not null)",
            name="issued_complete",
        ),
        CheckConstraint("due_on >= issued_on", name="due_after_issue"),
        CheckConstraint("discount_minor >= 0", name="discount_not_negative"),
        CheckConstraint("due_days >= 0", name="due_days_not_negative"),
        CheckConstraint("period_end > period_start", name="period_forward"),
        Index(
            "uq_invoice_period",
            "subscription_id",
            "period_start",
            "reason",
            unique=True,
            postgresql_where="status <> 'cancelled'",
        ),
        Index("ix_invoice_tenant_id", "tenant_id"),
        Index(
            "ix_invoice_open", "due_on", postgresql_where="status in ('issued', 'partially_paid')"
        ),
        Index("ix_invoice_ocr", "ocr"),
    )

    id: Mapped[Id]
    external_id: Mapped[str | None]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    subscription_id: Mapped[int | None]
    issuer_type: Mapped[str] = mapped_column(String(12), server_default="tenant")
    type: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(24), server_default="manual")
    status: Mapped[str] = mapped_column(String(20))
    number: Mapped[str | None]
    ocr: Mapped[str | None]
    currency: Mapped[Currency]
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    paid_minor: Mapped[Minor] = mapped_column(server_default="0")
    discount_minor: Mapped[Minor] = mapped_column(server_default="0")
    rounding: Mapped[str] = mapped_column(String(8), server_default="line")
    issued_on: Mapped[Day | None]
    due_days: Mapped[int | None]
    due_on: Mapped[Day | None]
    settled_on: Mapped[Day | None]
    closed_on: Mapped[Day | None]
    period_start: Mapped[Day | None]
    period_end: Mapped[Day | None]
    disputed: Mapped[bool] = mapped_column(server_default="false")
    note: Mapped[str] = mapped_column(server_default="")
    issuer_profile_id: Mapped[int | None] = mapped_column(ForeignKey("issuer_profile.id"))
    billed_to: Mapped[dict[str, Any] | None]
    created_at: Mapped[Instant]

    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position")

    @property
    def due_minor(self) -> int:
        """What is still owed, in minor units."""
        return self.total_minor - self.paid_minor if self.status in OPEN else 0


class InvoiceLine(Base):
    """One line; its revenue is earned over `[service_start, service_end)`.

    `whole_discount_minor` is the share of `discount_minor` that came off the whole invoice.
    """

    __tablename__ = "invoice_line"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        ForeignKeyConstraint(["invoice_id", "tenant_id"], ["invoice.id", "invoice.tenant_id"]),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_adds_up"),
        CheckConstraint("tax_percent >= 0 and tax_percent <= 100", name="tax_percent_range"),
        CheckConstraint("service_end > service_start", name="service_forward"),
        one_of(
            "tax_category", ("standard", "reduced", "zero", "reverse_charge", "exempt", "outside")
        ),
    )

    id: Mapped[Id]
    invoice_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    description: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric(18, 6), server_default="1")
    unit_minor: Mapped[Minor]
    discount_minor: Mapped[Minor] = mapped_column(server_default="0")
    whole_discount_minor: Mapped[Minor] = mapped_column(server_default="0")
    net_minor: Mapped[Minor]
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default="0")
    tax_category: Mapped[str] = mapped_column(String(16), server_default="standard")
    tax_inclusive: Mapped[bool] = mapped_column(server_default="false")
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    service_start: Mapped[Day | None]
    service_end: Mapped[Day | None]


class InvoiceSeries(Base):
    """The gapless number series of an issuer and year; locked while a number is taken."""

    __tablename__ = "invoice_series"
    __table_args__ = (one_of("issuer_type", SERIES),)

    issuer_type: Mapped[str] = mapped_column(String(12), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_number: Mapped[int]


class IssuerProfile(Base):
    """Who issued a document, as it was that day; append-only, one row a version (INV.4)."""

    __tablename__ = "issuer_profile"
    __table_args__ = (UniqueConstraint("digest"),)

    id: Mapped[Id]
    digest: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]
    created_at: Mapped[Instant]
