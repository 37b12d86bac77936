"""Refunds: whole or in part, at once, later, or back again."""

from sqlalchemy import text

from core.gateways.simulator import parameters as read
from core.gateways.simulator.cards import card_ending
from core.gateways.simulator.ledger import enter
from core.gateways.simulator.shapes import CHARGE, PAYMENT_INTENT, REFUND
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields, Problem, missing

CREATE_FIELDS = {
    "amount": read.amount,
    "charge": read.text,
    "expand": read.texts,
    "metadata": read.metadata,
    "payment_intent": read.text,
    "reason": read.one_of("duplicate", "fraudulent", "requested_by_customer"),
}
SETTLES_AFTER = 60
"""Seconds until a refund that waits is decided."""
_DUE = """
select body ->> 'id' as id, settles_as from simulator.refunds
where settles_at <= :now
order by settles_at, seq
limit 100
"""
_WON = """
select exists (
  select from simulator.disputes where body ->> 'charge' = :id and body ->> 'status' = 'won'
)
"""


def create(store: Store, asked: Fields) -> Fields:
    """Pay back on a charge. Raises Problem when it is not there or holds less than that."""
    charge = store.find(CHARGE, _charge_id(store, asked), "charge", lock=True)
    rest = charge["amount_captured"] - charge["amount_refunded"]
    amount = asked.get("amount", rest)
    _refuse(store, charge, rest, amount)
    behaviour = _behaviour(charge)
    number = store.new_id(REFUND.prefix)
    line = enter(store, "refund", number, -amount, charge["currency"])
    facts = {
        "id": number,
        "amount": amount,
        "balance_transaction": line["id"],
        "charge": charge["id"],
        "currency": charge["currency"],
        "metadata": asked.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": asked.get("reason"),
        "status": "pending" if behaviour == "later" else "succeeded",
    }
    if behaviour == "later":
        facts["pending_reason"] = "processing"
    waits = behaviour != "at_once"
    made = store.add(
        REFUND,
        facts,
        settles_at=store.now + SETTLES_AFTER if waits else None,
        settles_as=behaviour if waits else None,
    )
    _move(store, charge, amount)
    store.tell("refund.created", made)
    return made


def settle(store: Store) -> None:
    """Decide the refunds whose time has come."""
    for number, behaviour in store.connection.execute(text(_DUE), {"now": store.now}).all():
        refund = store.find(REFUND, number)
        if behaviour == "comes_back":
            _come_back(store, refund)
        else:
            done = store.change(REFUND, number, status="succeeded", pending_reason=None)
            store.tell("refund.updated", done, {"status": "pending"})
        store.connection.execute(
            text(
                "update simulator.refunds set settles_at = null, settles_as = null where id = :id"
            ),
            {"id": number},
        )


def _charge_id(store: Store, asked: Fields) -> str:
    if "charge" in asked:
        return str(asked["charge"])
    if "payment_intent" not in asked:
        raise missing("charge")
    intent = store.find(PAYMENT_INTENT, asked["payment_intent"], "payment_intent")
    if intent["latest_charge"] is None:
        raise Problem(400, "This payment has no charge to refund.", param="payment_intent")
    return str(intent["latest_charge"])


def _refuse(store: Store, charge: Fields, rest: int, amount: int) -> None:
    number = charge["id"]
    if charge["status"] != "succeeded":
        raise Problem(400, f"Charge {number} did not succeed; there is nothing to refund.")
    if charge["disputed"] and not store.connection.scalar(text(_WON), {"id": number}):
        raise Problem(400, f"Charge {number} has been charged back.", code="charge_disputed")
    if rest == 0:
        raise Problem(
            400,
            f"Charge {number} has already been refunded.",
            code="charge_already_refunded",
        )
    if amount > rest:
        raise Problem(
            400,
            f"Refund amount ({amount}) is greater than unrefunded amount on charge ({rest}).",
            param="amount",
        )


def _behaviour(charge: Fields) -> str:
    details = charge["payment_method_details"] or {}
    card = card_ending(details.get("card", {}).get("last4"))
    return card.refund if card else "at_once"


def _come_back(store: Store, refund: Fields) -> None:
    charge = store.find(CHARGE, refund["charge"], lock=True)
    line = enter(store, "refund_failure", refund["id"], refund["amount"], refund["currency"])
    failed = store.change(
        REFUND,
        refund["id"],
        status="failed",
        failure_reason="expired_or_canceled_card",
        failure_balance_transaction=line["id"],
    )
    _move(store, charge, -refund["amount"])
    store.tell("refund.failed", failed, {"status": refund["status"]})


def _move(store: Store, charge: Fields, amount: int) -> None:
    refunded = charge["amount_refunded"] + amount
    changed = store.change(
        CHARGE,
        charge["id"],
        amount_refunded=refunded,
        refunded=refunded == charge["amount_captured"],
    )
    if amount > 0:
        store.tell("charge.refunded", changed, {"amount_refunded": charge["amount_refunded"]})
