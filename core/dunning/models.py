"""Dunning: versions of the ladder, cases with their overrides, and what was done (DUN.1–2)."""

from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Day, Id, Instant, one_of
from core.dunning.rules import EFFECTS, RESTRICTIONS

STATUSES = ("open", "suspended", "closed")
PATHS = ("freeze", "custom")
CLOSE_REASONS = ("paid", "credited", "voided", "written_off", "cancelled")
KINDS = (
    "opened",
    "charge_failed",
    "reminded",
    "restricted",
    "suspended",
    "held",
    "cancelled",
    "overridden",
    "resumed",
    "closed",
)


class DunningPolicy(Base):
    """A version of the ladder, append-only; the newest holds for cases opened from then on.

    One with a tenant is that tenant's own; without stages it leads back to the common ladder.
    """

    __tablename__ = "dunning_policy"
    __table_args__ = (
        UniqueConstraint("version"),
        CheckConstraint("version > 0", name="version_counts"),
        Index("ix_dunning_policy_tenant_id", "tenant_id", "version"),
    )

    id: Mapped[Id]
    version: Mapped[int]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Instant]


class DunningStage(Base):
    """A rung of a ladder: days after which it is reached, and what it does; append-only."""

    __tablename__ = "dunning_stage"
    __table_args__ = (
        one_of("effect", EFFECTS),
        CheckConstraint("position > 0", name="position_counts"),
        CheckConstraint("after_days >= 0", name="after_days_not_negative"),
        CheckConstraint("template <> ''", name="template_named"),
    )

    policy_id: Mapped[int] = mapped_column(ForeignKey("dunning_policy.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    after_days: Mapped[int]
    effect: Mapped[str] = mapped_column(String(12))
    template: Mapped[str] = mapped_column(String(40))


class DunningCase(Base):
    """An overdue invoice or failed charge that is chased; the worker's only truth.

    `position` is the last stage reached, 0 for none, and `stage` its name; `restriction` is what it
    put in force; days count from `counted_from`; `next_on` is the day of the next step.
    """

    __tablename__ = "dunning_case"
    __table_args__ = (
        ForeignKeyConstraint(["invoice_id", "tenant_id"], ["invoice.id", "invoice.tenant_id"]),
        ForeignKeyConstraint(
            ["subscription_id", "tenant_id"], ["subscription.id", "subscription.tenant_id"]
        ),
        one_of("status", STATUSES),
        one_of("restriction", RESTRICTIONS),
        one_of("override_path", PATHS),
        one_of("close_reason", CLOSE_REASONS),
        CheckConstraint("position >= 0", name="position_not_negative"),
        CheckConstraint("failures >= 0", name="failures_not_negative"),
        CheckConstraint(
            "(status = 'closed') = (closed_on is not null) "
            "and (status = 'closed') = (close_reason is not null)",
            name="closed_whole",
        ),
        CheckConstraint(
            "(status = 'suspended') = (restriction is not null and restriction = 'suspend')",
            name="suspended_if_restricted",
        ),
        CheckConstraint(
            "(override_path is not null and override_path = 'custom') "
            "= (override_custom_stages is not null)",
            name="custom_has_stages",
        ),
        CheckConstraint(
            "override_until is null or override_path is not null", name="until_of_override"
        ),
        CheckConstraint("(failure_code is null) = (failed_on is null)", name="failure_has_its_day"),
        Index(
            "uq_dunning_case_open",
            "invoice_id",
            unique=True,
            postgresql_where="status <> 'closed'",
        ),
        Index("ix_dunning_case_invoice_id", "invoice_id"),
        Index("ix_dunning_case_tenant_id", "tenant_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    invoice_id: Mapped[int]
    subscription_id: Mapped[int | None]
    policy_id: Mapped[int] = mapped_column(ForeignKey("dunning_policy.id"))
    status: Mapped[str] = mapped_column(String(12))
    opened_on: Mapped[Day]
    counted_from: Mapped[Day]
    position: Mapped[int]
    stage: Mapped[str] = mapped_column(String(40), server_default="opened")
    restriction: Mapped[str | None] = mapped_column(String(12))
    next_on: Mapped[Day | None]
    reminded_on: Mapped[Day | None]
    failure_code: Mapped[str | None]
    failed_on: Mapped[Day | None]
    failures: Mapped[int]
    override_path: Mapped[str | None] = mapped_column(String(12))
    override_custom_stages: Mapped[list[dict[str, Any]] | None] = mapped_column(
        JSONB(none_as_null=True)
    )
    override_until: Mapped[Day | None]
    closed_on: Mapped[Day | None]
    close_reason: Mapped[str | None] = mapped_column(String(12))
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[Instant]

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012


class DunningEvent(Base):
    """What was done to a case, by whom and why; append-only."""

    __tablename__ = "dunning_event"
    __table_args__ = (
        one_of("kind", KINDS),
        Index("ix_dunning_event_case_id", "case_id", "id"),
    )

    id: Mapped[Id]
    case_id: Mapped[int] = mapped_column(ForeignKey("dunning_case.id"))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    kind: Mapped[str] = mapped_column(String(16))
    happened_on: Mapped[Day]
    position: Mapped[int]
    facts: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(server_default="")
    actor_type: Mapped[str] = mapped_column(String(16))
    actor_id: Mapped[int | None]
    created_at: Mapped[Instant]


class DunningHold(Base):
    """A subscription that dunning moved to another status, and the one it had before."""

    __tablename__ = "dunning_hold"
    __table_args__ = (
        ForeignKeyConstraint(
            ["subscription_id", "tenant_id"], ["subscription.id", "subscription.tenant_id"]
        ),
        Index("ix_dunning_hold_tenant_id", "tenant_id"),
    )

    subscription_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    case_id: Mapped[int] = mapped_column(ForeignKey("dunning_case.id"))
    status_before: Mapped[str] = mapped_column(String(16))
    since_on: Mapped[Day]
