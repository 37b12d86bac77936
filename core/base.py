"""The declarative base, the column types every table shares, and what an id can be."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    Identity,
    MetaData,
    String,
    Text,
    or_,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

from core.clock import CLOCKS_DIFFER

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

Id = Annotated[int, mapped_column(BigInteger, Identity(always=False), primary_key=True)]
Minor = Annotated[int, mapped_column(BigInteger)]
Currency = Annotated[str, mapped_column(String(3))]
Instant = Annotated[datetime, mapped_column(DateTime(timezone=True))]
Words = Annotated[str, mapped_column(Text)]
Day = date

LARGEST_ID = 2**63 - 1


class Base(DeclarativeBase):
    """Base of all tables; names of constraints are fixed, so that errors can be read by name."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSONB,
        str: Text,
        int: BigInteger,
    }


def id_of(given: str) -> int | None:
    """The id that a text of digits is, None for any other text and for what no id can be."""
    digits = given.isascii() and given.isdecimal() and len(given) <= len(str(LARGEST_ID))
    return int(given) if digits and int(given) <= LARGEST_ID else None


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A check that a text column holds one of the listed words."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=f"{column}_known")


def currency_code(column: str = "currency") -> CheckConstraint:
    """A check that a column looks like an ISO 4217 code."""
    return CheckConstraint(f"{column} ~ '^[A-Z]{{3}}$'", name=f"{column}_code")


def is_older(column: Any, now: datetime, age: timedelta) -> ColumnElement[bool]:
    """Whether an instant is so long ago, or was written while the clock was ahead."""
    return or_(column <= now - age, column > now + age + CLOCKS_DIFFER)
