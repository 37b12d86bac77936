"""Bank files, their transfers, those nobody could match yet, and how CSV files read (UNM.1)."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of


class BankStatement(Base):
    """One imported statement or deposit report; one that does not foot is quarantined.

    A quarantined one is `replaced` when the bank's corrected one was imported. The same statement
    may come again with other content, such as a longer export; the content tells them apart.
    """

    __tablename__ = "bank_statement"
    __table_args__ = (
        UniqueConstraint("account", "statement_ref", "file_sha256"),
        one_of("status", ("imported", "quarantined", "replaced")),
        CheckConstraint("status = 'imported' or problem <> ''", name="problem_told"),
        currency_code(),
    )

    id: Mapped[Id]
    account: Mapped[str]
    statement_ref: Mapped[str]
    format: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    opening_minor: Mapped[Minor | None]
    closing_minor: Mapped[Minor | None]
    booked_on: Mapped[Day]
    file_sha256: Mapped[bytes]
    status: Mapped[str] = mapped_column(String(12))
    difference_minor: Mapped[Minor | None]
    problem: Mapped[str] = mapped_column(server_default="")
    file_name: Mapped[str] = mapped_column(server_default="")
    imported_at: Mapped[Instant]


class BankTransfer(Base):
    """One movement on an account, known by the bank's own reference, never by amount and date.

    `own_ref` is the reference as the file has it, or one made of the content; `bank_ref` is the
    same, numbered when several true transfers share it. `entry_ref` names the batch a part is of.
    """

    __tablename__ = "bank_transfer"
    __table_args__ = (
        UniqueConstraint("account", "bank_ref"),
        currency_code(),
        CheckConstraint("amount_minor <> 0", name="amount_given"),
        Index("ix_bank_transfer_statement_id", "statement_id"),
        Index("ix_bank_transfer_own_ref", "account", "own_ref"),
        Index("ix_bank_transfer_entry_ref", "account", "entry_ref"),
        Index("ix_bank_transfer_booked_on", "account", "booked_on"),
    )

    id: Mapped[Id]
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"))
    account: Mapped[str]
    bank_ref: Mapped[str]
    own_ref: Mapped[str] = mapped_column(server_default="")
    entry_ref: Mapped[str] = mapped_column(server_default="")
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
    booked_on: Mapped[Day]
    value_on: Mapped[Day | None]
    end_to_end_id: Mapped[str] = mapped_column(server_default="")
    reference: Mapped[str] = mapped_column(server_default="")
    text: Mapped[str] = mapped_column(server_default="")
    counterparty_name: Mapped[str] = mapped_column(server_default="")
    counterparty_account: Mapped[str] = mapped_column(server_default="")
    payout_id: Mapped[str | None]


class UnmatchedBankTransfer(Base):
    """A received transfer waiting for a person: open, assigned or ignored.

    `automatic`: no person assigned it; `undone_at`: the last decision was taken back, so that only
    a person decides anew.
    """

    __tablename__ = "unmatched_bank_transfer"
    __table_args__ = (
        UniqueConstraint("bank_transfer_id"),
        one_of("status", ("open", "assigned", "ignored")),
        CheckConstraint("(status = 'open') = (decided_at is null)", name="decided_unless_open"),
    )

    id: Mapped[Id]
    bank_transfer_id: Mapped[int] = mapped_column(ForeignKey("bank_transfer.id"))
    status: Mapped[str] = mapped_column(String(12))
    decided_at: Mapped[Instant | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    reason: Mapped[str] = mapped_column(server_default="")
    automatic: Mapped[bool] = mapped_column(server_default="false")
    undone_at: Mapped[Instant | None]
    created_at: Mapped[Instant]


class BankCsvMapping(Base):
    """How a bank's CSV files read, by the name a person gave it."""

    __tablename__ = "bank_csv_mapping"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("name <> ''", name="named"),
    )

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(80))
    mapping: Mapped[dict[str, Any]]
    changed_at: Mapped[Instant]
    changed_by: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
