"""The five plans the catalogue starts with, with the figures of their source (PLN.1)."""

from core.money import round_half_up
from core.plans.actions import NewPlan, NewPrice
from core.plans.models import UNLIMITED

MONTHS = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12}
DISCOUNT_PERCENT = {"monthly": 0, "quarterly": 5, "semiannual": 10, "annual": 20}
MONTHLY_UNITS: dict[str, dict[str, int]] = {
    "free": {"EUR": 0, "USD": 0, "SEK": 0, "NOK": 0, "NGN": 0},
    "starter": {"EUR": 29, "USD": 29, "SEK": 319, "NOK": 329, "NGN": 29_000},
    "growth": {"EUR": 79, "USD": 79, "SEK": 869, "NOK": 899, "NGN": 79_000},
    "pro": {"EUR": 199, "USD": 199, "SEK": 2_190, "NOK": 2_290, "NGN": 199_000},
    "enterprise": {"EUR": 499, "USD": 499, "SEK": 5_490, "NOK": 5_690, "NGN": 499_000},
}
"""Whole units a month; USD as in the source, other currencies at round local prices."""
LIMITS = ("max_shipments", "max_users", "max_branches", "storage_gb", "api_calls_daily")
_LIMITS: dict[str, tuple[int, ...]] = {
    "free": (50, 2, 1, 1, 100),
    "starter": (500, 5, 2, 5, 1_000),
    "growth": (2_000, 15, 5, 20, 5_000),
    "pro": (10_000, 50, 20, 50, 25_000),
    "enterprise": (UNLIMITED, UNLIMITED, UNLIMITED, 200, 100_000),
}
_FLAGS: dict[str, tuple[str, ...]] = {
    "growth": ("api_access",),
    "pro": ("api_access", "custom_branding", "priority_support"),
    "enterprise": ("api_access", "custom_branding", "priority_support"),
}
_WORDS = {
    "free": "To try the platform with a small team",
    "starter": "For small companies that ship every week",
    "growth": "For growing companies; opens the API",
    "pro": "For companies with several branches and their own brand",
    "enterprise": "No limits on users, branches and shipments",
}


def default_plans() -> list[NewPlan]:
    """Free, starter, growth, pro and enterprise, in the order of the pricing page."""
    return [_plan(slug, order) for order, slug in enumerate(MONTHLY_UNITS, start=1)]


def cycle_price(monthly_units: int, cycle: str) -> int:
    """Minor units of a whole cycle after its discount, rounded once; all currencies have cents."""
    kept = 100 - DISCOUNT_PERCENT[cycle]
    return round_half_up(monthly_units * 100 * MONTHS[cycle] * kept, 100)


def _plan(slug: str, order: int) -> NewPlan:
    return NewPlan(
        slug=slug,
        name=slug.capitalize(),
        description=_WORDS[slug],
        sort_order=order,
        is_recommended=slug == "growth",
        flags=_FLAGS.get(slug, ()),
        limits=dict(zip(LIMITS, _LIMITS[slug], strict=True)),
        prices=tuple(
            NewPrice(cycle, currency, cycle_price(units, cycle))
            for currency, units in MONTHLY_UNITS[slug].items()
            for cycle in MONTHS
        ),
    )
