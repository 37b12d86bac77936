"""The refund and the index that makes a replay return the first one (REF.1)."""

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, one_of

TREATMENTS = ("credit_note", "reopen", "credit", "note")
"""With a credit note of its own; the invoice is owed again; unapplied money; an earlier note."""


class Refund(Base):
    """Money given back on a payment; a failed one frees its amount and may be tried anew."""

    __tablename__ = "refund"
    __table_args__ = (
        ForeignKeyConstraint(
            ["payment_id", "tenant_id", "currency"],
            ["payment.id", "payment.tenant_id", "payment.currency"],
        ),
        one_of("status", ("pending", "succeeded", "failed", "cancelled")),
        CheckConstraint("amount_minor > 0", name="amount_positive"),
        CheckConstraint("tax_minor between 0 and amount_minor", name="tax_within"),
        CheckConstraint("nth >= 1", name="nth_from_one"),
        one_of("treatment", TREATMENTS),
        CheckConstraint("(treatment = 'note') = (credit_note_id is not null)", name="note_named"),
        CheckConstraint(
            "(status = 'succeeded' or returned_on is not null) = (refunded_on is not null)",
            name="dated_when_done",
        ),
        CheckConstraint("returned_on is null or status = 'failed'", name="returned_failed"),
        Index(
            "uq_refund_once",
            "payment_id",
            "amount_minor",
            "actor_id",
            "nth",
            unique=True,
            postgresql_where="status in ('pending', 'succeeded')",
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_refund_payment_id", "payment_id"),
        Index("ix_refund_pending", "requested_at", postgresql_where="status = 'pending'"),
    )

    id: Mapped[Id]
    payment_id: Mapped[int]
    tenant_id: Mapped[int]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    tax_minor: Mapped[Minor] = mapped_column(server_default="0")
    nth: Mapped[int] = mapped_column(server_default="1")
    status: Mapped[str] = mapped_column(String(12))
    treatment: Mapped[str] = mapped_column(String(12), server_default="credit_note")
    credit_note_id: Mapped[int | None] = mapped_column(
        ForeignKey("credit_note.id", name="fk_refund_credit_note_id", use_alter=True)
    )
    reason: Mapped[str]
    failure: Mapped[str | None]
    notify: Mapped[bool] = mapped_column(server_default="false")
    provider_refund_id: Mapped[str | None]
    actor_id: Mapped[int | None]
    refunded_on: Mapped[Day | None]
    returned_on: Mapped[Day | None]
    """The day on which money that had gone out came back."""
    requested_at: Mapped[Instant]
    settled_at: Mapped[Instant | None]
