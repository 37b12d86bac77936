"""What usage costs: per unit, graduated, by volume, by package, with a minimum; pure (USE.3)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from core.errors import BadInput
from core.money import LARGEST_MINOR, Money, rounded

QUANTITY_PLACES = 6
LARGEST_QUANTITY = Decimal(10**12)
UNIT_PLACES = 10
LARGEST_UNIT_MINOR = Decimal(10**10)
MOST_TIERS = 100


@dataclass(frozen=True)
class Tier:
    """Units up to and with `up_to` (None: all further ones), each at `unit_minor`.

    `unit_minor` is in minor units and may be a fraction of one; `flat_minor` is added once when
    the tier is reached.
    """

    up_to: Decimal | None
    unit_minor: Decimal
    flat_minor: int = 0


@dataclass(frozen=True)
class Pricing:
    """What a plan charges for a meter; the `included` units are free, tiers count after them.

    With the model `package` the one tier's `unit_minor` is the price of `package_size` units.
    """

    model: str
    tiers: tuple[Tier, ...]
    included: Decimal = Decimal(0)
    package_size: Decimal | None = None
    minimum_minor: int = 0


@dataclass(frozen=True)
class PricedLine:
    """A part of the price: `units`, `packages`, a `flat_fee` or what a `minimum` adds.

    Of graduated units `first` and `last` bound the tier, `last` None without an end.
    """

    kind: str
    quantity: Decimal
    unit_minor: Decimal
    first: Decimal | None = None
    last: Decimal | None = None

    @property
    def amount_minor(self) -> int:
        """Quantity × unit price, rounded once."""
        return rounded(Fraction(self.quantity) * Fraction(self.unit_minor))


def price(pricing: Pricing, quantity: Decimal) -> list[PricedLine]:
    """The lines of a quantity, none when nothing is owed; their amounts add up to the price.

    Raises BadMoney when the price is beyond what Saldo keeps.
    """
    billable = max(quantity - pricing.included, Decimal(0))
    lines = [line for line in MODELS[pricing.model](pricing, billable) if billable]
    missing = pricing.minimum_minor - total(lines)
    if missing > 0:
        lines.append(PricedLine("minimum", Decimal(1), Decimal(missing)))
    return lines


def total(lines: list[PricedLine]) -> int:
    """The sum of lines in minor units. Raises BadMoney beyond the largest amount."""
    return Money(sum(line.amount_minor for line in lines), "XXX").minor


def with_unit_cost(pricing: Pricing, unit_cost_minor: Decimal | None) -> Pricing:
    """A per-unit price that names no amount takes the usual cost of a unit, if there is one."""
    if pricing.model != "per_unit" or pricing.tiers or unit_cost_minor is None:
        return pricing
    return replace(pricing, tiers=(Tier(None, unit_cost_minor),))


def check_pricing(pricing: Pricing) -> None:
    """Raise BadInput, saying what is wrong, unless the pricing can be applied to any quantity."""
    if pricing.model not in MODELS:
        raise BadInput(f"No price model {pricing.model!r}; there are {', '.join(MODELS)}")
    _check_tiers(pricing.tiers)
    if pricing.model in ("per_unit", "package") and len(pricing.tiers) > 1:
        raise BadInput(f"A {pricing.model} price has one tier")
    if (pricing.model == "package") != (pricing.package_size is not None):
        raise BadInput("A package price, and no other, has a package size")
    if pricing.package_size is not None:
        check_quantity("The package size", pricing.package_size)
        if not pricing.package_size:
            raise BadInput("The package size is above zero")
    check_quantity("The included quantity", pricing.included)
    if not 0 <= pricing.minimum_minor <= LARGEST_MINOR:
        raise BadInput("The minimum is not negative")


def check_quantity(name: str, quantity: Decimal) -> None:
    """Raise BadInput unless a quantity is finite, not negative and has at most six decimals."""
    if problem := quantity_problem(quantity):
        raise BadInput(f"{name} {problem}")


def quantity_problem(quantity: Decimal) -> str | None:
    """What is wrong with a quantity, in words."""
    if not quantity.is_finite() or quantity < 0:
        return "is a number that is not negative"
    if quantity >= LARGEST_QUANTITY:
        return f"is below {LARGEST_QUANTITY:f}"
    if _finer(quantity, QUANTITY_PLACES):
        return f"has at most {QUANTITY_PLACES} decimals"
    return None


def _per_unit(pricing: Pricing, billable: Decimal) -> Iterator[PricedLine]:
    yield from _line("units", billable, pricing.tiers[0])


def _graduated(pricing: Pricing, billable: Decimal) -> Iterator[PricedLine]:
    """Each tier prices the units that fall into it."""
    below = Decimal(0)
    for tier in pricing.tiers:
        if billable <= below:
            return
        within = billable if tier.up_to is None else min(billable, tier.up_to)
        yield from _line("units", within - below, tier, below, tier.up_to)
        below = within


def _volume(pricing: Pricing, billable: Decimal) -> Iterator[PricedLine]:
    """The tier that the quantity reaches prices all units."""
    reached = next(t for t in pricing.tiers if t.up_to is None or billable <= t.up_to)
    yield from _line("units", billable, reached)


def _package(pricing: Pricing, billable: Decimal) -> Iterator[PricedLine]:
    """Packages begun are paid whole."""
    assert pricing.package_size is not None
    packages = -(-Fraction(billable) // Fraction(pricing.package_size))
    yield from _line("packages", Decimal(packages), pricing.tiers[0])


MODELS: dict[str, Callable[[Pricing, Decimal], Iterator[PricedLine]]] = {
    "per_unit": _per_unit,
    "graduated": _graduated,
    "volume": _volume,
    "package": _package,
}


def _line(
    kind: str,
    quantity: Decimal,
    tier: Tier,
    first: Decimal | None = None,
    last: Decimal | None = None,
) -> Iterator[PricedLine]:
    yield PricedLine(kind, quantity, tier.unit_minor, first, last)
    if tier.flat_minor:
        yield PricedLine("flat_fee", Decimal(1), Decimal(tier.flat_minor), first, last)


def _check_tiers(tiers: tuple[Tier, ...]) -> None:
    if not 1 <= len(tiers) <= MOST_TIERS:
        raise BadInput(f"A price has 1 to {MOST_TIERS} tiers")
    below = Decimal(0)
    for place, tier in enumerate(tiers, start=1):
        _check_amounts(place, tier)
        if tier.up_to is not None:
            check_quantity(f"The end of tier {place}", tier.up_to)
        if place == len(tiers):
            if tier.up_to is not None:
                raise BadInput(f"Tier {place} is the last and has no end")
        elif tier.up_to is None or tier.up_to <= below:
            raise BadInput(f"Tier {place} ends above {below:f}, where it begins")
        else:
            below = tier.up_to


def _check_amounts(place: int, tier: Tier) -> None:
    unit = tier.unit_minor
    if not unit.is_finite() or not 0 <= unit < LARGEST_UNIT_MINOR:
        raise BadInput(f"The unit price of tier {place} is a number that is not negative")
    if _finer(unit, UNIT_PLACES):
        raise BadInput(f"The unit price of tier {place} has at most {UNIT_PLACES} decimals")
    if not 0 <= tier.flat_minor <= LARGEST_MINOR:
        raise BadInput(f"The flat fee of tier {place} is not negative")


def _finer(value: Decimal, places: int) -> bool:
    """True when a finite number has more decimals; zeros at its end count past a hundred."""
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= -places:
        return False
    return exponent < -100 or (Fraction(value) * 10**places).denominator != 1
