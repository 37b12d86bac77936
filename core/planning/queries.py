"""Reads of exchange rates."""

from datetime import date
from fractions import Fraction

from sqlalchemy import select

from core.money import exponent, rounded
from core.planning.models import FxRate
from core.work import Work


def in_eur_cents(work: Work, amount_minor: int, currency: str, on: date) -> int | None:
    """An amount in EUR cents at the rate last published on or before a day; None without a rate."""
    if currency == "EUR":
        return amount_minor
    rate = work.session.scalar(
        select(FxRate.rate_to_eur)
        .where(FxRate.currency == currency, FxRate.rated_on <= on)
        .order_by(FxRate.rated_on.desc())
        .limit(1)
    )
    if rate is None:
        return None
    scale = Fraction(10) ** (exponent("EUR") - exponent(currency))
    return rounded(amount_minor * Fraction(rate) * scale)
