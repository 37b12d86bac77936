"""Customers, their stored cards, and the set-up of a card to be charged later."""

from typing import Any

from core.gateways.simulator import parameters as read
from core.gateways.simulator.cards import (
    NOT_AUTHENTICATED,
    Card,
    Decline,
    card_ending,
    card_of,
)
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
UPDATE_FIELDS = {
    **CUSTOMER_FIELDS,
    "invoice_settings": read.group(default_payment_method=read.text),
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


def update_customer(store: Store, given: str, asked: Fields) -> Fields:
    """Change what is known of a customer; metadata is added to, and an empty value taken out."""
    known = store.find(CUSTOMER, given, lock=True)
    chosen = asked.get("invoice_settings", {}).get("default_payment_method")
    if chosen:
        method = store.find(PAYMENT_METHOD, chosen, "invoice_settings[default_payment_method]")
        if method["customer"] != given:
            raise Problem(
                400,
                "The customer does not have a payment method with this ID.",
                param="invoice_settings[default_payment_method]",
            )
    facts = dict(asked)
    if "invoice_settings" in facts:
        facts["invoice_settings"] = known["invoice_settings"] | {
            "default_payment_method": chosen or None
        }
    if "metadata" in facts:
        both = known["metadata"] | facts["metadata"] if facts["metadata"] else {}
        facts["metadata"] = {name: value for name, value in both.items() if value}
    return _change_customer(store, known, facts)


def _change_customer(store: Store, known: Fields, facts: Fields) -> Fields:
    before = {name: known[name] for name, value in facts.items() if known[name] != value}
    changed = store.change(CUSTOMER, known["id"], **facts)
    if before:
        store.tell("customer.updated", changed, before)
    return changed


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
    return keep(store, method, asked["customer"])


def keep(store: Store, method: Fields, customer: str) -> Fields:
    """Store a card with a customer whatever kind of card it is."""
    changed = store.change(PAYMENT_METHOD, method["id"], customer=customer)
    store.tell("payment_method.attached", changed)
    return changed


def detach(store: Store, given: str, _asked: Fields) -> Fields:
    """Take a card away from its customer."""
    method = store.find(PAYMENT_METHOD, given, "payment_method", lock=True)
    if method["customer"] is None:
        raise Problem(400, "The payment method is not attached to a customer.")
    changed = store.change(PAYMENT_METHOD, given, customer=None)
    store.tell("payment_method.detached", changed, {"customer": method["customer"]})
    owner = store.find(CUSTOMER, method["customer"], lock=True)
    if owner["invoice_settings"]["default_payment_method"] == given:
        settings = owner["invoice_settings"] | {"default_payment_method": None}
        _change_customer(store, owner, {"invoice_settings": settings})
    return changed


def list_methods(store: Store, given: str, asked: Fields) -> Fields:
    """The cards of a customer, who is named by the path or by a parameter."""
    if not given and "customer" not in asked:
        raise missing("customer")
    if given:
        store.find(CUSTOMER, given)
    url = f"/v1/customers/{given}/payment_methods" if given else "/v1/payment_methods"
    return store.page(PAYMENT_METHOD, url, asked, {"customer": given or asked["customer"]})


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


def confirm_setup(store: Store, given: str, token: str) -> Fields:
    """Set a card up for an intent that has none yet. Raises Declined, Problem."""
    intent = store.find(SETUP_INTENT, given, lock=True)
    if intent["status"] != "requires_payment_method":
        raise Problem(
            400,
            f"The setup intent is {intent['status']} and cannot be confirmed.",
            code="setup_intent_unexpected_state",
            setup_intent=intent,
        )
    return _set_up(store, intent, token)


def authenticate_setup(store: Store, given: str, *, passed: bool) -> Fields:
    """The card's holder came back from the bank. Raises Declined when it said no."""
    intent = store.find(SETUP_INTENT, given, lock=True)
    if passed:
        return _done(store, intent, store.find(PAYMENT_METHOD, intent["payment_method"]))
    raise _not_set_up(store, intent, NOT_AUTHENTICATED)


def _set_up(store: Store, intent: Fields, given: str) -> Fields:
    method, card = resolve(store, given)
    if card.decline is not None and card.declines_stored:
        raise _not_set_up(store, intent, card.decline, method)
    if card.decline is not None and card.decline.code == "authentication_required":
        action = {"type": "use_stripe_sdk", "use_stripe_sdk": {}}
        return store.change(
            SETUP_INTENT,
            intent["id"],
            status="requires_action",
            next_action=action,
            payment_method=method["id"],
        )
    return _done(store, intent, method)


def _done(store: Store, intent: Fields, method: Fields) -> Fields:
    if intent["customer"] is not None:
        keep(store, method, intent["customer"])
    done = store.change(
        SETUP_INTENT,
        intent["id"],
        status="succeeded",
        last_setup_error=None,
        next_action=None,
        payment_method=method["id"],
    )
    store.tell("setup_intent.succeeded", done)
    return done


def _not_set_up(
    store: Store, intent: Fields, decline: Decline, method: Fields | None = None
) -> Declined:
    about = {"payment_method": method} if method else {}
    plain = refusal(decline, **about).body["error"]
    failed = store.change(
        SETUP_INTENT,
        intent["id"],
        status="requires_payment_method",
        last_setup_error=plain,
        next_action=None,
        payment_method=None,
    )
    store.tell("setup_intent.setup_failed", failed)
    return refusal(decline, setup_intent=failed, **about)
