"""Chart of accounts, ledger transactions and their entries (LED.1)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of


class Account(Base):
    """An account of the chart; `code` is what accountants know it by."""

    __tablename__ = "account"
    __table_args__ = (
        one_of("kind", ("asset", "liability", "equity", "income", "expense")),
        CheckConstraint("code ~ '^[0-9]{4}$'", name="code_four_digits"),
        UniqueConstraint("slug"),
    )

    code: Mapped[str] = mapped_column(String(4), primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    kind: Mapped[str] = mapped_column(String(12))


class LedgerTransaction(Base):
    """One money event in the books; its entries sum to zero in every currency."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (
        UniqueConstraint("source_type", "source_id", "kind"),
        UniqueConstraint("reverses_id"),
        Index("ix_ledger_transaction_booked_on", "booked_on"),
    )

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(64))
    source_type: Mapped[str] = mapped_column(String(32))
    source_id: Mapped[int]
    booked_on: Mapped[Day]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    memo: Mapped[str] = mapped_column(server_default="")
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transaction.id"))
    created_at: Mapped[Instant]

    entries: Mapped[list["AccountingEntry"]] = relationship(order_by="AccountingEntry.id")


class AccountingEntry(Base):
    """One side of a posting; debits are positive, credits negative."""

    __tablename__ = "accounting_entry"
    __table_args__ = (
        currency_code(),
        CheckConstraint("amount_minor <> 0", name="amount_given"),
        Index("ix_accounting_entry_ledger_transaction_id", "ledger_transaction_id"),
        Index("ix_accounting_entry_account_code", "account_code"),
    )

    id: Mapped[Id]
    ledger_transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transaction.id"))
    account_code: Mapped[str] = mapped_column(ForeignKey("account.code"))
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    currency: Mapped[Currency]
    amount_minor: Mapped[Minor]
