"""Payment intents and the charges they make."""

from core.gateways.simulator import parameters as read
from core.gateways.simulator.cards import NOT_AUTHENTICATED, Card, Decline
from core.gateways.simulator.disputes import open_dispute
from core.gateways.simulator.ledger import enter, fee_on
from core.gateways.simulator.people import keep, refusal, resolve
from core.gateways.simulator.shapes import CHARGE, CUSTOMER, PAYMENT_INTENT
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Declined, Fields, Problem, missing

CREATE_FIELDS = {
    "amount": read.amount,
    "automatic_payment_methods": read.group(
        enabled=read.flag, allow_redirects=read.one_of("always", "never")
    ),
    "capture_method": read.one_of("automatic", "automatic_async"),
    "confirm": read.flag,
    "currency": read.currency,
    "customer": read.text,
    "description": read.text,
    "expand": read.texts,
    "metadata": read.metadata,
    "off_session": read.flag,
    "payment_method": read.text,
    "setup_future_usage": read.one_of("off_session", "on_session"),
    "statement_descriptor_suffix": read.text,
}
CONFIRM_FIELDS = {"expand": read.texts, "off_session": read.flag, "payment_method": read.text}


def create(store: Store, asked: Fields) -> Fields:
    """Begin a payment and, when confirmed at once, make it. Raises Declined, Problem."""
    confirm, off_session = asked.pop("confirm", False), asked.pop("off_session", None)
    given = asked.pop("payment_method", None)
    if off_session is not None and not confirm:
        raise Problem(
            400, "off_session is only for a payment that is confirmed.", param="off_session"
        )
    if confirm and given is None:
        raise missing("payment_method")
    if "customer" in asked:
        store.find(CUSTOMER, asked["customer"], "customer")
    number = store.new_id(PAYMENT_INTENT.prefix)
    secret = {"id": number, "client_secret": store.new_id(f"{number}_secret")}
    intent = store.add(PAYMENT_INTENT, {**secret, **asked, "status": "requires_payment_method"})
    store.tell("payment_intent.created", intent)
    if given is None:
        return intent
    method, card = resolve(store, given)
    _belongs(intent, method)
    if confirm:
        return _pay(store, intent, method, card, off_session=bool(off_session))
    return store.change(
        PAYMENT_INTENT, number, status="requires_confirmation", payment_method=method["id"]
    )


def confirm(store: Store, given: str, asked: Fields) -> Fields:
    """Make the payment of an intent. Raises Declined, Problem."""
    intent = store.find(PAYMENT_INTENT, given, "intent", lock=True)
    if intent["status"] not in ("requires_payment_method", "requires_confirmation"):
        raise Problem(
            400,
            f"The payment intent is {intent['status']} and cannot be confirmed.",
            code="payment_intent_unexpected_state",
            payment_intent=intent,
        )
    chosen = asked.get("payment_method") or intent["payment_method"]
    if chosen is None:
        raise missing("payment_method")
    method, card = resolve(store, chosen)
    _belongs(intent, method)
    return _pay(store, intent, method, card, off_session=asked.get("off_session", False))


def authenticate(store: Store, given: str, *, passed: bool) -> Fields:
    """The payer came back from the card's bank. Raises Declined when it said no."""
    intent = store.find(PAYMENT_INTENT, given, "intent", lock=True)
    method, card = resolve(store, intent["payment_method"])
    if passed:
        return _succeed(store, intent, method, card)
    raise _failed(store, intent, NOT_AUTHENTICATED, {"payment_method": method})


def cancel(store: Store, given: str, reason: str) -> None:
    """Give an unpaid payment up."""
    intent = store.find(PAYMENT_INTENT, given, "intent", lock=True)
    if intent["status"] not in ("succeeded", "canceled"):
        facts = {"canceled_at": store.now, "cancellation_reason": reason, "next_action": None}
        canceled = store.change(PAYMENT_INTENT, given, status="canceled", **facts)
        store.tell("payment_intent.canceled", canceled)


def _belongs(intent: Fields, method: Fields) -> None:
    if method["customer"] not in (None, intent["customer"]):
        raise Problem(
            400,
            "The payment method belongs to another customer than the payment.",
            param="payment_method",
        )


def _pay(store: Store, intent: Fields, method: Fields, card: Card, *, off_session: bool) -> Fields:
    decline = card.decline
    if decline is None:
        return _succeed(store, intent, method, card)
    if decline.code == "authentication_required" and not off_session:
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return store.change(
            PAYMENT_INTENT,
            intent["id"],
            status="requires_action",
            next_action=action,
            payment_method=method["id"],
        )
    return _fail(store, intent, method, card, decline)


def _succeed(store: Store, intent: Fields, method: Fields, card: Card) -> Fields:
    number, amount, currency = store.new_id(CHARGE.prefix), intent["amount"], intent["currency"]
    fee = fee_on(amount, currency)
    line = enter(store, "charge", number, amount, currency, fee)
    facts = _charge_facts(intent, method, card) | {
        "id": number,
        "amount_captured": amount,
        "balance_transaction": line["id"],
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
    }
    store.tell("charge.succeeded", store.add(CHARGE, facts))
    if intent["setup_future_usage"] and intent["customer"] and method["customer"] is None:
        keep(store, method, intent["customer"])
    done = store.change(
        PAYMENT_INTENT,
        intent["id"],
        status="succeeded",
        amount_received=amount,
        last_payment_error=None,
        latest_charge=number,
        next_action=None,
        payment_method=method["id"],
    )
    store.tell("payment_intent.succeeded", done)
    if card.disputed:
        open_dispute(store, number)
    return done


def _fail(store: Store, intent: Fields, method: Fields, card: Card, decline: Decline) -> Fields:
    facts = _charge_facts(intent, method, card) | {
        "amount_captured": 0,
        "captured": False,
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": {
            "advice_code": decline.advice_code,
            "network_status": "declined_by_network",
            "reason": decline.decline_code or decline.code,
            "risk_level": "normal",
            "seller_message": "The bank did not approve the payment.",
            "type": "issuer_declined",
        },
        "paid": False,
        "status": "failed",
    }
    charge = store.add(CHARGE, facts)
    store.tell("charge.failed", charge)
    about = {"charge": charge["id"], "payment_method": method}
    raise _failed(store, intent, decline, about, latest_charge=charge["id"])


def _failed(
    store: Store, intent: Fields, decline: Decline, about: Fields, **facts: str
) -> Declined:
    """The payment waits for another card; `about` is what the error names."""
    failed = store.change(
        PAYMENT_INTENT,
        intent["id"],
        status="requires_payment_method",
        last_payment_error=refusal(decline, **about).body["error"],
        next_action=None,
        payment_method=None,
        **facts,
    )
    store.tell("payment_intent.payment_failed", failed)
    return refusal(decline, **about, payment_intent=failed)


def _charge_facts(intent: Fields, method: Fields, card: Card) -> Fields:
    shown = card.wire()
    kept = ("brand", "country", "exp_month", "exp_year", "fingerprint", "funding", "last4")
    return {
        "amount": intent["amount"],
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "metadata": intent["metadata"],
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {
            "card": {name: shown[name] for name in kept} | {"network": card.brand},
            "type": "card",
        },
    }
