"""Meters, usage prices, and the events, counters and periods of tenants (USE.1–3)."""

from datetime import date
from decimal import Decimal

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of
from core.usage.pricing import MODELS

AGGREGATIONS = ("count", "sum", "max", "unique", "latest")
RESETS = ("period", "day", "never")
ALWAYS = date(1, 1, 1)
"""Period and window of a level, which no period resets."""


class Meter(Base):
    """Something that is measured; a limit of the same name is a limit on it.

    `latest` is a level such as the number of users: it stays until another one is reported.
    """

    __tablename__ = "meter"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z][a-z0-9_]*$'", name="name_shape"),
        one_of("aggregation", AGGREGATIONS),
        one_of("resets", RESETS),
        CheckConstraint(
            "(aggregation = 'latest') = (resets = 'never')", name="only_levels_never_reset"
        ),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    aggregation: Mapped[str] = mapped_column(String(8))
    resets: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[Instant]


class UsagePrice(Base):
    """One version of what a plan charges for a meter; a running period keeps its version."""

    __tablename__ = "usage_price"
    __table_args__ = (
        UniqueConstraint("plan_id", "meter", "currency", "version"),
        Index(
            "uq_usage_price_current",
            "plan_id",
            "meter",
            "currency",
            unique=True,
            postgresql_where="valid_until is null",
        ),
        one_of("model", tuple(MODELS)),
        currency_code(),
        CheckConstraint("included >= 0 and minimum_minor >= 0", name="amounts_not_negative"),
        CheckConstraint(
            "(model = 'package') = (package_size is not null) and package_size > 0",
            name="package_has_size",
        ),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("valid_until > valid_from", name="valid_range"),
    )

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    meter: Mapped[str] = mapped_column(ForeignKey("meter.name"))
    currency: Mapped[Currency]
    version: Mapped[int]
    model: Mapped[str] = mapped_column(String(12))
    included: Mapped[Decimal] = mapped_column(Numeric(18, 6), server_default="0")
    package_size: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    minimum_minor: Mapped[Minor] = mapped_column(server_default="0")
    valid_from: Mapped[Day]
    valid_until: Mapped[Day | None]

    tiers: Mapped[list["UsagePriceTier"]] = relationship(order_by="UsagePriceTier.position")


class UsagePriceTier(Base):
    """A tier of a usage price; `unit_minor` may be finer than a minor unit of the currency."""

    __tablename__ = "usage_price_tier"
    __table_args__ = (
        CheckConstraint("position >= 1 and up_to > 0", name="place_known"),
        CheckConstraint("unit_minor >= 0 and flat_minor >= 0", name="amounts_not_negative"),
    )

    usage_price_id: Mapped[int] = mapped_column(ForeignKey("usage_price.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    up_to: Mapped[Decimal | None] = mapped_column(Numeric(18, 6))
    unit_minor: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    flat_minor: Mapped[Minor] = mapped_column(server_default="0")


class UsagePeriod(Base):
    """A tenant's usage period of local days `[period_start, period_end)`; closed once invoiced.

    A period ends at the latest where the next one starts.
    """

    __tablename__ = "usage_period"
    __table_args__ = (
        CheckConstraint("period_end > period_start", name="period_forward"),
        CheckConstraint("invoice_id is null or closed_at is not null", name="closed_if_invoiced"),
    )

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    period_start: Mapped[Day] = mapped_column(primary_key=True)
    period_end: Mapped[Day]
    closed_at: Mapped[Instant | None]
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))


class UsageEvent(Base):
    """Something a tenant did, append-only and known by its own id; counted in a period.

    `is_change` marks units taken of a level, which add to it instead of replacing it. Tenant and
    meter are foreign keys of the counter that each event raises in its own transaction; checking
    them here for each event would cost nearly as much as writing it.
    """

    __tablename__ = "usage_event"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("event_id <> ''", name="event_id_given"),
        Index("ix_usage_event_meter", "tenant_id", "meter", "period_start"),
    )

    tenant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(primary_key=True)
    meter: Mapped[str]
    quantity: Mapped[Decimal] = mapped_column(Numeric(18, 6))
    subject: Mapped[str | None]
    is_change: Mapped[bool] = mapped_column(server_default="false")
    occurred_at: Mapped[Instant]
    received_at: Mapped[Instant]
    counted_on: Mapped[Day]
    period_start: Mapped[Day]


class UsageCounter(Base):
    """What was counted of a meter in a window: a period, a local day, or `ALWAYS` for a level."""

    __tablename__ = "usage_counter"
    __table_args__ = (CheckConstraint("value >= 0", name="value_not_negative"),)

    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), primary_key=True)
    meter: Mapped[str] = mapped_column(ForeignKey("meter.name"), primary_key=True)
    period_start: Mapped[Day] = mapped_column(primary_key=True)
    window_start: Mapped[Day] = mapped_column(primary_key=True)
    value: Mapped[Decimal] = mapped_column(Numeric(30, 6))
    seen_at: Mapped[Instant]


class UsageSubject(Base):
    """A subject that was seen in a window of a meter that counts unique ones."""

    __tablename__ = "usage_subject"

    tenant_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    meter: Mapped[str] = mapped_column(primary_key=True)
    period_start: Mapped[Day] = mapped_column(primary_key=True)
    window_start: Mapped[Day] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
