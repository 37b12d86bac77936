"""A plan's usage prices as a page shows them and takes them, in units of the currency (USE.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.errors import BadInput
from core.money import exponent, units_text
from core.typed import typed_minor, typed_number
from core.usage.catalogue import usage_prices
from core.usage.pricing import Pricing, Tier, check_pricing, price, total
from core.usage.wording import counted, plain
from core.work import Work

EXAMPLES = (Decimal(100), Decimal(1_000), Decimal(10_000), Decimal(100_000))
"""Quantities whose price shows what a pricing means."""


@dataclass(frozen=True)
class PriceRow:
    """A version of what a plan charges for a meter; `valid_until` is its first day without it."""

    meter: str
    currency: str
    version: int
    pricing: Pricing
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True)
class TypedTier:
    """A tier as it was typed: its end, the price of a unit, a flat fee; empty where none."""

    up_to: str
    unit: str
    flat: str = ""


def price_rows(work: Work, plan_id: int) -> list[PriceRow]:
    """What a plan charges by meter and currency, each with its newest version first.

    Needs `saas.plans.manage`; raises NotFound.
    """
    return [
        PriceRow(
            row.meter,
            row.currency,
            row.version,
            Pricing(
                row.model,
                tuple(Tier(each.up_to, each.unit_minor, each.flat_minor) for each in row.tiers),
                row.included,
                row.package_size,
                row.minimum_minor,
            ),
            row.valid_from,
            row.valid_until,
        )
        for row in usage_prices(work, plan_id)
    ]


def typed_pricing(
    model: str,
    currency: str,
    tiers: Sequence[TypedTier],
    *,
    included: str = "",
    package_size: str = "",
    minimum: str = "",
) -> Pricing:
    """A pricing from what was typed. Raises BadInput, BadMoney saying what is wrong and where."""
    found = []
    for place, tier in enumerate(tiers, start=1):
        if not tier.unit.strip():
            raise BadInput(f"Tier {place} has no price of a unit")
        unit = _number(f"The unit price of tier {place}", tier.unit)
        found.append(
            Tier(
                _number(f"The end of tier {place}", tier.up_to) if tier.up_to.strip() else None,
                unit.scaleb(exponent(currency)),
                typed_minor(tier.flat, currency) if tier.flat.strip() else 0,
            )
        )
    pricing = Pricing(
        model,
        tuple(found),
        _number("The included quantity", included) if included.strip() else Decimal(0),
        _number("The package size", package_size) if package_size.strip() else None,
        typed_minor(minimum, currency) if minimum.strip() else 0,
    )
    check_pricing(pricing)
    return pricing


def examples(pricing: Pricing) -> list[tuple[Decimal, int]]:
    """What some quantities cost, in minor units without tax."""
    return [(quantity, total(price(pricing, quantity))) for quantity in EXAMPLES]


def pricing_words(pricing: Pricing, currency: str) -> str:
    """The tiers in words: ``0.1 up to 100, then 0.025``, ``12 per 1,000``."""
    tiers = [_tier_words(tier, currency) for tier in pricing.tiers]
    if pricing.package_size is not None:
        return f"{tiers[0]} per {counted(pricing.package_size)}"
    return tiers[0] + "".join(f", then {told}" for told in tiers[1:])


def _tier_words(tier: Tier, currency: str) -> str:
    told = plain(tier.unit_minor.scaleb(-exponent(currency)))
    if tier.flat_minor:
        told += f" and {Decimal(units_text(tier.flat_minor, currency)):,} once"
    return told + (f" up to {counted(tier.up_to)}" if tier.up_to is not None else "")


def _number(what: str, text: str) -> Decimal:
    try:
        return typed_number(text)
    except BadInput as problem:
        raise BadInput(f"{what}: {problem}") from problem
