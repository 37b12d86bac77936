"""Customers, their stored cards, and the set-up of a card to be charged later."""

from typing import Any

from core.gateways.simulator import parameters as read
from core.gateways.simulator.cards import Card, Decline, card_ending, card_of
from core.gateways.simulator.shapes import CUSTOMER, PAYMENT_METHOD, SETUP_INTENT
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Declined, Fields, Problem, missing

CUSTOMER_FIELDS = {
    "description": read.text,
    "email": read.text,
    "expand": read.texts,
    "metadata": read.metadata,
    "name": read.text,
    "phone": read.text,
}
SETUP_FIELDS = {
    "automatic_payment_methods": read.group(
        enabled=read.flag, allow_redirects=read.one_of("always", "never")
    ),
    "confirm": read.flag,
    "customer": read.text,
    "description": read.text,
    "expand": read.texts,
    "metadata": read.metadata,
    "payment_method": read.text,
    "usage": read.one_of("off_session", "on_session"),
}


def create_customer(store: Store, asked: Fields) -> Fields:
    """Keep a customer."""
    made = store.add(CUSTOMER, asked)
    store.tell("customer.created", made)
    return made


def resolve(store: Store, given: str) -> tuple[Fields, Card]:
    """A payment method by its id, or a new one by a test token. Raises Problem, 404."""
    card = card_of(given)
    if card is not None:
        return store.add(PAYMENT_METHOD, {"card": card.wire()}), card
    found = store.find(PAYMENT_METHOD, given, "payment_method", lock=True)
    stored = card_ending(found["card"]["last4"])
    assert stored is not None
    return found, stored


def attach(store: Store, given: str, asked: Fields) -> Fields:
    """Store a card with a customer. Raises Declined, Problem."""
    store.find(CUSTOMER, asked["customer"], "customer")
    method, card = resolve(store, given)
    if method["customer"] not in (None, asked["customer"]):
        raise Problem(400, "The payment method is attached to a customer already.")
    if card.decline is not None and card.declines_stored:
        raise refusal(card.decline)
    return _attach(store, method, asked["customer"])


def detach(store: Store, given: str, _asked: Fields) -> Fields:
    """Take a card away from its customer."""
    method = store.find(PAYMENT_METHOD, given, "payment_method", lock=True)
    if method["customer"] is None:
        raise Problem(400, "The payment method is not attached to a customer.")
    changed = store.change(PAYMENT_METHOD, given, customer=None)
    store.tell("payment_method.detached", changed, {"customer": method["customer"]})
    return changed


def list_methods(store: Store, url: str, asked: Fields) -> Fields:
    """The cards of a customer."""
    if "customer" not in asked:
        raise missing("customer")
    return store.page(PAYMENT_METHOD, url, asked, {"customer": asked["customer"]})


def create_setup(store: Store, asked: Fields) -> Fields:
    """Begin to set a card up and, when confirmed at once, store it. Raises Declined, Problem."""
    if "customer" in asked:
        store.find(CUSTOMER, asked["customer"], "customer")
    if asked.pop("confirm", False) and "payment_method" not in asked:
        raise missing("payment_method")
    given = asked.pop("payment_method", None)
    number = store.new_id(SETUP_INTENT.prefix)
    secret = {"id": number, "client_secret": store.new_id(f"{number}_secret")}
    intent = store.add(SETUP_INTENT, {**secret, **asked, "status": "requires_payment_method"})
    return intent if given is None else _set_up(store, intent, given)


def refusal(decline: Decline, **facts: Any) -> Declined:
    """A decline as an error."""
    return Declined(
        decline.message,
        code=decline.code,
        **({"decline_code": decline.decline_code} if decline.decline_code else {}),
        **({"advice_code": decline.advice_code} if decline.advice_code else {}),
        **facts,
    )


def _attach(store: Store, method: Fields, customer: str) -> Fields:
    changed = store.change(PAYMENT_METHOD, method["id"], customer=customer)
    store.tell("payment_method.attached", changed)
    return changed


def _set_up(store: Store, intent: Fields, given: str) -> Fields:
    method, card = resolve(store, given)
    if card.decline is not None and card.declines_stored:
        plain = refusal(card.decline, payment_method=method).body["error"]
        failed = store.change(SETUP_INTENT, intent["id"], last_setup_error=plain)
        store.tell("setup_intent.setup_failed", failed)
        raise refusal(card.decline, payment_method=method, setup_intent=failed)
    if card.decline is not None and card.decline.code == "authentication_required":
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return store.change(
            SETUP_INTENT,
            intent["id"],
            status="requires_action",
            next_action=action,
            payment_method=method["id"],
        )
    if intent["customer"] is not None:
        _attach(store, method, intent["customer"])
    done = store.change(SETUP_INTENT, intent["id"], status="succeeded", payment_method=method["id"])
    store.tell("setup_intent.succeeded", done)
    return done
