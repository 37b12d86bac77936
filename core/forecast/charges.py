"""Renewals that a card will pay in the coming weeks, as the daily run foresees them (SUB.5)."""

from dataclasses import dataclass
from datetime import date, timedelta

from core.subscriptions.renewals import COMING, renewals
from core.work import Work

DAYS = 13 * 7
STILL_TODAY = timedelta(days=1)
"""How old a day may be whose coming renewals are still those of today."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A card's payment of a renewal, tax included, what credit covers left out; minor units."""

    on: date
    currency: str
    amount_minor: int


def card_renewals(work: Work, day: date | None = None) -> list[Charge] | None:
    """The next renewal of each subscription that a card pays, up to 13 weeks ahead.

    None for a day that is over, since what was foreseen on it was not kept. A wallet's renewal
    moves no cash, its recharge is not foreseen; invoiced ones are not issued yet. Needs
    `billing.read`.
    """
    work.require("billing.read")
    if day is not None and not timedelta(0) <= work.today - day <= STILL_TODAY:
        return None
    return [
        Charge(row.renews_on, row.currency, row.expected_minor - row.credit_minor)
        for row in renewals(work, DAYS).rows
        if row.collection == "charge_automatically"
        and row.outcome in COMING
        and row.expected_minor > row.credit_minor
    ]
