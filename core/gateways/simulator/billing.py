"""The lists of the gateway's billing; its objects are put there by whoever tells a past."""

from core.gateways.simulator.billing_shapes import INVOICE, SUBSCRIPTION
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Fields

SHOWN_OF_AN_INVOICE = 10
"""Lines that an invoice shows; the others are in a list of their own."""
STATUSES = (
    *("active", "canceled", "ended", "incomplete", "incomplete_expired", "past_due", "paused"),
    *("all", "trialing", "unpaid"),
)
_OVER = ("canceled", "incomplete_expired")


def list_subscriptions(store: Store, _id: str, asked: Fields) -> Fields:
    """Those that are not over, unless a status is asked for; `all` are all."""
    wanted = asked.get("status")
    running = [each for each in STATUSES if each not in (*_OVER, "ended", "all")]
    chosen: list[str] = {None: running, "ended": list(_OVER)}.get(wanted, [str(wanted)])
    filters: Fields = {} if wanted == "all" else {"status": chosen}
    if "customer" in asked:
        filters["customer"] = [asked["customer"]]
    return store.page(SUBSCRIPTION, "/v1/subscriptions", asked, filters)


def list_invoices(store: Store, _id: str, asked: Fields) -> Fields:
    """Invoices, each with its first lines."""
    chosen: Fields = {name: asked[name] for name in ("customer", "status") if name in asked}
    found = store.page(INVOICE, "/v1/invoices", asked, chosen)
    return {**found, "data": [_shown(each) for each in found["data"]]}


def one_invoice(store: Store, given: str, _asked: Fields) -> Fields:
    """An invoice with its first lines."""
    return _shown(store.find(INVOICE, given))


def list_lines(store: Store, given: str, asked: Fields) -> Fields:
    """The lines of an invoice in their order, from a cursor on."""
    lines = store.find(INVOICE, given)["lines"]["data"]
    after = asked.get("starting_after")
    places = {line["id"]: place for place, line in enumerate(lines, start=1)}
    start = places.get(after, 0) if after else 0
    limit = asked.get("limit", SHOWN_OF_AN_INVOICE)
    return {
        "object": "list",
        "data": lines[start : start + limit],
        "has_more": len(lines) > start + limit,
        "url": f"/v1/invoices/{given}/lines",
    }


def _shown(invoice: Fields) -> Fields:
    lines = invoice["lines"]
    return invoice | {
        "lines": lines
        | {
            "data": lines["data"][:SHOWN_OF_AN_INVOICE],
            "has_more": len(lines["data"]) > SHOWN_OF_AN_INVOICE,
        }
    }
