"""Checkout sessions: a page on which somebody pays once, or leaves a card for later."""

import json
from typing import Any

from sqlalchemy import text

from core.gateways.simulator import intents, people
from core.gateways.simulator import parameters as read
from core.gateways.simulator.shapes import (
    CHECKOUT_SESSION,
    CUSTOMER,
    PAYMENT_INTENT,
    SETUP_INTENT,
)
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields, Problem, missing

PATH = "/c/pay/"
DAY = 86_400
SOONEST_END = 1_800
CREATE_FIELDS = {
    "adaptive_pricing": read.group(enabled=read.flag),
    "allowed_payment_method_types": read.several(read.one_of("card")),
    "cancel_url": read.url,
    "client_reference_id": read.text,
    "currency": read.currency,
    "customer": read.text,
    "customer_creation": read.one_of("always", "if_required"),
    "customer_email": read.text,
    "expand": read.texts,
    "expires_at": read.whole,
    "line_items": read.several(
        read.group(
            price_data=read.group(
                currency=read.currency,
                product_data=read.group(name=read.text, description=read.text),
                unit_amount=read.amount,
            ),
            quantity=read.amount,
        )
    ),
    "metadata": read.metadata,
    "mode": read.one_of("payment", "setup"),
    "payment_intent_data": read.group(
        description=read.text,
        metadata=read.metadata,
        setup_future_usage=read.one_of("off_session", "on_session"),
    ),
    "setup_intent_data": read.group(description=read.text, metadata=read.metadata),
    "success_url": read.url,
}
_OTHER_MODE = {
    "payment": ("setup_intent_data",),
    "setup": ("line_items", "payment_intent_data", "adaptive_pricing"),
}
_SHOWN = ("cancel_url", "client_reference_id", "customer", "customer_email", "metadata", "mode")
_SHOWN_TOO = ("adaptive_pricing", "customer_creation", "success_url")


def create(store: Store, asked: Fields) -> Fields:
    """Open a session with a page of its own. Raises Problem for what does not fit together."""
    _fits(store, asked)
    number = store.new_id(CHECKOUT_SESSION.prefix)
    ends = asked.get("expires_at", store.now + DAY)
    facts = {name: asked[name] for name in (*_SHOWN, *_SHOWN_TOO) if name in asked} | {
        "id": number,
        "expires_at": ends,
        "url": f"{store.pages_at}{PATH}{number}",
    }
    paying = asked["mode"] == "payment"
    facts |= _priced(asked) if paying else _to_set_up(store, asked)
    made = store.add(CHECKOUT_SESSION, facts, due_at=ends)
    page = {
        "intent": asked.get("payment_intent_data", {}),
        "lines": [
            {
                "name": item["price_data"]["product_data"]["name"],
                "quantity": item.get("quantity", 1),
                "amount": item["price_data"]["unit_amount"] * item.get("quantity", 1),
            }
            for item in asked.get("line_items", [])
        ],
    }
    store.connection.execute(
        text("update simulator.checkout_sessions set page = cast(:page as jsonb) where id = :id"),
        {"id": number, "page": json.dumps(page)},
    )
    return made


def expire(store: Store, given: str, _asked: Fields) -> Fields:
    """End an open session. Raises Problem for one that is not open."""
    session = store.find(CHECKOUT_SESSION, given, "session", lock=True)
    if session["status"] != "open":
        raise Problem(400, 'Only Checkout Sessions with a status in ["open"] can be expired.')
    return _expire(store, session)


def pay(store: Store, given: str, token: str) -> Fields:
    """Use a card on a session's page; one that is done stays as it is. Raises Declined."""
    session = store.find(CHECKOUT_SESSION, given, "session", lock=True)
    if session["status"] != "open" or _challenged(store, session):
        return session
    if session["mode"] == "setup":
        people.confirm_setup(store, session["setup_intent"], token)
    else:
        session = _with_intent(store, session)
        intents.confirm(store, session["payment_intent"], {"payment_method": token})
    return _finish(store, session)


def authenticate(store: Store, given: str, *, passed: bool) -> Fields:
    """Answer the question of the card's bank. Raises Declined when the answer is no."""
    session = store.find(CHECKOUT_SESSION, given, "session", lock=True)
    if session["status"] != "open" or not _challenged(store, session):
        return session
    if session["mode"] == "setup":
        people.authenticate_setup(store, session["setup_intent"], passed=passed)
    else:
        intents.authenticate(store, session["payment_intent"], passed=passed)
    return _finish(store, session)


def lines_of(store: Store, given: str) -> list[Fields]:
    """What a session's page sells: name, quantity and amount in the gateway's units."""
    return list(_page(store, given)["lines"])


def intent_of(store: Store, session: Fields) -> Fields | None:
    """The payment or the set-up behind a session, once there is one."""
    if session["setup_intent"]:
        return store.find(SETUP_INTENT, session["setup_intent"])
    number = session["payment_intent"]
    return store.find(PAYMENT_INTENT, number) if number else None


def settle(store: Store) -> None:
    """End the sessions whose time is over."""
    for session in store.due(CHECKOUT_SESSION):
        _expire(store, session)


def _fits(store: Store, asked: Fields) -> None:
    mode = asked["mode"]
    for name in _OTHER_MODE[mode]:
        if name in asked:
            raise Problem(400, f"You can not pass `{name}` in `{mode}` mode.", param=name)
    if mode == "payment" and not asked.get("line_items"):
        raise missing("line_items")
    if mode == "setup" and not ({"currency", "allowed_payment_method_types"} & set(asked)):
        raise missing("currency")
    if "customer" in asked:
        store.find(CUSTOMER, asked["customer"], "customer")
        for name in ("customer_creation", "customer_email"):
            if name in asked:
                raise Problem(400, f"You may only specify one of customer and {name}.", param=name)
    if not SOONEST_END <= asked.get("expires_at", store.now + DAY) - store.now <= DAY:
        raise Problem(
            400,
            "The `expires_at` timestamp must be between 30 minutes and 24 hours from now.",
            param="expires_at",
        )


def _priced(asked: Fields) -> Fields:
    prices = [item.get("price_data") or {} for item in asked["line_items"]]
    for place, price in enumerate(prices):
        for name in ("currency", "product_data", "unit_amount"):
            if name not in price:
                raise missing(f"line_items[{place}][price_data][{name}]")
        if not price["product_data"].get("name"):
            raise missing(f"line_items[{place}][price_data][product_data][name]")
    currencies = {price["currency"] for price in prices}
    if len(currencies) > 1 or asked.get("currency", prices[0]["currency"]) not in currencies:
        raise Problem(400, "All prices must have the same currency.", param="line_items")
    total = sum(
        item["price_data"]["unit_amount"] * item.get("quantity", 1) for item in asked["line_items"]
    )
    return {
        "amount_subtotal": total,
        "amount_total": total,
        "currency": prices[0]["currency"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
    }


def _to_set_up(store: Store, asked: Fields) -> Fields:
    facts = {"customer": asked["customer"]} if "customer" in asked else {}
    intent = people.create_setup(store, facts | asked.get("setup_intent_data", {}))
    return {
        "currency": asked.get("currency"),
        "payment_status": "no_payment_required",
        "setup_intent": intent["id"],
    }


def _page(store: Store, given: str) -> Any:
    return store.connection.scalar(
        text("select page from simulator.checkout_sessions where id = :id"), {"id": given}
    )


def _challenged(store: Store, session: Fields) -> bool:
    intent = intent_of(store, session)
    return intent is not None and intent["status"] == "requires_action"


def _with_intent(store: Store, session: Fields) -> Fields:
    """The session with a payment to confirm, made for the first card that is tried."""
    if session["payment_intent"]:
        return session
    facts: Fields = {}
    customer = session["customer"]
    if customer is None and session["customer_creation"] == "always":
        email = {"email": session["customer_email"]} if session["customer_email"] else {}
        customer = people.create_customer(store, email)["id"]
        facts["customer"] = customer
    asked = {"amount": session["amount_total"], "currency": session["currency"]}
    asked |= {"customer": customer} if customer else {}
    asked |= _page(store, session["id"])["intent"]
    facts["payment_intent"] = intents.create(store, asked)["id"]
    return store.change(CHECKOUT_SESSION, session["id"], **facts)


def _finish(store: Store, session: Fields) -> Fields:
    intent = intent_of(store, session)
    if intent is None or intent["status"] != "succeeded":
        return session
    customer = store.find(CUSTOMER, session["customer"]) if session["customer"] else {}
    details = dict.fromkeys(("address", "business_name", "individual_name", "phone"))
    details |= {"email": customer.get("email") or session["customer_email"]}
    details |= {"name": customer.get("name"), "tax_exempt": "none", "tax_ids": []}
    paid = {"payment_status": "paid"} if session["mode"] == "payment" else {}
    store.schedule(CHECKOUT_SESSION, session["id"], None)
    done = store.change(
        CHECKOUT_SESSION,
        session["id"],
        status="complete",
        customer_details=details,
        url=None,
        **paid,
    )
    store.tell("checkout.session.completed", done)
    return done


def _expire(store: Store, session: Fields) -> Fields:
    if session["payment_intent"]:
        intents.cancel(store, session["payment_intent"], "abandoned")
    store.schedule(CHECKOUT_SESSION, session["id"], None)
    ended = store.change(CHECKOUT_SESSION, session["id"], status="expired", url=None)
    store.tell("checkout.session.expired", ended)
    return ended
