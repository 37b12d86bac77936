"""What the lists of records share: who may read, conditions with their values, searches."""

import re
from collections.abc import Callable
from dataclasses import fields
from datetime import date
from typing import Any, TypeVar

from core.base import id_of
from core.errors import BadInput
from core.work import Work

Row = TypeVar("Row")
LARGEST_PAGE = 500
MOST_FILED = 100_000
"""Rows one CSV holds at most; those after them are left out."""
LONGEST_SEARCH = 200


class Conditions:
    """Conditions of a query, joined by `and`, each with the values it names."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._values: dict[str, Any] = {}

    def add(self, condition: str, **values: Any) -> None:
        """A condition as SQL text; what a person wrote stands in its values alone."""
        self._parts.append(condition)
        self._values |= values

    def equal(self, column: str, value: object) -> None:
        """A column has a value; nothing is asked when the value is missing."""
        if value is not None and value != "":
            name = re.sub(r"\W+", "_", column)
            self.add(f"{column} = :{name}", **{name: value})

    def between(self, column: str, first: date | None, last: date | None) -> None:
        """A day lies between two, both included; either may be missing."""
        name = re.sub(r"\W+", "_", column)
        if first is not None:
            self.add(f"{column} >= :{name}_first", **{f"{name}_first": first})
        if last is not None:
            self.add(f"{column} <= :{name}_last", **{f"{name}_last": last})

    def joined(self, **more: Any) -> tuple[str, dict[str, Any]]:
        """The text for `where`, and all values."""
        return " and ".join(self._parts) or "true", self._values | more


def admit_reader(work: Work) -> int | None:
    """Raise NotAllowed unless the actor may read; the own tenant of a tenant's user, else None."""
    own = work.standing.tenant_id
    work.require("billing.read" if own is None else "org.billing.read")
    return own


def literal(part: str | None) -> str:
    """Words that `like` takes as they are, without the NUL that PostgreSQL does not take."""
    return (
        (part or "")
        .replace("\x00", "")
        .replace("\\", "\\\\")
        .replace("%", "\\%")
        .replace("_", "\\_")
    )


def all_rows(page: Callable[[int, int], list[Row]], most: int) -> list[Row]:
    """The rows that fit, `most` at most; `page(limit, offset)` reads some."""
    rows: list[Row] = []
    while left := max(most - len(rows), 0):
        more = page(min(LARGEST_PAGE, left), len(rows))
        if not more:
            break
        rows += more
    return rows


def columns_of(*kinds: type[Any]) -> tuple[str, ...]:
    """Columns of a file whose lines are dataclasses of several kinds: `line`, then each once."""
    return tuple(dict.fromkeys(["line", *(each.name for kind in kinds for each in fields(kind))]))


def known(value: str | None, choices: tuple[str, ...], what: str) -> str | None:
    """The value, None when it is empty. Raises BadInput when it is none of the choices."""
    if value and value not in choices:
        raise BadInput(f"There is no {what} {value!r}; there are {', '.join(choices)}")
    return value or None


def record_id(name: str) -> int | None:
    """The id a text of digits means, None for a number such as ``SAAS-INV-2026-00042``."""
    return id_of(name.strip().lstrip("#"))


def like(text: str | None) -> dict[str, str]:
    """What is searched for as `part` of a text and as an `exact` one; empty without a text."""
    given = (text or "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    if not given:
        return {}
    return {"part": f"%{literal(given)}%", "exact": given.lstrip("#")}
