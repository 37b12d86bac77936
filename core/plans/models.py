"""The plan catalogue: plans, versioned prices, limits (PLN.1–2)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.base import Base, Currency, Day, Id, Instant, Minor, currency_code, one_of

CYCLES = ("weekly", "monthly", "quarterly", "semiannual", "annual")
UNLIMITED = -1


class Plan(Base):
    """A tier of the catalogue; its slug never changes."""

    __tablename__ = "plan"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("slug ~ '^[a-z0-9-]+$'", name="slug_shape"),
        CheckConstraint("slug <> 'none'", name="slug_not_reserved"),
    )

    id: Mapped[Id]
    slug: Mapped[str]
    name: Mapped[str]
    description: Mapped[str] = mapped_column(server_default="")
    is_active: Mapped[bool] = mapped_column(server_default="true")
    is_recommended: Mapped[bool] = mapped_column(server_default="false")
    sort_order: Mapped[int] = mapped_column(server_default="0")
    fixed_days: Mapped[bool] = mapped_column(server_default="false")
    api_access: Mapped[bool] = mapped_column(server_default="false")
    custom_branding: Mapped[bool] = mapped_column(server_default="false")
    priority_support: Mapped[bool] = mapped_column(server_default="false")
    created_at: Mapped[Instant]

    prices: Mapped[list["PlanPrice"]] = relationship(order_by="PlanPrice.version")
    limits: Mapped[list["PlanLimit"]] = relationship(order_by="PlanLimit.name")


class PlanPrice(Base):
    """One version of a price for a cycle and currency; a running period keeps its version."""

    __tablename__ = "plan_price"
    __table_args__ = (
        UniqueConstraint("plan_id", "cycle", "currency", "version"),
        Index(
            "uq_plan_price_current",
            "plan_id",
            "cycle",
            "currency",
            unique=True,
            postgresql_where="valid_until is null",
        ),
        CheckConstraint("amount_minor >= 0", name="amount_not_negative"),
        CheckConstraint("version >= 1", name="version_from_one"),
        CheckConstraint("valid_until is null or valid_until > valid_from", name="valid_range"),
        one_of("cycle", CYCLES),
        currency_code(),
    )

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    cycle: Mapped[str] = mapped_column(String(12))
    currency: Mapped[Currency]
    version: Mapped[int]
    amount_minor: Mapped[Minor]
    valid_from: Mapped[Day]
    valid_until: Mapped[Day | None]


class PlanLimit(Base):
    """A metered limit of a plan; −1 means unlimited."""

    __tablename__ = "plan_limit"
    __table_args__ = (
        UniqueConstraint("plan_id", "name"),
        CheckConstraint("quantity >= -1", name="quantity_or_unlimited"),
        CheckConstraint("name ~ '^[a-z][a-z0-9_]*$'", name="name_shape"),
    )

    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(ForeignKey("plan.id"))
    name: Mapped[str]
    quantity: Mapped[int]
