"""What the tables of the analytics copy hold in words, and which rights a table or column takes."""

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("dictionary.toml")
READ = "analytics.sql"
FURTHER = ("billing.read",)
"""Permissions that open more of the copy than analytics.sql does."""
RIGHTS = tuple(
    frozenset({READ, *more})
    for many in range(len(FURTHER) + 1)
    for more in combinations(FURTHER, many)
)
"""Every set of rights with which somebody can ask."""


@dataclass(frozen=True, slots=True)
class Described:
    """A table in words; `needs` is the permission it takes, `guarded` that of single columns."""

    name: str
    about: str
    needs: str
    columns: dict[str, str]
    guarded: dict[str, str]


@lru_cache
def hidden() -> frozenset[str]:
    """Tables that are in nobody's copy."""
    return frozenset(_read()["hidden"])


@lru_cache
def described() -> dict[str, Described]:
    """Every other table, by name; the columns are those that are described for it alone."""
    return {
        name: Described(
            name,
            table["about"],
            table.get("needs", READ),
            table.get("columns", {}),
            dict.fromkeys(table.get("guarded", ()), table.get("needs_guarded", READ)),
        )
        for name, table in _read()["tables"].items()
    }


def words(table: str, column: str) -> str:
    """What a column says. Raises KeyError for one that nobody described."""
    own = described()[table].columns
    found: str = own[column] if column in own else _read()["common"][column]
    return found


def visible(table: str, column: str, rights: frozenset[str]) -> bool:
    """Whether somebody with the rights may see a column; nobody sees one without words,
    nor any without analytics.sql."""
    known = described().get(table)
    if known is None or not {READ, known.needs} <= rights:
        return False
    if column not in known.columns and column not in _read()["common"]:
        return False
    return known.guarded.get(column, READ) in rights


def rights_that_count(permissions: frozenset[str]) -> frozenset[str]:
    """The part of a person's permissions that decides what their copy holds."""
    return permissions & {READ, *FURTHER}


@lru_cache
def _read() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())
