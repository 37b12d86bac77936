"""Plans in words: cycles, limits and features as people call them, prices as they read them."""

from core.money import Money
from core.plans.models import UNLIMITED
from core.usage.wording import meter_words
from pages.parts import formats

CYCLES = {
    "weekly": "Weekly",
    "monthly": "Monthly",
    "quarterly": "Quarterly",
    "semiannual": "Half-yearly",
    "annual": "Yearly",
}
SPANS = {
    "weekly": "per week",
    "monthly": "per month",
    "quarterly": "per 3 months",
    "semiannual": "per 6 months",
    "annual": "per year",
}
LIMITS = {
    "max_shipments": "Shipments a month",
    "max_users": "Users",
    "max_branches": "Branches",
    "storage_gb": "Storage (GB)",
    "api_calls_daily": "API calls a day",
}
"""The metered limits of the default plans, in the order people compare them."""
FLAGS = {
    "api_access": "API access",
    "custom_branding": "Custom branding",
    "priority_support": "Priority support",
}


def limit_title(name: str) -> str:
    """A metered limit by its name, also one that only this company has."""
    return LIMITS.get(name) or meter_words(name)


def limit_names(*plans: dict[str, int]) -> list[str]:
    """The limits that occur in any of the plans, the usual ones first."""
    found = {name for limits in plans for name in limits}
    return [name for name in LIMITS if name in found] + sorted(found - LIMITS.keys())


def quantity(value: int | None) -> str:
    """How much a plan allows; None where it says nothing of that limit."""
    if value is None:
        return "–"
    return "Unlimited" if value == UNLIMITED else formats.number(value)


def price(amount: Money) -> str:
    """An amount without its code; whole units stand without decimals."""
    units = formats.units(amount.minor, amount.currency)
    return formats.money(amount, code=False) if units % 1 else formats.number(units)
