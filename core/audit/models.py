"""One audit event; the database gives it its place and its hash (AUD)."""

from typing import Any

from sqlalchemy import Computed, Index, String, text
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Instant


def _naming(name: str) -> Index:
    """An index over the events that name a document of a kind."""
    return Index(f"ix_audit_event_{name}", name, postgresql_where=text(f"{name} is not null"))


class AuditEvent(Base):
    """Who did what to whom; `seq` is gapless and `hash` covers the row and the hash before it."""

    __tablename__ = "audit_event"
    __table_args__ = (
        Index("ix_audit_event_created_at", "created_at"),
        Index("ix_audit_event_event_type", "event_type"),
        *(_naming(name) for name in ("invoice_id", "payment_id")),
    )

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[Instant]
    event_type: Mapped[str]
    actor_type: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None]
    organization_id: Mapped[int | None]
    payload: Mapped[dict[str, Any]]
    ip_address: Mapped[str | None] = mapped_column(INET)
    format: Mapped[int] = mapped_column(server_default="1")
    prev_hash: Mapped[bytes]
    hash: Mapped[bytes]
    invoice_id: Mapped[str | None] = mapped_column(Computed("payload ->> 'invoice_id'"))
    payment_id: Mapped[str | None] = mapped_column(Computed("payload ->> 'payment_id'"))
