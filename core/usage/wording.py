"""Usage prices and quantities in words, for invoices and answers; pure."""

from decimal import Decimal

from core.money import exponent
from core.usage.pricing import PricedLine


def line_words(
    meter: str, line: PricedLine, currency: str, package_size: Decimal | None = None
) -> str:
    """What a line charges for: ``api_calls: 1500 units at 0.005 EUR``."""
    unit = f"{plain(line.unit_minor.scaleb(-exponent(currency)))} {currency}"
    within = ""
    if line.first is not None:
        within = f" above {plain(line.first)}" if line.first else ""
        within += f" up to {plain(line.last)}" if line.last is not None else ""
    if line.kind == "units":
        return f"{meter}: {plain(line.quantity)} units{within} at {unit}"
    if line.kind == "packages":
        size = plain(package_size or Decimal(1))
        return f"{meter}: {plain(line.quantity)} packages of {size} at {unit}"
    if line.kind == "flat_fee":
        return f"{meter}: fee for units{within}" if within else f"{meter}: fee"
    return f"{meter}: up to the minimum of the period"


def plain(value: Decimal) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{value.normalize():f}"
