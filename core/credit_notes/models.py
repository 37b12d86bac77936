"""The credit note and its lines, both fixed once it is issued or declined (REF.3)."""

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

STATUSES = ("draft", "issued", "declined")
SETTLES = ("balance", "invoice", "refund")


class CreditNote(Base):
    """A document that gives something back, drafted by one person and issued by another.

    Issued, `payment_id` holds its amount as customer credit, or `refund_id` paid it out; both when
    the refund came back. `settles` says what it is for: the customer's balance, its invoice, or a
    refund.
    """

    __tablename__ = "credit_note"
    __table_args__ = (
        UniqueConstraint("number"),
        UniqueConstraint("payment_id"),
        UniqueConstraint("id", "tenant_id"),
        ForeignKeyConstraint(
            ["subscription_id", "tenant_id"], ["subscription.id", "subscription.tenant_id"]
        ),
        ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
        ),
        ForeignKeyConstraint(
            ["invoice_id", "tenant_id", "currency"],
            ["invoice.id", "invoice.tenant_id", "invoice.currency"],
        ),
        currency_code(),
        one_of("status", STATUSES),
        one_of("settles", SETTLES),
        CheckConstraint(
            "status <> 'issued' or (number is not null and issued_on is not null)",
            name="issued_complete",
        ),
        CheckConstraint(
            "status <> 'issued' or payment_id is not null or refund_id is not null",
            name="credit_or_refund",
        ),
        CheckConstraint(
            "net_minor >= 0 and tax_minor >= 0 and total_minor > 0", name="amounts_positive"
        ),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_adds_up"),
        Index("ix_credit_note_subscription_id", "subscription_id"),
        Index("ix_credit_note_invoice_id", "invoice_id"),
        Index("ix_credit_note_refund_id", "refund_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    subscription_id: Mapped[int | None]
    invoice_id: Mapped[int | None]
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refund.id"))
    payment_id: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(10))
    settles: Mapped[str] = mapped_column(String(10), server_default="balance")
    number: Mapped[str | None]
    reason: Mapped[str] = mapped_column(String(24))
    currency: Mapped[Currency]
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    note: Mapped[str] = mapped_column(server_default="")
    issued_on: Mapped[Day | None]
    issuer_profile_id: Mapped[int | None] = mapped_column(ForeignKey("issuer_profile.id"))
    billed_to: Mapped[dict[str, Any] | None]
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    decided_at: Mapped[Instant | None]
    created_at: Mapped[Instant]

    lines: Mapped[list["CreditNoteLine"]] = relationship(order_by="CreditNoteLine.position")


class CreditNoteLine(Base):
    """One line: positive gives back; its revenue is taken back over the service days."""

    __tablename__ = "credit_note_line"
    __table_args__ = (
        UniqueConstraint("credit_note_id", "position"),
        ForeignKeyConstraint(
            ["credit_note_id", "tenant_id"], ["credit_note.id", "credit_note.tenant_id"]
        ),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_adds_up"),
        CheckConstraint("service_end > service_start", name="service_forward"),
        Index("ix_credit_note_line_invoice_line_id", "invoice_line_id"),
    )

    id: Mapped[Id]
    credit_note_id: Mapped[int]
    tenant_id: Mapped[int]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    invoice_line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_line.id"))
    position: Mapped[int]
    description: Mapped[str]
    net_minor: Mapped[Minor]
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default="0")
    tax_category: Mapped[str] = mapped_column(String(16))
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    service_start: Mapped[Day | None]
    service_end: Mapped[Day | None]
