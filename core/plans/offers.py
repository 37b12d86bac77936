"""What the public pricing page offers: prices, what they are a month, what they save (PLN.3)."""

from dataclasses import dataclass
from datetime import date

from core.money import round_half_up
from core.plans.facts import PlanFacts
from core.plans.queries import PlanRow, plan_rows
from core.work import Work

MONTHS = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12}
"""The cycles that are offered in public, with the months each stands for."""


@dataclass(frozen=True)
class Quote:
    """The price of a whole cycle, the same a month, and what it saves; in minor units."""

    amount_minor: int
    monthly_minor: int
    saved_percent: int


@dataclass(frozen=True)
class Offer:
    """An active plan in one currency; a cycle without a price has no quote."""

    slug: str
    facts: PlanFacts
    quotes: dict[str, Quote]


@dataclass(frozen=True)
class Pricing:
    """The pricing page in one currency, and the currencies there are prices in."""

    currency: str
    currencies: list[str]
    offers: list[Offer]


def pricing(work: Work, currency: str | None = None) -> Pricing:
    """The active plans at today's prices, in the order of the pricing page; open to everybody.

    A currency without prices gives way to the reporting currency, and that to the first there is.
    """
    rows = plan_rows(work, active_only=True)
    offered = sorted({code for row in rows for code in row.currencies if _sells(row, code, work)})
    usual = work.settings.reporting_currency
    chosen = next((code for code in (currency, usual, *offered) if code in offered), None) or usual
    return Pricing(
        chosen,
        offered,
        [Offer(row.slug, row.facts, _quotes(row, chosen, work.today)) for row in rows],
    )


def quote(amount_minor: int, months: int, monthly_minor: int | None) -> Quote:
    """A cycle's price beside the monthly one, None when there is none to compare with.

    The saving is what the cycle costs less than that many months, in whole percent rounded down;
    the price a month is rounded half up and says nothing of what is charged.
    """
    whole = (monthly_minor or 0) * months
    saved = (whole - amount_minor) * 100 // whole if whole > amount_minor else 0
    return Quote(amount_minor, round_half_up(amount_minor, months), saved)


def _sells(row: PlanRow, currency: str, work: Work) -> bool:
    return any(row.price(cycle, currency, work.today) for cycle in MONTHS)


def _quotes(row: PlanRow, currency: str, today: date) -> dict[str, Quote]:
    found = {cycle: row.price(cycle, currency, today) for cycle in MONTHS}
    monthly = found["monthly"]
    return {
        cycle: quote(price.amount_minor, MONTHS[cycle], monthly.amount_minor if monthly else None)
        for cycle, price in found.items()
        if price is not None
    }
