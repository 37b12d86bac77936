"""What gateways say of our money, how far it was read, and what people decided (REC.1–3)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of
from core.gateways.models import KINDS

SOURCES = ("stripe", "paystack", "paypal", "bankgirot")
PULLS = ("lines", "payouts")
DECISIONS = ("fee_posted", "difference_booked", "ignored")


class GatewayLine(Base):
    """A line of a gateway's own ledger as the gateway told it; `net = amount − fee`.

    `tenant_id` is whose own account at the gateway it is of; none for the company's.
    `source_id` is what it is about, by the number that our rows carry.
    """

    __tablename__ = "gateway_line"
    __table_args__ = (
        Index(
            "uq_gateway_line_external_id",
            "provider",
            "tenant_id",
            "external_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        one_of("provider", SOURCES),
        one_of("kind", KINDS),
        currency_code(),
        CheckConstraint("net_minor = amount_minor - fee_minor", name="net_adds_up"),
        Index("ix_gateway_line_occurred_on", "provider", "occurred_on"),
        Index("ix_gateway_line_payout_id", "payout_id"),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    external_id: Mapped[str]
    kind: Mapped[str] = mapped_column(String(12))
    source_id: Mapped[str | None]
    payout_id: Mapped[str | None]
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    fee_minor: Mapped[Minor]
    net_minor: Mapped[Minor]
    occurred_at: Mapped[Instant]
    occurred_on: Mapped[Day]
    """The day of `occurred_at` in the billing time zone."""
    available_on: Mapped[Day | None]
    pulled_at: Mapped[Instant]


class GatewayPayout(Base):
    """A payout as the gateway tells of it; `itemised_at` is when its lines were found to add up."""

    __tablename__ = "gateway_payout"
    __table_args__ = (
        Index(
            "uq_gateway_payout_payout_id",
            "provider",
            "tenant_id",
            "payout_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        one_of("provider", SOURCES),
        one_of("status", ("pending", "in_transit", "paid", "failed", "canceled")),
        currency_code(),
        Index("ix_gateway_payout_arrives_on", "provider", "arrives_on"),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    payout_id: Mapped[str]
    status: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    arrives_on: Mapped[Day]
    trace_id: Mapped[str | None]
    """What the receiving bank calls it, where the gateway was told."""
    itemised: Mapped[bool]
    itemised_at: Mapped[Instant | None]
    pulled_at: Mapped[Instant]


class GatewayPull(Base):
    """How far an account's lines or payouts were read: all before `reached_at`, none left out.

    `problem` says why the last attempt stopped; what was read before stays.
    """

    __tablename__ = "gateway_pull"
    __table_args__ = (
        Index(
            "uq_gateway_pull_place",
            "provider",
            "tenant_id",
            "kind",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        one_of("provider", SOURCES),
        one_of("kind", PULLS),
        CheckConstraint("since_at <= reached_at", name="forward"),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str] = mapped_column(String(8))
    since_at: Mapped[Instant]
    reached_at: Mapped[Instant]
    tried_at: Mapped[Instant]
    problem: Mapped[str] = mapped_column(server_default="")
    changed_at: Mapped[Instant]


class ReconciliationDecision(Base):
    """What a person decided about a difference, known by provider, account, kind and reference.

    What was posted for it has this row as its source; only what was ignored is undone.
    """

    __tablename__ = "reconciliation_decision"
    __table_args__ = (
        one_of("provider", SOURCES),
        one_of("decision", DECISIONS),
        currency_code(),
        CheckConstraint("undone_at is null or decision = 'ignored'", name="posted_is_not_undone"),
        Index(
            "uq_reconciliation_decision_ignored",
            "provider",
            "tenant_id",
            "kind",
            "reference",
            unique=True,
            postgresql_where="decision = 'ignored' and undone_at is null",
            postgresql_nulls_not_distinct=True,
        ),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str] = mapped_column(String(12))
    reference: Mapped[str]
    difference: Mapped[str] = mapped_column(String(16))
    """Its class when it was decided."""
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    """What the gateway had more than the books."""
    decision: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str]
    decided_at: Mapped[Instant]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    undone_at: Mapped[Instant | None]
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class ReconciliationDay(Base):
    """How books and gateway stood at the end of a day, of everything since it was first read."""

    __tablename__ = "reconciliation_day"
    __table_args__ = (
        UniqueConstraint("provider", "currency", "day"),
        one_of("provider", SOURCES),
        currency_code(),
        CheckConstraint(
            "drift_minor = provider_minor - ledger_minor - in_transit_minor",
            name="drift_adds_up",
        ),
    )

    id: Mapped[Id]
    provider: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    day: Mapped[Day]
    since: Mapped[Day]
    ledger_minor: Mapped[Minor]
    provider_minor: Mapped[Minor]
    in_transit_minor: Mapped[Minor]
    drift_minor: Mapped[Minor]
    open_rows: Mapped[int]
    noted_at: Mapped[Instant]
