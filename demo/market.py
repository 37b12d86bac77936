"""The market of the simulated company: who signs up, for what, how they pay, when they leave."""

from dataclasses import dataclass
from datetime import date
from random import Random

from demo.calendar import months_before, months_between

COUNTRIES = {"SE": 34, "DE": 19, "NO": 13, "FR": 10, "NG": 12, "US": 12}
CURRENCIES = {
    "SE": {"SEK": 1},
    "DE": {"EUR": 1},
    "NO": {"EUR": 1, "SEK": 1},
    "FR": {"EUR": 1},
    "NG": {"NGN": 1},
    "US": {"USD": 1},
}
LANGUAGES = {"SE": "sv", "NO": "en", "DE": "de", "FR": "fr", "NG": "en", "US": "en"}
PLANS = {
    "SE": {"starter": 40, "growth": 35, "pro": 18, "enterprise": 7},
    "NO": {"starter": 38, "growth": 36, "pro": 20, "enterprise": 6},
    "DE": {"starter": 32, "growth": 36, "pro": 23, "enterprise": 9},
    "FR": {"starter": 48, "growth": 34, "pro": 14, "enterprise": 4},
    "NG": {"starter": 58, "growth": 30, "pro": 10, "enterprise": 2},
    "US": {"starter": 36, "growth": 34, "pro": 22, "enterprise": 8},
}
CYCLES = {"monthly": 64, "quarterly": 12, "semiannual": 6, "annual": 18}
SEND_INVOICE_PERCENT = {
    "starter": 16,
    "growth": 45,
    "pro": 70,
    "enterprise": 92,
}
WALLET_PERCENT = 16
"""Of those who could pay by card, how many pay ahead."""
TRANSFER_COUNTRIES = ("SE", "NO", "DE")
SEASON_PERCENT = (125, 105, 105, 100, 95, 85, 45, 90, 135, 115, 105, 55)
"""January to December: slow in July and December, strong in September and January."""
BAD_QUARTER = range(13, 16)
"""Months 14 to 16 of the company's life: a failed release, then recovery."""
HABITS = {
    "early": (30, -9, -1),
    "punctual": (36, -3, 0),
    "late": (20, 3, 11),
    "very_late": (8, 12, 40),
    "erratic": (6, -4, 40),
}
"""Share of payers, and days after the due date on which they pay: from, to."""
DECLINE_PER_MILLE = {"SE": 22, "NO": 24, "DE": 30, "FR": 34, "NG": 80, "US": 46}
REASONS = {
    "too_expensive": 26,
    "missing_features": 20,
    "switched_service": 18,
    "low_usage": 16,
    "support": 7,
    "out_of_business": 6,
    "other": 5,
    "unknown": 2,
}
BAD_QUARTER_REASONS = {
    "support": 34,
    "missing_features": 28,
    "switched_service": 22,
    "too_expensive": 10,
    "other": 6,
}
WORDS = {
    "too_expensive": "The customer found the price too high at renewal",
    "missing_features": "The customer needs customs papers, which we do not offer",
    "switched_service": "The customer moved to a competitor",
    "low_usage": "The customer hardly used the platform",
    "support": "The customer complained about outages and slow answers",
    "out_of_business": "The customer closes its business",
    "other": "The customer was acquired and uses the parent's system",
    "unknown": "The customer gave no reason when asked by phone",
}
STANDARD_TENANTS = 300
"""The number of tenants for which sums of the company as a whole are given."""


@dataclass(frozen=True)
class Profile:
    """A sign-up as drawn: what it wants and how it behaves."""

    signs_up_on: date
    country: str
    currency: str
    plan: str
    cycle: str
    provider: str
    collection: str
    habit: str
    trial: bool
    converts: bool
    discount_percent: int
    sales_units: int


def sign_ups(rng: Random, tenants: int, start: date, until: date) -> list[Profile]:
    """All sign-ups of the company's life, by day; growing, with seasons and one bad quarter."""
    last = months_between(start, until)
    weights = []
    for n in range(last + 1):
        month = months_before(start, -n)
        weight = (100 + 9 * n) * SEASON_PERCENT[month.month - 1]
        weight = weight * 50 // 100 if n in BAD_QUARTER else weight
        weight = weight * 420 // 100 if n == 0 else weight
        weight = weight * until.day // 30 if n == last else weight
        weights.append(weight)
    drawn = sorted(rng.choices(range(last + 1), weights, k=tenants))
    profiles = []
    for n in drawn:
        month = months_before(start, -n)
        longest = until.day if n == last else 28
        profiles.append(_profile(rng, month.replace(day=rng.randint(1, longest))))
    return sorted(profiles, key=lambda each: each.signs_up_on)


def pick(rng: Random, weights: dict[str, int]) -> str:
    """One key, by weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def churn_per_mille(plan: str, month: int) -> int:
    """Chance of leaving within a month, in thousandths."""
    base = {"free": 30, "starter": 20, "growth": 14, "pro": 10, "enterprise": 7}[plan]
    if month in BAD_QUARTER:
        return base * 48 // 10
    return base * 85 // 100 if month > BAD_QUARTER.stop else base


def _profile(rng: Random, day: date) -> Profile:
    country = pick(rng, COUNTRIES)
    plan = pick(rng, PLANS[country])
    cycle = pick(rng, CYCLES)
    transfer = country in TRANSFER_COUNTRIES and rng.randrange(100) < SEND_INVOICE_PERCENT[plan]
    provider = "bankgirot" if country == "SE" else "bank"
    if not transfer:
        paypal = country not in ("NG", "SE") and rng.randrange(100) < 14
        provider = "paystack" if country == "NG" else "paypal" if paypal else "stripe"
    collection = "send_invoice" if transfer else "charge_automatically"
    if provider in ("stripe", "paystack") and rng.randrange(100) < WALLET_PERCENT:
        collection = "wallet"
    trial = plan != "enterprise" and rng.randrange(100) < 86
    big = plan in ("pro", "enterprise")
    return Profile(
        signs_up_on=day,
        country=country,
        currency=pick(rng, CURRENCIES[country]),
        plan=plan,
        cycle=cycle,
        provider=provider,
        collection=collection,
        habit=pick(rng, {name: share for name, (share, _, _) in HABITS.items()}),
        trial=trial,
        converts=not trial or rng.randrange(100) < 60,
        discount_percent=rng.choice((10, 15, 20)) if big and rng.randrange(100) < 25 else 0,
        sales_units=rng.randint(1_200, 6_500)
        * {"growth": 2, "pro": 5, "enterprise": 12}.get(plan, 1),
    )
