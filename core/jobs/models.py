"""When jobs run, and what became of each run (OPS)."""

from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Id, Instant, one_of

OUTCOMES = ("waiting", "running", "done", "failed", "skipped")
ORIGINS = ("schedule", "person", "operator")
"""A schedule, a person on a page or a program, an operator at the command line."""


class JobSchedule(Base):
    """A job's schedule: on or off, and cron text where somebody chose another than the built-in.

    Times up to `planned_until` were planned; what fell due while it was off is not made up.
    """

    __tablename__ = "job_schedule"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    enabled: Mapped[bool]
    cron: Mapped[str | None]
    planned_until: Mapped[Instant]
    version: Mapped[int] = mapped_column(server_default="1")


class JobRun(Base):
    """A run of a job. `seen_at` is its last sign of life, `summary` holds counts by name."""

    __tablename__ = "job_run"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        one_of("origin", ORIGINS),
        UniqueConstraint("name", "scheduled_for", "attempt"),
        CheckConstraint(
            "(outcome = 'waiting') = (started_at is null)", name="started_unless_waits"
        ),
        CheckConstraint(
            "(outcome in ('waiting', 'running')) = (finished_at is null)", name="finished_when_over"
        ),
        CheckConstraint("(outcome = 'running') = (seen_at is not null)", name="seen_while_running"),
        CheckConstraint(
            "(origin = 'schedule') = (scheduled_for is not null)", name="scheduled_by_schedule"
        ),
        CheckConstraint("(origin = 'schedule') = (asked_by is null)", name="asked_unless_schedule"),
        CheckConstraint("attempt > 0", name="attempt_counted"),
        Index(
            "uq_job_run_waiting", "name", unique=True, postgresql_where=text("outcome = 'waiting'")
        ),
        Index("ix_job_run_running", "id", postgresql_where=text("outcome = 'running'")),
        Index("ix_job_run_name", "name", "id"),
        Index("ix_job_run_finished_at", "finished_at"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(40))
    origin: Mapped[str] = mapped_column(String(12))
    asked_by: Mapped[str | None]
    scheduled_for: Mapped[Instant | None]
    attempt: Mapped[int] = mapped_column(server_default="1")
    asked_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    seen_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    outcome: Mapped[str] = mapped_column(String(12))
    idle: Mapped[bool] = mapped_column(server_default="false")
    summary: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    problem: Mapped[str | None]
