"""A small PayPal: orders, pages, captures, refunds, search, disputes and events by its own wire."""

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import text

from core.gateways.simulator.paypal_money import (
    CLIENT_ID,
    KEPT,
    KEY,
    PROVIDER,
    WAITS,
    capture,
    found,
    minor_of,
    no,
    order_whole,
    refund,
    signature,
    tell,
)
from core.gateways.simulator.sibling import (
    Asked,
    Fields,
    No,
    Reply,
    Route,
    Sibling,
    Store,
    page,
    sent_on,
)

TOKEN = hashlib.sha256(KEY.encode()).hexdigest()
TOKEN_LASTS_SECONDS = 32_400
MOST_ROWS = 10_000
LONGEST_SPAN = timedelta(days=31)
LONGEST_KEY = 108
DECLINED = "INSTRUMENT_DECLINED"
_EVENT = b'"webhook_event": '


def _token(_store: Store, asked: Asked, _given: str) -> Reply:
    basic = base64.b64encode(f"{CLIENT_ID}:{KEY}".encode()).decode()
    if asked.headers.get("authorization") != f"Basic {basic}":
        said = "Client Authentication failed"
        return Reply({"error": "invalid_client", "error_description": said}, 401)
    if asked.fields.get("grant_type") != "client_credentials":
        return Reply({"error": "unsupported_grant_type", "error_description": "Unsupported"}, 400)
    lasts = {"token_type": "Bearer", "expires_in": TOKEN_LASTS_SECONDS}
    return Reply({"access_token": TOKEN, **lasts})


def _create(store: Store, asked: Asked, _given: str) -> Reply:
    fields = asked.fields
    if fields["intent"] != "CAPTURE" or len(fields["purchase_units"]) != 1:
        raise no("NOT_SUPPORTED", "The simulator takes one unit, to be captured.", 400)
    unit, source = fields["purchase_units"][0], fields.get("payment_source", {})
    minor_of(unit["amount"])
    given, payer = store.new_id(), source.get("paypal", {})
    shown = payer.get("experience_context", {})
    order = {
        "id": given,
        "intent": "CAPTURE",
        "status": "PAYER_ACTION_REQUIRED",
        "purchase_units": [unit],
        "create_time": store.at(),
        "return_url": shown.get("return_url", ""),
        "cancel_url": shown.get("cancel_url", ""),
        "links": [
            {"rel": "self", "href": f"{asked.home}/v2/checkout/orders/{given}", "method": "GET"},
            {
                "rel": "payer-action",
                "href": f"{asked.home}/checkoutnow?token={given}",
                "method": "GET",
            },
        ],
    }
    store.add("order", given, order)
    kept = payer.get("vault_id") or source.get("token", {}).get("id", "").removeprefix("B-")
    if kept:
        _charge(store, order, str(kept))
    return Reply(order_whole(store, given), 201)


def _charge(store: Store, order: Fields, kept: str) -> None:
    if kept not in KEPT and kept != WAITS:
        raise no("TOKEN_ID_NOT_FOUND", "Specified token does not exist.")
    issue = KEPT.get(kept)
    if issue:
        raise no(issue, "The instrument presented was declined.")
    capture(store, order, waits=kept == WAITS)


def _show_order(store: Store, _asked: Asked, given: str) -> Reply:
    return Reply(order_whole(store, given))


def _capture(store: Store, _asked: Asked, given: str) -> Reply:
    order = found(store, "order", given, lock=True)
    if order["status"] == "COMPLETED":
        raise no("ORDER_ALREADY_CAPTURED", "Order already captured.")
    if order["status"] != "APPROVED":
        raise no("ORDER_NOT_APPROVED", "Payer has not yet approved the Order for payment.")
    if order.get("declines"):
        raise no(DECLINED, "The instrument presented was declined.")
    capture(store, order)
    return Reply(order_whole(store, given), 201)


def _show_capture(store: Store, _asked: Asked, given: str) -> Reply:
    return Reply(found(store, "capture", given))


def _refund(store: Store, asked: Asked, given: str) -> Reply:
    return Reply(refund(store, given, asked.fields), 201)


def _search(store: Store, asked: Asked, _given: str) -> Reply:
    query = asked.query
    start, end = (datetime.fromisoformat(query[name]) for name in ("start_date", "end_date"))
    if end - start > LONGEST_SPAN:
        raise no("INVALID_REQUEST", "Date range is greater than 31 days", 400)
    size, number = int(query.get("page_size", "100")), int(query.get("page", "1"))
    since, until = (int(moment.timestamp()) for moment in (start, end))
    kept = store.page("row", 1, MOST_ROWS, since=since, until=until)[0]
    listed = [row for row in kept if _wanted(row, query)]
    rows, total = listed[(number - 1) * size : number * size], len(listed)
    counts = {"total_items": total, "total_pages": -(-total // size), "page": number}
    return Reply({"transaction_details": rows, **counts})


def _wanted(row: Fields, query: Mapping[str, str]) -> bool:
    """Whether a row fits the filters; without one, only what moved the balance does."""
    info = row["transaction_info"]
    status, code = info["transaction_status"], info["transaction_event_code"]
    if query.get("balance_affecting_records_only", "Y") == "Y" and status not in ("S", "V"):
        return False
    asked = (query.get("transaction_status", status), query.get("transaction_type", code))
    return asked == (status, code)


def _verify(_store: Store, asked: Asked, _given: str) -> Reply:
    """The bytes of the event count as they came, not what they mean."""
    stamps = asked.fields
    raw = asked.raw[asked.raw.index(_EVENT) + len(_EVENT) : -1]
    named = {
        f"paypal-{name.replace('_', '-')}": value
        for name, value in stamps.items()
        if isinstance(value, str)
    }
    expected = signature(named, raw, stamps["webhook_id"])
    genuine = expected == stamps["transmission_sig"]
    return Reply({"verification_status": "SUCCESS" if genuine else "FAILURE"})


def _disputes(store: Store, asked: Asked, _given: str) -> Reply:
    query = asked.query
    number, size = int(query.get("next_page_token", "1")), int(query.get("page_size", "10"))
    since = datetime.fromisoformat(query["update_time_after"])
    rows, total = store.page("dispute", number, size, since=int(since.timestamp()))
    following = f"{asked.home}/v1/customer/disputes?next_page_token={number + 1}"
    more = [{"rel": "next", "href": following, "method": "GET"}] if number * size < total else []
    names = ("dispute_id", "create_time", "update_time", "status", "dispute_amount")
    return Reply({"items": [{name: row[name] for name in names} for row in rows], "links": more})


def _show_dispute(store: Store, _asked: Asked, given: str) -> Reply:
    return Reply(found(store, "dispute", given))


def _show_page(store: Store, asked: Asked, _given: str) -> Reply:
    order = found(store, "order", asked.query["token"])
    amount, unit = order["purchase_units"][0]["amount"], order["purchase_units"][0]
    done = order["status"] != "PAYER_ACTION_REQUIRED"
    choices = {"pay": "Pay", "later": "Agree, but let the bank decline", "decline": "Decline"}
    units = f"{amount['value']} {amount['currency_code']}"
    description = "Agreed" if done else str(unit.get("description", ""))
    return page("PayPal simulator", units, description, {} if done else choices)


def _use_page(store: Store, asked: Asked, _given: str) -> Reply:
    order = found(store, "order", asked.query["token"], lock=True)
    given, choice = order["id"], asked.fields.get("choice")
    if choice not in ("pay", "later"):
        return sent_on(order["cancel_url"], token=given)
    if order["status"] == "PAYER_ACTION_REQUIRED":
        agreed = store.change("order", given, status="APPROVED", declines=choice == "later")
        tell(store, "CHECKOUT.ORDER.APPROVED", agreed)
    return sent_on(order["return_url"], token=given, PayerID="SIMULATOR2345")


class PayPalSimulator(Sibling):
    """Answers as PayPal would to the client of the simulator."""

    provider = PROVIDER
    routes = (
        Route("POST", "/v1/oauth2/token", _token, open=True),
        Route("POST", "/v2/checkout/orders", _create),
        Route("GET", "/v2/checkout/orders/{}", _show_order),
        Route("POST", "/v2/checkout/orders/{}/capture", _capture),
        Route("GET", "/v2/payments/captures/{}", _show_capture),
        Route("POST", "/v2/payments/captures/{}/refund", _refund),
        Route("GET", "/v1/reporting/transactions", _search),
        Route("POST", "/v1/notifications/verify-webhook-signature", _verify),
        Route("GET", "/v1/customer/disputes", _disputes),
        Route("GET", "/v1/customer/disputes/{}", _show_dispute),
        Route("GET", "/checkoutnow", _show_page, page=True),
        Route("POST", "/checkoutnow", _use_page, page=True),
    )

    def admit(self, asked: Asked) -> None:
        """Only the token that the simulator gives out. Raises No."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            raise No(401, {"error": "invalid_token", "error_description": "Token invalid"})

    def act(self, route: Route, given: str, store: Store, asked: Asked) -> Reply:
        """Carry a request out once for its id; the first answer is given again."""
        key = asked.headers.get("paypal-request-id")
        if route.method != "POST" or key is None:
            return route.answer(store, asked, given)
        if not 1 <= len(key) <= LONGEST_KEY:
            raise no("INVALID_STRING_LENGTH", "PayPal-Request-Id is too long.", 400)
        name = f"{asked.path} {key}"
        lock = text("select pg_try_advisory_xact_lock(hashtextextended('paypal:' || :name, 0))")
        if not store.connection.scalar(lock, {"name": name}):
            raise No(409, {"name": "RESOURCE_CONFLICT", "message": "A request is in progress"})
        same = json.dumps(asked.fields, sort_keys=True)
        first = store.find("request", name)
        if first and first["asked"] != same:
            raise no("DUPLICATE_REQUEST_ID", "The request id was used for another request.")
        if first:
            return Reply(first["body"], 200)
        reply = route.answer(store, asked, given)
        store.add("request", name, {"asked": same, "body": reply.body})
        return reply

    def wrong(self, message: str) -> No:
        """A request that cannot be read."""
        return no("MALFORMED_REQUEST_JSON", message, 400)

    def unknown(self, message: str) -> No:
        """There is nothing there."""
        return no("INVALID_RESOURCE_ID", message, 404)
