"""The page on which a customer keeps cards: add, choose the usual one, remove."""

from core.gateways.simulator import parameters as read
from core.gateways.simulator import people
from core.gateways.simulator.parameters import MOST_ON_A_PAGE
from core.gateways.simulator.shapes import CUSTOMER, PAYMENT_METHOD, PORTAL_SESSION
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields, unknown_id

PATH = "/p/portal/"
CREATE_FIELDS = {
    "customer": read.text,
    "expand": read.texts,
    "return_url": read.url,
}
LASTS = 3_600
"""Seconds in which the page can be used."""


def create(store: Store, asked: Fields) -> Fields:
    """Open the page for a customer."""
    store.find(CUSTOMER, asked["customer"], "customer")
    number = store.new_id(PORTAL_SESSION.prefix)
    facts = {**asked, "id": number, "url": f"{store.pages_at}{PATH}{number}"}
    return store.add(PORTAL_SESSION, facts)


def find(store: Store, given: str) -> Fields:
    """An open page. Raises Problem, 404, for one whose time is over."""
    session = store.find(PORTAL_SESSION, given, "session")
    if session["created"] + LASTS <= store.now:
        raise unknown_id(PORTAL_SESSION.name, given)
    return session


def cards(store: Store, session: Fields) -> tuple[list[Fields], str | None]:
    """The customer's cards, newest first, and the id of the one that is usually charged."""
    listed = people.list_methods(store, session["customer"], {"limit": MOST_ON_A_PAGE})
    customer = store.find(CUSTOMER, session["customer"])
    return listed["data"], customer["invoice_settings"]["default_payment_method"]


def add(store: Store, session: Fields, token: str) -> None:
    """Keep a card; the first one is the usual one. Raises Declined."""
    _known, usual = cards(store, session)
    method = people.attach(store, token, {"customer": session["customer"]})
    if usual is None:
        _choose(store, session, method["id"])


def choose(store: Store, session: Fields, given: str) -> None:
    """Make a card the usual one. Raises Problem for one that is not the customer's."""
    _choose(store, session, _own(store, session, given))


def remove(store: Store, session: Fields, given: str) -> None:
    """Take a card away. Raises Problem for one that is not the customer's."""
    people.detach(store, _own(store, session, given), {})


def _own(store: Store, session: Fields, given: str) -> str:
    method = store.find(PAYMENT_METHOD, given, "payment_method")
    if method["customer"] != session["customer"]:
        raise unknown_id(PAYMENT_METHOD.name, given)
    return given


def _choose(store: Store, session: Fields, given: str) -> None:
    people.update_customer(
        store, session["customer"], {"invoice_settings": {"default_payment_method": given}}
    )
