"""What a gateway's own ledger says, line by line (PAY.3, REC.1)."""

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of

KINDS = ("charge", "refund", "fee", "dispute", "dispute_won", "payout", "adjustment")


class GatewayLedgerEntry(Base):
    """A line of the provider's ledger; `net = amount − fee`, signs as the provider has them."""

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
