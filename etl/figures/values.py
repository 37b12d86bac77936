"""How figures are written: money as minor units with currency, ratios as decimal strings."""

from fractions import Fraction
from typing import Any

from core.money import rounded

_PLACES = 4
_MAY_BE_UNDEFINED = frozenset({"arpa", "ltv", "cac", "cash_collected"})
"""Amounts that a month or group may lack; their columns are those of amounts all the same."""


def money(minor: int, currency: str) -> dict[str, int | str]:
    """An amount as JSON."""
    return {"minor": minor, "currency": currency}


def money_or_none(exact: Fraction | None, currency: str) -> dict[str, int | str] | None:
    """An amount as JSON, rounded half away from zero; None stays undefined."""
    return None if exact is None else money(rounded(exact), currency)


def ratio(numerator: int, denominator: int) -> Fraction | None:
    """The exact quotient; undefined over nothing."""
    return Fraction(numerator, denominator) if denominator else None


def decimal_text(exact: Fraction | None) -> str | None:
    """A ratio with four decimals, half away from zero; None stays undefined."""
    if exact is None:
        return None
    scaled = rounded(exact * 10**_PLACES)
    digits = f"{abs(scaled):0{_PLACES + 1}d}"
    return f"{'-' if scaled < 0 else ''}{digits[:-_PLACES]}.{digits[-_PLACES:]}"


def is_money(value: object) -> bool:
    """Whether a value is an amount as `money` writes it."""
    return isinstance(value, dict) and value.keys() == {"minor", "currency"}


def month_rows(months: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Months as rows of a file, amounts in minor units: one a month and group where there are
    groups, else one a month.
    """
    return [
        _flat({"month": row["month"], "partial": row["partial"], "group": group, **part})
        for row in months
        for group, part in row.get("groups", {"all": row}).items()
    ]


def month_columns(months: list[dict[str, Any]]) -> list[str]:
    """The columns of `month_rows`; those of the whole where there is no group to tell them."""
    rows = month_rows(months) or month_rows([{**months[0], "groups": {"all": months[0]}}])
    return list(rows[0])


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if is_money(value):
            flat[f"{name}_minor"] = value["minor"]
            flat["currency"] = value["currency"]
        elif value is None and name in _MAY_BE_UNDEFINED:
            flat[f"{name}_minor"] = None
        elif name != "groups":
            flat[name] = value
    return flat
