"""What the gateways say: their ledgers, the events they send; and our keys to them (PAY.3–4, 7)."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of

PROVIDERS = ("stripe", "paystack", "paypal")
KINDS = ("charge", "refund", "fee", "dispute", "dispute_won", "payout", "adjustment")


class GatewayLedgerEntry(Base):
    """A line we expect in the provider's ledger by our own postings; `net = amount − fee`.

    Signs are as the provider has them. What it says itself are the rows of `gateway_line`.
    """

    __tablename__ = "gateway_ledger_entry"
    __table_args__ = (
        UniqueConstraint("provider", "external_id"),
        one_of("provider", ("stripe", "paystack", "paypal", "bankgirot")),
        one_of("kind", KINDS),
        currency_code(),
        CheckConstraint("net_minor = amount_minor - fee_minor", name="net_adds_up"),
        Index("ix_gateway_ledger_entry_payout_id", "payout_id"),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    external_id: Mapped[str]
    kind: Mapped[str] = mapped_column(String(12))
    source_id: Mapped[str | None]
    payout_id: Mapped[str | None]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    fee_minor: Mapped[Minor]
    net_minor: Mapped[Minor]
    occurred_on: Mapped[Day]
    available_on: Mapped[Day | None]
    imported_at: Mapped[Instant]


class GatewayEvent(Base):
    """An event a gateway sent, kept as it came before anything is done about it (PAY.4)."""

    __tablename__ = "gateway_event"
    __table_args__ = (
        one_of("provider", PROVIDERS),
        one_of("status", ("waiting", "handled", "ignored", "failed")),
        CheckConstraint("(status = 'waiting') = (handled_at is null)", name="handled_unless_waits"),
        Index(
            "uq_gateway_event_once",
            "provider",
            "tenant_id",
            "event_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_gateway_event_waiting", "received_at", postgresql_where="status = 'waiting'"),
        Index("ix_gateway_event_received_at", "received_at"),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    event_id: Mapped[str]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    """Whose own account at the gateway sent it; none for the company's."""
    kind: Mapped[str]
    raw: Mapped[bytes]
    """The body as it came."""
    status: Mapped[str] = mapped_column(String(8))
    attempts: Mapped[int] = mapped_column(server_default="0")
    problem: Mapped[str | None]
    outcome: Mapped[str | None]
    sent_at: Mapped[Instant | None]
    received_at: Mapped[Instant]
    handled_at: Mapped[Instant | None]


class GatewayCredentials(Base):
    """Keys of a gateway, sealed; a tenant's own stand before the company's (PAY.7)."""

    __tablename__ = "gateway_credentials"
    __table_args__ = (
        one_of("provider", PROVIDERS),
        one_of("mode", ("test", "live")),
        Index(
            "uq_gateway_credentials_owner",
            "provider",
            "tenant_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    mode: Mapped[str] = mapped_column(String(4))
    sealed: Mapped[dict[str, Any]]
    """Each secret by its name, encrypted for its place."""
    shown: Mapped[dict[str, Any]]
    """Each secret's last characters by its name, and what is no secret."""
    version: Mapped[int] = mapped_column(server_default="1")
    updated_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    updated_at: Mapped[Instant]
