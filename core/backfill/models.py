"""A backfill, how far it came, and every object it read, with what became of it (IMP)."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Day, Id, Instant, one_of

SOURCES = ("stripe",)
KINDS = (
    "customers",
    "products",
    "prices",
    "subscriptions",
    "invoices",
    "invoice_payments",
    "charges",
    "refunds",
    "disputes",
    "balance_transactions",
    "payouts",
)
"""In the order of reading and of loading: what is named stands before what names it."""
STATES = ("waiting", "loaded", "left_out", "refused")


class ImportRun(Base):
    """One backfill: `place` is the kind being read, `after` the last object read of it.

    Both stand where the next reading goes on; `until_at` is the moment up to which all is read.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        one_of("source", SOURCES),
        one_of("mode", ("test", "live")),
        one_of("state", ("reading", "loading", "done")),
        CheckConstraint("(state = 'done') = (finished_at is not null)", name="finished_when_done"),
        Index(
            "uq_import_run_unfinished", "source", unique=True, postgresql_where="state <> 'done'"
        ),
    )

    id: Mapped[Id]
    source: Mapped[str] = mapped_column(String(12))
    account: Mapped[str]
    mode: Mapped[str] = mapped_column(String(4))
    state: Mapped[str] = mapped_column(String(8))
    since: Mapped[Day | None]
    until_at: Mapped[Instant]
    place: Mapped[str] = mapped_column(String(24))
    after: Mapped[str | None]
    read: Mapped[int] = mapped_column(server_default="0")
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    problem: Mapped[str] = mapped_column(server_default="")
    started_at: Mapped[Instant]
    changed_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]


class ImportObject(Base):
    """An object as it was read, in our units; `parent` is what it belongs to, by its source's id.

    `record_id` is our row of it, where there is one; `reason` says why it was left out or refused.
    """

    __tablename__ = "import_object"
    __table_args__ = (
        UniqueConstraint("source", "kind", "external_id"),
        one_of("source", SOURCES),
        one_of("kind", KINDS),
        one_of("state", STATES),
        CheckConstraint(
            "(state in ('left_out', 'refused')) = (reason <> '')", name="reason_when_not_loaded"
        ),
        Index("ix_import_object_parent", "kind", "parent"),
        Index("ix_import_object_waiting", "kind", "id", postgresql_where="state = 'waiting'"),
    )

    id: Mapped[Id]
    source: Mapped[str] = mapped_column(String(12))
    kind: Mapped[str] = mapped_column(String(24))
    external_id: Mapped[str]
    parent: Mapped[str | None]
    happened_at: Mapped[Instant]
    facts: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(8))
    reason: Mapped[str] = mapped_column(server_default="")
    record_id: Mapped[int | None]
    run_id: Mapped[int] = mapped_column(ForeignKey("import_run.id"))
    changed_at: Mapped[Instant]
