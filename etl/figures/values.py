"""How figures are written: money as minor units with currency, ratios as decimal strings."""

from fractions import Fraction

from core.money import rounded

_PLACES = 4


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
