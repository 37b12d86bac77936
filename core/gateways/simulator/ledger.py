"""The gateway's own ledger: what each movement adds to the balance, and what it costs."""

from core.gateways.simulator.shapes import BALANCE_TRANSACTION
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields
from core.money import round_half_up

FEE_BP = 150
FEE_FIXED = {"eur": 25, "usd": 30, "sek": 180, "gbp": 20}
"""The fixed part of a charge's fee; other currencies have only the share."""
AVAILABLE_AFTER = 2 * 86_400
DISPUTE_FEE = {"eur": 1_500, "usd": 1_500, "sek": 15_000, "gbp": 2_000}
"""What a dispute costs, also when it is won; nothing in other currencies."""
_CATEGORY = {"payout_failure": "payout_reversal", "payout_cancel": "payout_reversal"}
"""Reporting categories that are called otherwise than the kind of movement."""
_TYPE = {"dispute": "adjustment", "dispute_reversal": "adjustment"}
_AT_ONCE = frozenset(("dispute", "dispute_reversal", "payout", "payout_cancel", "payout_failure"))
"""Movements that change the available balance and not the pending one."""


def fee_on(amount: int, currency: str) -> int:
    """What the gateway keeps of a charge."""
    return min(amount, round_half_up(amount * FEE_BP, 10_000) + FEE_FIXED.get(currency, 0))


def enter(
    store: Store,
    kind: str,
    source: str,
    amount: int,
    currency: str,
    fee: int = 0,
    payout: str | None = None,
) -> Fields:
    """Add a line; `amount` is positive when money comes to us, `payout` is what pays the line."""
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Dispute fee" if kind == "dispute" else "Processing fees",
            "type": "stripe_fee",
        }
    ]
    at_once = kind in _AT_ONCE
    return store.add(
        BALANCE_TRANSACTION,
        {
            "amount": amount,
            "available_on": store.now + (0 if at_once else AVAILABLE_AFTER),
            "currency": currency,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": _CATEGORY.get(kind, kind),
            "source": source,
            "status": "available" if at_once else "pending",
            "type": _TYPE.get(kind, kind),
        },
        payout=payout,
    )
