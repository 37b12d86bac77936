"""Costs by month, cash balances by day, exchange rates by day (CFO.3–4)."""

from decimal import Decimal

from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code


class Cost(Base):
    """Money spent in a month; `sales_marketing` feeds CAC, `cost_of_revenue` the gross margin."""

    __tablename__ = "cost"
    __table_args__ = (
        UniqueConstraint("month", "category", "currency", "nth"),
        CheckConstraint("extract(day from month) = 1", name="month_first_day"),
        CheckConstraint("nth >= 1", name="nth_from_one"),
        currency_code(),
    )

    id: Mapped[Id]
    month: Mapped[Day]
    category: Mapped[str]
    currency: Mapped[Currency]
    nth: Mapped[int] = mapped_column(server_default="1")
    amount_minor: Mapped[Minor]
    created_at: Mapped[Instant]


class CashBalance(Base):
    """What an account held at the end of a day."""

    __tablename__ = "cash_balance"
    __table_args__ = (UniqueConstraint("held_on", "account"), currency_code())

    id: Mapped[Id]
    held_on: Mapped[Day]
    account: Mapped[str]
    currency: Mapped[Currency]
    balance_minor: Mapped[Minor]
    created_at: Mapped[Instant]


class FxRate(Base):
    """EUR for one unit of a currency, as published for a day; holds until the next one."""

    __tablename__ = "fx_rate"
    __table_args__ = (
        UniqueConstraint("rated_on", "currency"),
        CheckConstraint("rate_to_eur > 0", name="rate_positive"),
        currency_code(),
    )

    id: Mapped[Id]
    rated_on: Mapped[Day]
    currency: Mapped[Currency]
    rate_to_eur: Mapped[Decimal] = mapped_column(Numeric(20, 10))
    created_at: Mapped[Instant]
