"""Closed months, their figures as they stood, and why what was red was in order (LED.2)."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, currency_code


class ClosedMonth(Base):
    """A month as it was closed; it takes no postings, nor does any before it, until reopened.

    `checklist` is as it stood, `currency` what the copied figures are in, `sha256` the hash over
    the checklist and all hashes of its figures.
    """

    __tablename__ = "closed_month"
    __table_args__ = (
        Index(
            "uq_closed_month_month", "month", unique=True, postgresql_where="reopened_at is null"
        ),
        CheckConstraint("extract(day from month) = 1", name="first_day"),
        CheckConstraint(
            "(reopened_at is null) = (reopen_reason is null)", name="reopened_with_reason"
        ),
        currency_code(),
    )

    id: Mapped[Id]
    month: Mapped[Day]
    closed_at: Mapped[Instant]
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    reason: Mapped[str]
    currency: Mapped[Currency]
    copy_run_id: Mapped[str]
    copy_published_at: Mapped[Instant]
    checklist: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    figures: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    reopened_at: Mapped[Instant | None]
    reopened_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    reopen_reason: Mapped[str | None]


class ClosedFigure(Base):
    """One figure of a closed month: canonical JSON and its hash; append-only."""

    __tablename__ = "closed_figure"
    __table_args__ = (UniqueConstraint("closed_month_id", "figure", "group"),)

    id: Mapped[Id]
    closed_month_id: Mapped[int] = mapped_column(ForeignKey("closed_month.id"))
    figure: Mapped[str]
    group: Mapped[str]
    value: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))


class CloseExplanation(Base):
    """Why a red item of a month's checklist is in order; it holds while the finding is the same."""

    __tablename__ = "close_explanation"
    __table_args__ = (Index("ix_close_explanation_month", "month"),)

    id: Mapped[Id]
    month: Mapped[Day]
    item: Mapped[str]
    finding: Mapped[str]
    reason: Mapped[str]
    explained_at: Mapped[Instant]
    explained_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
