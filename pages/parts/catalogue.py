"""The figures of the dashboard: what each is called, how it is shown, which way is good."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from core.money import Money
from pages.parts import formats

Kind = Literal["money", "rate", "ratio", "count", "months"]


@dataclass(frozen=True)
class Figure:
    """One figure; `flow` gathers over the month, otherwise it is a balance at its end."""

    key: str
    title: str
    kind: Kind
    better: Literal["up", "down"] = "up"
    flow: bool = False


FIGURES = {
    figure.key: figure
    for figure in (
        Figure("mrr", "MRR", "money"),
        Figure("net_new_mrr", "Net new MRR", "money", flow=True),
        Figure("nrr", "Net revenue retention", "rate"),
        Figure("grr", "Gross revenue retention", "rate"),
        Figure("net_revenue", "Net revenue", "money", flow=True),
        Figure("gross_revenue", "Gross revenue", "money", flow=True),
        Figure("platform_fees", "Platform fees", "money", flow=True),
        Figure("cash_collected", "Cash collected", "money", flow=True),
        Figure("runway_months", "Runway", "months"),
        Figure("arr", "ARR", "money"),
        Figure("arpa", "ARPA", "money"),
        Figure("customers", "Customers", "count"),
        Figure("logo_churn", "Customer churn", "rate", better="down", flow=True),
        Figure("quick_ratio", "Quick ratio", "ratio", flow=True),
        Figure("ltv", "LTV", "money"),
        Figure("cac", "CAC", "money", better="down", flow=True),
        Figure("ltv_cac", "LTV : CAC", "ratio"),
        Figure("at_risk", "MRR at risk", "money", better="down"),
    )
}
HEADLINE = ("mrr", "net_new_mrr", "nrr", "net_revenue", "platform_fees", "runway_months")
BESIDE = {"nrr": "grr", "net_revenue": "gross_revenue"}
"""The second figure on a headline card."""
BESIDE_TITLES = {"grr": "Gross", "gross_revenue": "Gross"}
DEFINED_BY = {"net_new_mrr": "end"}
"""Figures whose meaning stands under another heading of the definitions."""
CALM = (
    "cash_collected",
    "arr",
    "arpa",
    "customers",
    "logo_churn",
    "quick_ratio",
    "ltv",
    "cac",
    "ltv_cac",
    "at_risk",
)
MOVEMENTS = {
    "start": "MRR at start",
    "new": "New",
    "expansion": "Expansion",
    "reactivation": "Reactivation",
    "contraction": "Contraction",
    "churn": "Churn",
    "fx": "Exchange rates",
    "end": "MRR at end",
}
GAINS = ("new", "expansion", "reactivation")
LOSSES = ("contraction", "churn")


def title(key: str) -> str:
    """What a figure or movement is called."""
    return FIGURES[key].title if key in FIGURES else MOVEMENTS[key]


def amount(value: Any) -> Money | None:
    """An amount as the figures hand it out: ``{"minor", "currency"}``."""
    return None if value is None else Money(int(value["minor"]), str(value["currency"]))


def shown(figure: Figure, value: Any, *, short: bool = True) -> str:
    """A value in the way of its kind; ``n/a`` where it is undefined."""
    if value is None:
        return formats.UNDEFINED
    if figure.kind == "money":
        return formats.money_short(amount(value)) if short else formats.money(amount(value))
    if figure.kind == "rate":
        return formats.percent(value)
    if figure.kind == "ratio":
        return formats.number(value, 1)
    if figure.kind == "months":
        return formats.number(value, 1) + " months"
    return formats.number(value)


def height(figure: Figure, value: Any) -> Decimal | None:
    """A value as a plain number, for the height of a line."""
    if value is None:
        return None
    if figure.kind == "money":
        held = amount(value)
        return formats.units(held.minor, held.currency) if held else None
    return Decimal(str(value))
