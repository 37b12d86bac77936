"""Money is an integer of minor units with its currency, and fractions die here alone."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from core.errors import BadMoney

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"
_EXPONENT = {
    **dict.fromkeys(_ZERO.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    **dict.fromkeys(_FOUR.split(), 4),
}
_CODE = re.compile(r"[A-Z]{3}")
LARGEST_MINOR = 9 * 10**15
"""The largest amount any table or copy holds; above it engines begin to disagree."""


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units of one ISO 4217 currency."""

    minor: int
    currency: str

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.currency):
            raise BadMoney(f"{self.currency!r} is not an ISO 4217 code")
        if abs(self.minor) > LARGEST_MINOR:
            raise BadMoney(f"{self.minor} minor units are beyond what Saldo keeps")

    def __add__(self, other: "Money") -> "Money":
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: "Money") -> int:
        if other.currency != self.currency:
            raise BadMoney(f"{self.currency} and {other.currency} cannot be added")
        return other.minor


def exponent(currency: str) -> int:
    """Decimals of a currency's minor unit (ISO 4217)."""
    return _EXPONENT.get(currency, 2)


def round_half_up(numerator: int, denominator: int) -> int:
    """Half away from zero; the only place a fraction dies."""
    whole = (2 * abs(numerator) + abs(denominator)) // (2 * abs(denominator))
    return whole if (numerator < 0) == (denominator < 0) else -whole


def rounded(exact: Fraction | Decimal) -> int:
    """The nearest whole minor unit, half away from zero."""
    fraction = Fraction(exact)
    return round_half_up(fraction.numerator, fraction.denominator)


def split(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Shares that add up to the total; the largest remainders get one more, earlier first."""
    whole = sum(weights)
    if whole <= 0 or min(weights) < 0:
        raise BadMoney("weights must not be negative and must not all be zero")
    sign, total = (-1 if total_minor < 0 else 1), abs(total_minor)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: -(total * weights[i] % whole))
    for i in by_remainder[: total - sum(shares)]:
        shares[i] += 1
    return [sign * share for share in shares]


def minor_from_units(text: str, currency: str) -> int:
    """Minor units of a decimal text such as `50.39`; raises BadMoney on too many decimals."""
    try:
        units = Decimal(text.strip())
    except InvalidOperation as problem:
        raise BadMoney(f"{text!r} is not an amount") from problem
    if not units.is_finite():
        raise BadMoney(f"{text!r} is not an amount")
    scaled = units.scaleb(exponent(currency))
    if scaled != scaled.to_integral_value():
        raise BadMoney(f"{text!r} has more decimals than {currency} has")
    return Money(int(scaled), currency).minor


def units_text(minor: int, currency: str) -> str:
    """The amount in units as a plain decimal text, for files: ``-12.50``."""
    places = exponent(currency)
    digits = f"{abs(minor):0{places + 1}d}"
    whole, rest = digits[: len(digits) - places], digits[len(digits) - places :]
    return ("-" if minor < 0 else "") + whole + ("." + rest if places else "")
