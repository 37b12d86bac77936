"""Questions that were asked in SQL, and questions kept for a role (SQL)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Id, Instant, one_of

OUTCOMES = ("running", "done", "refused", "failed", "killed", "cancelled")


class QueryRun(Base):
    """A question as it was asked; `rows` and `milliseconds` are known once it has ended.

    `cancel_asked_at` is when somebody wanted it ended; the process that runs it looks there.
    """

    __tablename__ = "query_run"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        CheckConstraint("(outcome = 'running') = (ended_at is null)", name="ended_or_running"),
        CheckConstraint("rows >= 0 and milliseconds >= 0", name="counts_positive"),
        Index("ix_query_run_asked_by", "asked_by", "id"),
    )

    id: Mapped[Id]
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    asked_as: Mapped[str]
    sql: Mapped[str]
    asked_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]
    cancel_asked_at: Mapped[Instant | None]
    outcome: Mapped[str] = mapped_column(String(12))
    rows: Mapped[int | None]
    milliseconds: Mapped[int | None]
    problem: Mapped[str | None]


class SavedQuery(Base):
    """A question kept under a name for everybody who has a role."""

    __tablename__ = "saved_query"
    __table_args__ = (
        UniqueConstraint("role", "name"),
        CheckConstraint("length(name) between 1 and 80", name="name_given"),
    )

    id: Mapped[Id]
    role: Mapped[str] = mapped_column(ForeignKey("role.name"))
    name: Mapped[str]
    sql: Mapped[str]
    created_by: Mapped[int] = mapped_column(ForeignKey("app_user.id"))
    created_at: Mapped[Instant]
    changed_at: Mapped[Instant]
