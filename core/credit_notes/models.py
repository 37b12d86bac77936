"""The credit note and its lines, both append-only (REF.3)."""

from decimal import Decimal

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

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code


class CreditNote(Base):
    """A document that gives something back; `payment_id` holds its amount as customer credit."""

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
        currency_code(),
        CheckConstraint(
            "net_minor >= 0 and tax_minor >= 0 and total_minor > 0", name="amounts_positive"
        ),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_adds_up"),
        Index("ix_credit_note_subscription_id", "subscription_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    subscription_id: Mapped[int | None]
    payment_id: Mapped[int]
    number: Mapped[str]
    reason: Mapped[str] = mapped_column(String(24))
    currency: Mapped[Currency]
    net_minor: Mapped[Minor]
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    issued_on: Mapped[Day]
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
    )

    id: Mapped[Id]
    credit_note_id: Mapped[int]
    tenant_id: Mapped[int]
    plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    position: Mapped[int]
    description: Mapped[str]
    net_minor: Mapped[Minor]
    tax_percent: Mapped[Decimal] = mapped_column(Numeric(7, 4), server_default="0")
    tax_category: Mapped[str] = mapped_column(String(16))
    tax_minor: Mapped[Minor]
    total_minor: Mapped[Minor]
    service_start: Mapped[Day]
    service_end: Mapped[Day]
