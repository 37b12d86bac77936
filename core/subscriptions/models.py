"""Subscriptions with their plan history and cancellations (SUB.1–3, CHN)."""

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of
from core.plans.models import CYCLES

STATUSES = (
    "trial",
    "active",
    "past_due",
    "grace_period",
    "read_only",
    "unpaid",
    "paused",
    "suspended",
    "cancelled",
)
EARNING = ("active", "past_due", "grace_period")
"""Statuses whose subscriptions count in MRR (rules of figures)."""
COLLECTION = ("wallet", "charge_automatically", "send_invoice")
KINDS = (
    "created",
    "activated",
    "plan_changed",
    "amount_changed",
    "status_changed",
    "paused",
    "resumed",
    "trial_extended",
    "cancelled",
    "corrected",
    "item_added",
    "item_removed",
    "renewal_changed",
)
REASONS = (
    "too_expensive",
    "missing_features",
    "switched_service",
    "low_usage",
    "support",
    "out_of_business",
    "payment_failed",
    "other",
    "unknown",
)


class Subscription(Base):
    """A tenant's subscription; periods come from `anchor_day`, never from the last period.

    `amount_minor` is the plan's price per cycle, `items_minor` that of the added items.
    """

    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("external_id"),
        UniqueConstraint("id", "tenant_id"),
        one_of("status", STATUSES),
        one_of("cycle", CYCLES),
        one_of("collection", COLLECTION),
        currency_code(),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("items_minor >= 0", name="items_not_negative"),
        CheckConstraint("grace_ends_on is null or status = 'grace_period'", name="grace_dated"),
        CheckConstraint("anchor_day between 1 and 31", name="anchor_day_of_month"),
        CheckConstraint("current_period_end > current_period_start", name="period_forward"),
        CheckConstraint("ended_on >= started_on", name="ends_after_start"),
        CheckConstraint(
            "(status = 'cancelled') = (ended_on is not null)", name="ended_if_cancelled"
        ),
        CheckConstraint("trial_extended_days between 0 and 30", name="trial_extended_at_most"),
        CheckConstraint("paused_until is null or status = 'paused'", name="paused_until_if_paused"),
        CheckConstraint(
            "num_nulls(next_plan_id, next_cycle, next_amount_minor) in (0, 3)",
            name="next_plan_whole",
        ),
        Index("ix_subscription_tenant_id", "tenant_id"),
        Index(
            "ix_subscription_due", "current_period_end", postgresql_where="status <> 'cancelled'"
        ),
    )

    id: Mapped[Id]
    external_id: Mapped[str | None]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    plan_price_id: Mapped[int | None] = mapped_column(ForeignKey("plan_price.id"))
    status: Mapped[str] = mapped_column(String(16))
    cycle: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    items_minor: Mapped[Minor] = mapped_column(server_default="0")
    collection: Mapped[str] = mapped_column(String(24))
    auto_renew: Mapped[bool] = mapped_column(server_default="true")
    started_on: Mapped[Day]
    anchor_day: Mapped[int]
    current_period_start: Mapped[Day | None]
    current_period_end: Mapped[Day | None]
    trial_ends_on: Mapped[Day | None]
    trial_extended_days: Mapped[int] = mapped_column(server_default="0")
    paused_until: Mapped[Day | None]
    grace_ends_on: Mapped[Day | None]
    cancel_at_period_end: Mapped[bool] = mapped_column(server_default="false")
    next_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    next_cycle: Mapped[str | None] = mapped_column(String(12))
    next_amount_minor: Mapped[int | None]
    ended_on: Mapped[Day | None]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Instant]

    @property
    def total_minor(self) -> int:
        """Price per cycle of plan and added items, without tax."""
        return self.amount_minor + self.items_minor

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class SubscriptionItem(Base):
    """Something added to a subscription, at a price per unit and cycle; billed with each period."""

    __tablename__ = "subscription_item"
    __table_args__ = (
        ForeignKeyConstraint(
            ["subscription_id", "tenant_id"], ["subscription.id", "subscription.tenant_id"]
        ),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("unit_minor >= 0", name="unit_not_negative"),
        CheckConstraint("name <> ''", name="named"),
        CheckConstraint("removed_on >= added_on", name="removed_after"),
        Index("ix_subscription_item_subscription_id", "subscription_id"),
    )

    id: Mapped[Id]
    subscription_id: Mapped[int]
    tenant_id: Mapped[int]
    name: Mapped[str]
    quantity: Mapped[int]
    unit_minor: Mapped[Minor]
    added_on: Mapped[Day]
    removed_on: Mapped[Day | None]
    created_at: Mapped[Instant]

    @property
    def cycle_minor(self) -> int:
        """Price per cycle, in minor units."""
        return self.quantity * self.unit_minor


class PlanHistory(Base):
    """One change of a subscription, append-only: who, when, from, to, why.

    `effective_on` is the local day on which the new state begins; of several rows of one day the
    last holds. `amount_minor` is per cycle.
    """

    __tablename__ = "plan_history"
    __table_args__ = (
        ForeignKeyConstraint(
            ["subscription_id", "tenant_id"], ["subscription.id", "subscription.tenant_id"]
        ),
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        one_of("cycle", CYCLES),
        currency_code(),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        Index("ix_plan_history_subscription_id", "subscription_id", "effective_on", "id"),
    )

    id: Mapped[Id]
    subscription_id: Mapped[int]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str] = mapped_column(String(24))
    effective_on: Mapped[Day]
    status: Mapped[str] = mapped_column(String(16))
    previous_status: Mapped[str | None] = mapped_column(String(16))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    previous_plan_id: Mapped[int | None] = mapped_column(ForeignKey("plan.id"))
    cycle: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    previous_amount_minor: Mapped[int | None]
    proration_policy: Mapped[str | None]
    proration_basis: Mapped[str | None]
    reason: Mapped[str] = mapped_column(server_default="")
    actor_type: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None]
    created_at: Mapped[Instant]


class SubscriptionCancellation(Base):
    """The end of a subscription with its reason and its revenue impact, locked.

    `amount_eur_cents` is the monthly recurring revenue lost, in EUR cents at the rate of
    `cancelled_on`; it never changes afterwards.
    """

    __tablename__ = "subscription_cancellation"
    __table_args__ = (
        UniqueConstraint("subscription_id"),
        one_of("reason_code", REASONS),
        one_of("mode", ("now", "period_end")),
        currency_code(),
        CheckConstraint("service_ends_on >= cancelled_on or mode = 'now'", name="ends_later"),
    )

    id: Mapped[Id]
    subscription_id: Mapped[int] = mapped_column(ForeignKey("subscription.id"))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    country: Mapped[str | None] = mapped_column(String(2))
    reason_code: Mapped[str] = mapped_column(String(24))
    note: Mapped[str] = mapped_column(server_default="")
    mode: Mapped[str] = mapped_column(String(12))
    cancelled_on: Mapped[Day]
    service_ends_on: Mapped[Day]
    currency: Mapped[Currency]
    mrr_minor: Mapped[Minor]
    amount_eur_cents: Mapped[Minor | None]
    created_at: Mapped[Instant]
