"""What bodies and answers share: strict shapes, bounded numbers and texts, pages of a list."""

from datetime import date
from typing import Annotated, Any

from fastapi import Body as InBody
from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from core.actions import LONGEST_REASON
from core.base import LARGEST_ID
from core.clock import FIRST_DAY, LAST_DAY
from core.money import LARGEST_MINOR

MOST_ROWS = 500
LONGEST_TEXT = 200
LARGEST_OFFSET = 10_000_000
A_REASON = "The customer asked for it by phone"
"""The reason in examples."""
NO_NUL = r"^[^\x00]*$"
"""PostgreSQL keeps every character but this one."""

RecordId = Annotated[int, Path(ge=1, le=LARGEST_ID)]
SomeId = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT, pattern=NO_NUL)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=NO_NUL)]
LongText = Annotated[str, StringConstraints(max_length=LONGEST_REASON, pattern=NO_NUL)]
Reason = Annotated[LongText, Field(description="Ten characters at least; kept in the audit log.")]
Currency = Annotated[
    str, StringConstraints(pattern="^[A-Z]{3}$"), Field(description="ISO 4217", examples=["EUR"])
]
Minor = Annotated[int, Field(strict=True, ge=0, le=LARGEST_MINOR, description="Minor units.")]
Day = Annotated[date, Field(ge=FIRST_DAY, le=LAST_DAY)]
Limit = Annotated[int, Query(ge=1, le=MOST_ROWS, description="Rows of one page.")]
Offset = Annotated[int, Query(ge=0, le=LARGEST_OFFSET, description="Rows to leave out.")]
Search = Annotated[Text | None, Query(description="Part of the tenant's name.")]


def example(body: dict[str, Any]) -> ConfigDict:
    """The part of a body's configuration that shows one in the description."""
    return ConfigDict(json_schema_extra={"examples": [body]})


class Body(BaseModel):
    """A request's body; a field it does not know is refused."""

    model_config = ConfigDict(extra="forbid")


def omittable(shape: type[BaseModel]) -> Any:
    """Marks a body that may be left out, as none of its fields is required."""
    return InBody(default_factory=shape)


class Answer(BaseModel):
    """An answer, filled from a record of core."""

    model_config = ConfigDict(from_attributes=True)
