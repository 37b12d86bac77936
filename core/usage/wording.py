"""Meters, usage prices and quantities in words, for invoices, pages and answers; pure."""

from decimal import Decimal

from core.money import exponent
from core.usage.pricing import PricedLine

MARKS = {"sv": str.maketrans(",.", "\u00a0,")}
"""By language, what stands for the English marks of thousands and decimals."""
SHORT = {"api": "API", "gb": "GB", "mb": "MB", "tb": "TB", "sms": "SMS", "id": "ID"}
"""Words of meters' names that are written in capitals."""


def line_words(
    meter: str,
    line: PricedLine,
    currency: str,
    package_size: Decimal | None = None,
    language: str = "en",
) -> str:
    """What a line charges for: ``API calls: 1,500 units at 0.005 EUR``.

    The words are English, the marks within numbers those of the language.
    """

    def told(value: Decimal) -> str:
        return counted(value).translate(marks)

    name, marks = meter_words(meter), MARKS.get(language, {})
    unit = f"{plain(line.unit_minor.scaleb(-exponent(currency))).translate(marks)} {currency}"
    within = ""
    if line.first is not None:
        within = f" above {told(line.first)}" if line.first else ""
        within += f" up to {told(line.last)}" if line.last is not None else ""
    if line.kind == "units":
        return f"{name}: {told(line.quantity)} units{within} at {unit}"
    if line.kind == "packages":
        size = told(package_size or Decimal(1))
        return f"{name}: {told(line.quantity)} packages of {size} at {unit}"
    if line.kind == "flat_fee":
        return f"{name}: fee for units{within}" if within else f"{name}: fee"
    return f"{name}: up to the minimum of the period"


def meter_words(meter: str) -> str:
    """A meter's name as people say it: ``api_calls`` is API calls, ``max_users`` Users."""
    words = [SHORT.get(word, word) for word in meter.removeprefix("max_").split("_") if word]
    told = " ".join(words)
    return told[:1].upper() + told[1:]


def plain(value: Decimal) -> str:
    """A number without an exponent and without zeros at its end."""
    return f"{value.normalize():f}"


def counted(value: Decimal) -> str:
    """A number as people read it, its thousands apart."""
    return f"{value.normalize():,f}"
