"""Suggestions that were declined, trials of posting without a person, and what was chosen (UNM)."""

from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Day, Id, Instant


class SuggestionDeclined(Base):
    """A person said that a transfer is not this tenant's."""

    __tablename__ = "suggestion_declined"
    __table_args__ = (UniqueConstraint("unmatched_id", "tenant_id"),)

    id: Mapped[Id]
    unmatched_id: Mapped[int] = mapped_column(ForeignKey("unmatched_bank_transfer.id"))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    declined_at: Mapped[Instant]
    declined_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class AutoAssignTrial(Base):
    """What would have been posted without a person, held against what people decided.

    `proposed` of `decided` transfers would have been posted, `agreed` of them as people did.
    """

    __tablename__ = "auto_assign_trial"
    __table_args__ = (
        CheckConstraint(
            "agreed between 0 and proposed and proposed <= decided", name="counts_within"
        ),
        CheckConstraint("since <= until", name="days_forward"),
    )

    id: Mapped[Id]
    ran_at: Mapped[Instant]
    ran_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    least_probability: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    since: Mapped[Day]
    until: Mapped[Day]
    decided: Mapped[int]
    proposed: Mapped[int]
    agreed: Mapped[int]


class AutoAssignChoice(Base):
    """Whether certain transfers are posted without a person; the newest row counts."""

    __tablename__ = "auto_assign_choice"
    __table_args__ = (
        CheckConstraint("least_probability between 0.98 and 1", name="least_probability_high"),
        CheckConstraint("not enabled or trial_id is not null", name="measured_first"),
    )

    id: Mapped[Id]
    enabled: Mapped[bool]
    least_probability: Mapped[Decimal] = mapped_column(Numeric(5, 4))
    trial_id: Mapped[int | None] = mapped_column(ForeignKey("auto_assign_trial.id"))
    changed_at: Mapped[Instant]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))


class MatchingCalibration(Base):
    """How often a score was right in the company's own decisions; the newest row counts.

    `steps` are (score, share right) pairs, both rising, fitted on so many `decisions`.
    """

    __tablename__ = "matching_calibration"

    id: Mapped[Id]
    fitted_at: Mapped[Instant]
    fitted_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    decisions: Mapped[int]
    steps: Mapped[list[Any]] = mapped_column(JSONB)
