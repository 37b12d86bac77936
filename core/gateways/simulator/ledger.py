"""The gateway's own ledger: what each movement adds to the balance, and what it costs."""

from core.gateways.simulator.shapes import BALANCE_TRANSACTION
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields
from core.money import round_half_up

FEE_BP = 150
FEE_FIXED = {"eur": 25, "usd": 30, "sek": 180, "gbp": 20}
"""The fixed part of a charge's fee; other currencies have only the share."""
AVAILABLE_AFTER = 2 * 86_400
CATEGORY = {"charge": "charge", "refund": "refund", "refund_failure": "refund_failure"}


def fee_on(amount: int, currency: str) -> int:
    """What the gateway keeps of a charge."""
    return min(amount, round_half_up(amount * FEE_BP, 10_000) + FEE_FIXED.get(currency, 0))


def enter(store: Store, kind: str, source: str, amount: int, currency: str, fee: int = 0) -> Fields:
    """Add a line; `amount` is positive when money comes to us."""
    details = [
        {
            "amount": fee,
            "application": None,
            "currency": currency,
            "description": "Processing fees",
            "type": "stripe_fee",
        }
    ]
    return store.add(
        BALANCE_TRANSACTION,
        {
            "amount": amount,
            "available_on": store.now + AVAILABLE_AFTER,
            "currency": currency,
            "fee": fee,
            "fee_details": details if fee else [],
            "net": amount - fee,
            "reporting_category": CATEGORY[kind],
            "source": source,
            "status": "pending",
            "type": kind,
        },
    )
