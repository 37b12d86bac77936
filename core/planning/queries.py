"""Reads of exchange rates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import select, text

from core.money import exponent, rounded
from core.planning.models import FxRate
from core.work import Work

BASE = "EUR"
_FOLLOWED = text("""
-- Which currencies need rates, and until when has each some? One row per currency other than EUR.
with used as (
  select currency from tenant
  union select currency from plan_price
  union select currency from subscription
  union select currency from plan_history
  union select currency from invoice
  union select currency from payment
  union select currency from cost
  union select currency from cash_balance
  union select currency from bank_statement
  union select currency from gateway_ledger_entry
  union select unnest(cast(:own as text[]))
), rated as (
  select currency, max(rated_on) filter (where rated_on <= :until) as newest_on
  from fx_rate
  group by currency
)
select currency, used.currency is not null as in_use, rated.newest_on
from used full join rated using (currency)
where currency <> :base
order by currency
""")


@dataclass(frozen=True)
class Followed:
    """A currency that needs rates: whether it is in use or only rated, and its newest kept day."""

    in_use: bool
    newest_on: date | None


def followed(work: Work, own: Iterable[str], until: date) -> dict[str, Followed]:
    """The currencies in use, the company's `own` and those with rates, by code; EUR needs none.

    `newest_on` is the newest kept day up to a day, None without one.
    """
    asked = {"own": list(own), "until": until, "base": BASE}
    rows = work.session.execute(_FOLLOWED, asked)
    return {row.currency: Followed(row.in_use, row.newest_on) for row in rows}


def rates_on(work: Work, day: date) -> dict[str, Decimal]:
    """EUR for one unit of each currency, as kept for just this day."""
    kept = select(FxRate.currency, FxRate.rate_to_eur).where(FxRate.rated_on == day)
    return {row.currency: row.rate_to_eur for row in work.session.execute(kept)}


def in_eur_cents(work: Work, amount_minor: int, currency: str, on: date) -> int | None:
    """An amount in EUR cents at the rate last published on or before a day; None without a rate."""
    if currency == BASE:
        return amount_minor
    rate = work.session.scalar(
        select(FxRate.rate_to_eur)
        .where(FxRate.currency == currency, FxRate.rated_on <= on)
        .order_by(FxRate.rated_on.desc())
        .limit(1)
    )
    if rate is None:
        return None
    scale = Fraction(10) ** (exponent(BASE) - exponent(currency))
    return rounded(amount_minor * Fraction(rate) * scale)
