"""The tax of a document in the currency of its issuer's country, where that is another one.

A Swedish invoice in euro states its tax in kronor too (Council Directive 2006/112/EC, article
230), at the rate last published on the day of issue.
"""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from babel.numbers import get_territory_currencies
from sqlalchemy import text

from core.documents.records import HomeTax
from core.money import exponent, rounded
from core.work import Work

EURO = "EUR"
RATE_PLACES = Decimal("0.0001")
_RATES = text("""
-- What was one unit of each currency worth on a day? One row per currency, EUR per unit.
select distinct on (currency) currency, rate_to_eur, rated_on
from fx_rate
where currency = any(:currencies) and rated_on <= :on
order by currency, rated_on desc
""")


def home_tax(
    work: Work, issuer_tax_id: str, currency: str, tax_minor: int, on: date
) -> HomeTax | None:
    """The tax at the rate of a day; None where none is due, needed or no rate is known."""
    home = home_currency(issuer_tax_id)
    if home is None or home == currency or not tax_minor:
        return None
    found = work.session.execute(_RATES, {"currencies": [home, currency], "on": on}).all()
    worth = {row.currency: Fraction(row.rate_to_eur) for row in found} | {EURO: Fraction(1)}
    if home not in worth or currency not in worth:
        return None
    rate = worth[currency] / worth[home]
    shift = Fraction(10) ** (exponent(home) - exponent(currency))
    return HomeTax(
        home,
        rounded(tax_minor * rate * shift),
        (Decimal(rate.numerator) / Decimal(rate.denominator)).quantize(RATE_PLACES),
        min(row.rated_on for row in found),
    )


def home_currency(issuer_tax_id: str) -> str | None:
    """The currency of the country a VAT number begins with; None without one."""
    codes: list[str] = get_territory_currencies(issuer_tax_id.strip()[:2].upper())
    return codes[0] if codes else None
