"""How an amount relates to what is owed: whole, short by a fee, a share, too much (UNM.2)."""

from dataclasses import dataclass

from core.matching import facts
from core.money import exponent

SHARES = ((1, 2), (1, 3), (2, 3), (1, 4), (3, 4), (1, 5), (2, 5), (3, 5), (4, 5), (1, 10), (9, 10))
"""Shares of an invoice that people pay on purpose."""
_NEAR_EURO = "EUR USD GBP CHF CAD AUD NZD SGD KWD BHD OMR JOD"
NEAR_EURO = frozenset(_NEAR_EURO.split())


@dataclass(frozen=True, slots=True)
class Tolerances:
    """What banks and exchange may take: in percent, and a fixed fee in whole units.

    `fee_units` is for currencies near the euro, `fee_units_else` for all others.
    """

    percent: int = 4
    fee_units: int = 40
    fee_units_else: int = 400

    def of(self, currency: str) -> "Limits":
        """The limits in a currency."""
        units = self.fee_units if currency in NEAR_EURO else self.fee_units_else
        unit_minor = int(10 ** exponent(currency))
        return Limits(self.percent, units * unit_minor, unit_minor)


@dataclass(frozen=True, slots=True)
class Limits:
    """Tolerances of one currency: percent, the largest fixed fee, one whole unit for rounding."""

    percent: int
    fee_minor: int
    unit_minor: int


def amount_fact(amount_minor: int, due_minor: int, within: Limits) -> int:
    """The one fact about an amount against what is owed, both in minor units of one currency."""
    short = due_minor - amount_minor
    if short == 0:
        return facts.EXACT
    if abs(short) < max(within.unit_minor, 2) and 100 * abs(short) < 3 * due_minor:
        return facts.ROUNDED
    return _short(short, due_minor, within) if short > 0 else _over(-short, due_minor, within)


def _over(over: int, due_minor: int, within: Limits) -> int:
    if over * 100 <= within.percent * due_minor:
        return facts.SLIGHTLY_OVER
    return facts.OVER if over <= due_minor else facts.FAR


def _short(short: int, due_minor: int, within: Limits) -> int:
    if short * 100 <= within.percent * due_minor:
        return facts.FEE
    if short <= within.fee_minor and short * 3 <= due_minor:
        return facts.FIXED_FEE
    return facts.SHARE if _plain_share(due_minor - short, due_minor) else facts.PARTIAL


def _plain_share(amount_minor: int, due_minor: int) -> bool:
    return any(abs(amount_minor * whole - due_minor * part) <= whole for part, whole in SHARES)
