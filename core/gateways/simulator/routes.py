"""The endpoints: what they take, and what answers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.gateways.simulator import (
    billing,
    disputes,
    intents,
    payouts,
    people,
    portal,
    refunds,
    sessions,
)
from core.gateways.simulator import parameters as read
from core.gateways.simulator.billing_shapes import (
    INVOICE_PAYMENT,
    PRICE,
    PRODUCT,
    SUBSCRIPTION,
)
from core.gateways.simulator.parameters import LISTED, Reader
from core.gateways.simulator.shapes import (
    BALANCE_TRANSACTION,
    CHARGE,
    CHECKOUT_SESSION,
    CUSTOMER,
    DISPUTE,
    EVENT,
    PAYMENT_INTENT,
    PAYMENT_METHOD,
    PAYOUT,
    REFUND,
    SETUP_INTENT,
    Kind,
    account,
)
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields, Problem

Handler = Callable[[Store, Fields], Fields]
OfOne = Callable[[Store, str, Fields], Fields]


@dataclass(frozen=True)
class Route:
    """An endpoint; `answer` gets the id of the path, if there is one, and the parameters read."""

    method: str
    path: re.Pattern[str]
    answer: OfOne
    known: Mapping[str, Reader]
    required: tuple[str, ...] = ()


def route_of(method: str, path: str) -> tuple[Route, str]:
    """The endpoint of a request and the id in its path. Raises Problem, 404."""
    for route in ROUTES:
        match = route.path.fullmatch(path) if route.method == method else None
        if match:
            return route, match["id"] if "id" in match.groupdict() else ""
    raise Problem(404, f"Unrecognized request URL ({method}: {path}).")


def _post(path: str, answer: OfOne, known: Mapping[str, Reader], *required: str) -> Route:
    return Route("POST", _pattern(path), answer, known, required)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/v1" + path.replace("{id}", r"(?P<id>[A-Za-z0-9_-]{1,255})"))


def _new(handler: Handler) -> OfOne:
    return lambda store, _id, asked: handler(store, asked)


def _reading(path: str, kind: Kind, **filters: Reader) -> list[Route]:
    """Retrieve and list a kind of object."""

    def one(store: Store, given: str, _asked: Fields) -> Fields:
        return store.find(kind, given)

    def several(store: Store, _id: str, asked: Fields) -> Fields:
        chosen = {name: asked[name] for name in filters if name in asked}
        return store.page(kind, f"/v1{path}", asked, chosen)

    return [
        Route("GET", _pattern(path + "/{id}"), one, {"expand": read.texts}),
        Route("GET", _pattern(path), several, {**LISTED, **filters}),
    ]


def _account(_store: Store, _id: str, _asked: Fields) -> Fields:
    return account()


def _events(store: Store, _id: str, asked: Fields) -> Fields:
    wanted = asked.get("types") or ([asked["type"]] if "type" in asked else [])
    return store.page(EVENT, "/v1/events", asked, {"type": wanted} if wanted else {})


def _lines(store: Store, _id: str, asked: Fields) -> Fields:
    chosen = {name: asked[name] for name in _LINE_FILTERS if name in asked}
    paid = payouts.lines(store, asked)
    return store.page(BALANCE_TRANSACTION, "/v1/balance_transactions", asked, chosen | paid)


def _invoice_payments(store: Store, _id: str, asked: Fields) -> Fields:
    chosen: Fields = {name: asked[name] for name in ("invoice", "status") if name in asked}
    return store.page(INVOICE_PAYMENT, "/v1/invoice_payments", asked, chosen)


_EXPAND = {"expand": read.texts}
_UNDATED = {name: reader for name, reader in LISTED.items() if name != "created"}
_CARDS = {name: reader for name, reader in LISTED.items() if name != "created"} | {
    "type": read.one_of("card")
}
_LINE_FILTERS: dict[str, Reader] = {
    "currency": read.currency,
    "source": read.text,
    "type": read.text,
}
ROUTES = [
    Route("GET", _pattern("/account"), _account, _EXPAND),
    _post("/customers", _new(people.create_customer), people.CUSTOMER_FIELDS),
    *_reading("/customers", CUSTOMER, email=read.text),
    _post("/customers/{id}", people.update_customer, people.UPDATE_FIELDS),
    Route(
        "GET",
        _pattern("/customers/{id}/payment_methods"),
        people.list_methods,
        _CARDS,
    ),
    _post(
        "/payment_methods/{id}/attach",
        people.attach,
        {"customer": read.text, **_EXPAND},
        "customer",
    ),
    _post("/payment_methods/{id}/detach", people.detach, _EXPAND),
    Route(
        "GET",
        _pattern("/payment_methods"),
        people.list_methods,
        {**_CARDS, "customer": read.text},
    ),
    _reading("/payment_methods", PAYMENT_METHOD)[0],
    _post("/setup_intents", _new(people.create_setup), people.SETUP_FIELDS),
    *_reading("/setup_intents", SETUP_INTENT, customer=read.text, payment_method=read.text),
    _post("/payment_intents", _new(intents.create), intents.CREATE_FIELDS, "amount", "currency"),
    _post("/payment_intents/{id}/confirm", intents.confirm, intents.CONFIRM_FIELDS),
    *_reading("/payment_intents", PAYMENT_INTENT, customer=read.text),
    *_reading("/charges", CHARGE, customer=read.text, payment_intent=read.text),
    _post("/refunds", _new(refunds.create), refunds.CREATE_FIELDS),
    *_reading("/refunds", REFUND, charge=read.text, payment_intent=read.text),
    _reading("/balance_transactions", BALANCE_TRANSACTION)[0],
    Route(
        "GET",
        _pattern("/balance_transactions"),
        _lines,
        {**LISTED, **_LINE_FILTERS, "payout": read.text},
    ),
    _post(
        "/checkout/sessions",
        _new(sessions.create),
        sessions.CREATE_FIELDS,
        "mode",
        "success_url",
    ),
    _post("/checkout/sessions/{id}/expire", sessions.expire, _EXPAND),
    *_reading(
        "/checkout/sessions",
        CHECKOUT_SESSION,
        customer=read.text,
        payment_intent=read.text,
        status=read.one_of("complete", "expired", "open"),
    ),
    _post("/billing_portal/sessions", _new(portal.create), portal.CREATE_FIELDS, "customer"),
    *_reading("/disputes", DISPUTE, charge=read.text, payment_intent=read.text),
    _post("/disputes/{id}", disputes.update, disputes.UPDATE_FIELDS),
    _post("/disputes/{id}/close", disputes.close, _EXPAND),
    _post("/payouts", _new(payouts.create), payouts.CREATE_FIELDS, "amount", "currency"),
    _post("/payouts/{id}/cancel", payouts.cancel, _EXPAND),
    *_reading("/payouts", PAYOUT, status=read.text),
    *_reading("/products", PRODUCT),
    *_reading("/prices", PRICE, product=read.text, type=read.one_of("one_time", "recurring")),
    _reading("/subscriptions", SUBSCRIPTION)[0],
    Route(
        "GET",
        _pattern("/subscriptions"),
        billing.list_subscriptions,
        {**LISTED, "customer": read.text, "status": read.one_of(*billing.STATUSES)},
    ),
    Route("GET", _pattern("/invoices/{id}/lines"), billing.list_lines, _UNDATED),
    Route("GET", _pattern("/invoices/{id}"), billing.one_invoice, _EXPAND),
    Route(
        "GET",
        _pattern("/invoices"),
        billing.list_invoices,
        {
            **LISTED,
            "customer": read.text,
            "status": read.one_of("draft", "open", "paid", "uncollectible", "void"),
        },
    ),
    Route(
        "GET",
        _pattern("/invoice_payments"),
        _invoice_payments,
        {**LISTED, "invoice": read.text, "status": read.one_of("open", "paid", "canceled")},
    ),
    Route("GET", _pattern("/events"), _events, {**LISTED, "type": read.text, "types": read.texts}),
    _reading("/events", EVENT)[0],
]
