"""Figures and their hashes; pure. Canonical JSON has one spelling: keys sorted, no spaces."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

WHOLE = ""
"""The group of a figure of the whole company."""


@dataclass(frozen=True, order=True)
class Figure:
    """A figure of a month and group; `value` is canonical JSON, amounts in minor units."""

    name: str
    group: str
    value: str

    @classmethod
    def of(cls, name: str, group: str, value: Any) -> "Figure":
        """A figure from a plain value."""
        return cls(name, group, canonical(value))

    @property
    def plain(self) -> Any:
        """The value as a plain one."""
        return json.loads(self.value)


@dataclass(frozen=True)
class CopiedFigures:
    """The figures of a month that the analytics copy gives, and which copy that was."""

    run_id: str
    published_at: datetime
    as_of: date
    currency: str
    figures: tuple[Figure, ...]
    postings: Mapping[date, int] | None = None
    """Ledger transactions it holds by month."""


Copier = Callable[[date, str | None], CopiedFigures]
"""Asks the analytics copy for a month, in a currency or the usual one; may raise NoCopy."""


def canonical(value: Any) -> str:
    """A plain value as JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def hash_of(month: date, figure: Figure) -> str:
    """SHA-256 of a figure with its month, name and group, in hex."""
    return _sha256([f"{month:%Y-%m}", figure.name, figure.group, figure.value])


def hash_over(month: date, checklist: Sequence[dict[str, Any]], hashes: Iterable[str]) -> str:
    """SHA-256 over the month, its checklist and the hashes of its figures, in hex."""
    return _sha256([f"{month:%Y-%m}", list(checklist), sorted(hashes)])


def month_after(month: date) -> date:
    """The first day of the next month."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def last_day(month: date) -> date:
    """The last day of a month."""
    return month_after(month) - timedelta(days=1)


def _sha256(parts: Any) -> str:
    return hashlib.sha256(canonical(parts).encode()).hexdigest()
