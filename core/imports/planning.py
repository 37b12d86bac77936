"""Loaders of costs, cash balances and exchange rates."""

from collections import defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import select

from core.imports.loading import Load
from core.imports.reading import Row
from core.planning.models import CashBalance, Cost, FxRate
from core.progress import counted


def load_costs(load: Load, rows: list[Row]) -> None:
    """Add costs; a month and category already entered must come with the same amounts again."""
    groups: dict[tuple[date, str, str], list[tuple[Row, int]]] = defaultdict(list)
    for row in counted(rows, "Rows"):
        currency = load.currency(row)
        place = (row["month"], row["category"], currency)
        groups[place].append((row, load.minor(row, "amount_minor", currency, negative=True)))
    kept: dict[tuple[date, str, str], list[int]] = defaultdict(list)
    for cost in load.work.session.scalars(select(Cost).order_by(Cost.nth)):
        kept[cost.month, cost.category, cost.currency].append(cost.amount_minor)
    fresh = []
    for place, given in groups.items():
        month, category, currency = place
        amounts = [amount for _, amount in given]
        if place in kept and sorted(kept[place]) != sorted(amounts):
            load.refuse(
                given[0][0],
                "amount_minor",
                f"{category} of {month:%Y-%m} is already entered as {kept[place]}, not {amounts}",
            )
        elif place in kept:
            load.unchanged += len(amounts)
        else:
            fresh += [
                {
                    "month": month,
                    "category": category,
                    "currency": currency,
                    "nth": nth,
                    "amount_minor": amount,
                    "created_at": load.work.now,
                }
                for nth, amount in enumerate(amounts, 1)
            ]
    load.settle()
    load.insert(Cost, fresh)
    load.added += len(fresh)


def load_cash(load: Load, rows: list[Row]) -> None:
    """Add balances; a day and account already entered must agree."""

    def values(row: Row) -> dict[str, Any]:
        currency = load.currency(row)
        balance = load.minor(row, "balance_minor", currency, negative=True)
        return {
            "held_on": row["on"],
            "account": row["account"],
            "currency": currency,
            "balance_minor": balance,
        }

    _load_once(load, rows, CashBalance, ("held_on", "account"), "balance_minor", values)


def load_fx(load: Load, rows: list[Row]) -> None:
    """Add rates; a day and currency already entered must agree."""

    def values(row: Row) -> dict[str, Any]:
        if row["currency"] == "EUR" and row["rate_to_eur"] != 1:
            load.refuse(row, "rate_to_eur", "one EUR is one EUR")
        return {
            "rated_on": row["on"],
            "currency": row["currency"],
            "rate_to_eur": row["rate_to_eur"],
        }

    _load_once(load, rows, FxRate, ("rated_on", "currency"), "rate_to_eur", values)


def _load_once(
    load: Load,
    rows: list[Row],
    table: type[CashBalance] | type[FxRate],
    place: tuple[str, str],
    fact: str,
    values_of: Callable[[Row], dict[str, Any]],
) -> None:
    """Add one fact a place; repeating it changes nothing, contradicting it is refused."""
    kept = {
        tuple(getattr(each, name) for name in place): getattr(each, fact)
        for each in load.work.session.scalars(select(table))
    }
    fresh = []
    for row in counted(rows, "Rows"):
        values = values_of(row)
        where = tuple(values[name] for name in place)
        if where not in kept:
            kept[where] = values[fact]
            fresh.append({**values, "created_at": load.work.now})
        elif kept[where] != values[fact]:
            load.refuse(
                row, fact, f"{where[0]} {where[1]} is already {kept[where]}, not {values[fact]}"
            )
        else:
            load.unchanged += 1
    load.settle()
    load.insert(table, fresh)
    load.added += len(fresh)
