"""The tenant: one paying organisation."""

from sqlalchemy import CheckConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Currency, Day, Id, Instant, currency_code


class Tenant(Base):
    """An organisation on the platform; `country` is ISO 3166 alpha-2, empty when not known."""

    __tablename__ = "tenant"
    __table_args__ = (
        UniqueConstraint("external_id"),
        CheckConstraint("country ~ '^[A-Z]{2}$'", name="country_code"),
        CheckConstraint("name <> ''", name="name_given"),
        currency_code(),
    )

    id: Mapped[Id]
    external_id: Mapped[str | None]
    name: Mapped[str]
    country: Mapped[str | None] = mapped_column(String(2))
    currency: Mapped[Currency]
    language: Mapped[str] = mapped_column(String(2), server_default="en")
    billing_email: Mapped[str | None]
    billing_address: Mapped[str | None]
    tax_id: Mapped[str | None]
    signed_up_on: Mapped[Day | None]
    created_at: Mapped[Instant]
