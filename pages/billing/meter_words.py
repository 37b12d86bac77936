"""How meters and usage prices are called on pages."""

from core.money import Money
from pages.parts import formats

AGGREGATIONS = {
    "count": "How many events",
    "sum": "Sum of their quantities",
    "max": "Largest quantity",
    "unique": "How many different subjects",
    "latest": "Level last reported",
}
RESETS = {"period": "With each period", "day": "Each day", "never": "Never"}
MODELS = {
    "per_unit": "One price",
    "graduated": "Graduated",
    "volume": "By volume",
    "package": "By package",
}
MEANINGS = {
    "per_unit": "Every unit costs the same.",
    "graduated": "Each tier prices the units that fall into it.",
    "volume": "The tier that is reached prices all units.",
    "package": "Packages begun are paid whole.",
}


def amount(minor: int, currency: str) -> str:
    """An amount without its code."""
    return formats.money(Money(minor, currency), code=False)
