"""PayPal over HTTP; the key of each order is its request id, so that a repetition is harmless.

Its pages are captured here once the payer agreed (PAY.3).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import quote, urlsplit

import httpx

from core.clock import Clock, SystemClock
from core.gateways.http import (
    MOST_PAGES,
    Fields,
    Refusal,
    instant,
    name_of,
    objects,
    text,
    told,
)
from core.gateways.paypal_news import news_of
from core.gateways.paypal_search import Search
from core.gateways.paypal_session import LIVE, SANDBOX, Session
from core.gateways.paypal_wire import (
    DECLINES,
    FAILED_REFUNDS,
    LONGEST_SPAN,
    both_ways,
    capture_of,
    charge_answer,
    dispute,
    from_paypal,
    line,
    link,
    order_behind,
    outcome,
    payout,
    refund_answer,
    row_status,
    stamp,
    to_paypal,
    unit_of,
    verification,
)
from core.gateways.port import (
    ChargeAnswer,
    ChargeOrder,
    Checkout,
    CheckoutOrder,
    CheckoutOutcome,
    CheckoutStatus,
    CredentialsMissing,
    DisputeSeen,
    ForgedEvent,
    GatewayEvent,
    GatewayRefused,
    GatewayUnsure,
    LedgerLine,
    News,
    PayoutSeen,
    RefundAnswer,
    RefundOrder,
)
from core.gateways.unable import Unable

DISPUTES_A_PAGE = 50
LATEST_EVENT = timedelta(days=4)
"""PayPal repeats an event for three days."""
EARLIEST_EVENT = timedelta(minutes=5)
LONGEST_DESCRIPTION = 127
TO_BE_CAPTURED = ("APPROVED", "CREATED", "SAVED")
CAPTURED = ("ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_COMPLETED")
EXPIRED = "ORDER_EXPIRED"
AT_WORK = "ORDER_COMPLETION_IN_PROGRESS"


class PayPalGateway(Unable):
    """The account behind a client id and its secret; `address` is another server than PayPal's.

    A payment's number is that of its capture, a page's that of its order. PayPal keeps no
    customers for us and no cards; a charge needs the token of an account kept elsewhere.
    """

    title = "PayPal"

    def __init__(
        self,
        client_id: str,
        secret: str,
        *,
        webhook_id: str | None = None,
        live: bool = False,
        address: str | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._session = Session(
            client_id, secret, address or (LIVE if live else SANDBOX), transport
        )
        self._reading, self._call = self._session.wire.reading, self._session.call
        self._search = Search(self._session)
        self._webhook_id, self._mode = webhook_id, "live" if live else "sandbox"
        self._clock = clock or SystemClock()

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Pay back on a capture; PayPal knows the order by its key for 45 days."""
        made = self._call(
            "POST",
            f"/v2/payments/captures/{_in_path(order.provider_payment_id)}/refund",
            key=order.key,
            json={
                "amount": to_paypal(order.amount_minor, order.currency),
                "custom_id": order.key,
                "invoice_id": order.key,
            },
        )
        with self._reading():
            return refund_answer(made)

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """The refund that carries the order's key, among those of the captured order.

        Where PayPal does not name the order it is sought in the transaction search, which shows
        a refund up to three hours late; within that time the key itself prevents a second one.
        """
        given = _in_path(order.provider_payment_id)
        capture = self._call("GET", f"/v2/payments/captures/{given}")
        with self._reading():
            behind = order_behind(capture)
        if behind is None:
            return self._refund_in_search(order, capture)
        captured = self._order(behind)
        with self._reading():
            for found in objects(unit_of(captured).get("payments", {}).get("refunds", [])):
                if order.key in (found.get("custom_id"), found.get("invoice_id")):
                    return refund_answer(found)
        return None

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Charge an account that its holder let PayPal keep, without the holder."""
        if not order.method_token:
            raise GatewayRefused(f"{order.key} names no account that PayPal keeps")
        asked = self._asked(order) | {"payment_source": _kept(order.method_token)}
        try:
            made = self._call("POST", "/v2/checkout/orders", key=order.key, json=asked)
            with self._reading():
                given, open_yet = text(made["id"]), text(made["status"]) in TO_BE_CAPTURED
            if open_yet:
                made = self._capture(given)
        except Refusal as no:
            return self._declined(order, no)
        with self._reading():
            return self._charged(order, made)

    def find_charge(self, order: ChargeOrder) -> ChargeAnswer | None:
        """The charge of the last 31 days whose invoice number is the order's key.

        The search shows it up to three hours late. Within six hours the key of a charge that is
        sent again prevents a second one, afterwards the invoice number does.
        """
        now = self._clock.now()
        for row in self._search.rows(now - LONGEST_SPAN, now, balance_affecting_records_only="N"):
            with self._reading():
                if order.key not in (row.get("invoice_id"), row.get("custom_field")):
                    continue
                if not text(row["transaction_event_code"]).startswith("T00"):
                    continue
                status, given = row_status(row), text(row["transaction_id"])
                fee = row.get("fee_amount")
                if status == "failed":
                    return ChargeAnswer("failed", given, 0, "payment_denied")
                return ChargeAnswer(status, given, -from_paypal(fee) if fee else 0)
        return None

    def open_checkout(self, order: CheckoutOrder) -> Checkout:
        """A page to agree to a payment on; `checkout_outcome` then takes the money."""
        asked = self._asked(order) | {
            "payment_source": {
                "paypal": {
                    "experience_context": {
                        "return_url": order.return_url,
                        "cancel_url": order.cancel_url,
                        "shipping_preference": "NO_SHIPPING",
                        "user_action": "PAY_NOW",
                    }
                }
            }
        }
        made = self._call("POST", "/v2/checkout/orders", key=order.key, json=asked)
        with self._reading():
            return Checkout(text(made["id"]), text(link(made, "payer-action", "approve")))

    def checkout_outcome(self, checkout_id: str) -> CheckoutOutcome:
        """What became of a page; an approved one is captured, once however often it is asked."""
        found, ended = self._order(checkout_id), None
        with self._reading():
            approved = text(found["status"]) == "APPROVED" and capture_of(found) is None
        if approved:
            try:
                found = self._capture(checkout_id)
            except Refusal as no:
                ended = _end(no)
                found = self._order(checkout_id)
        with self._reading():
            seen = outcome(found)
        return replace(seen, status=ended) if ended and seen.status == "open" else seen

    def ledger(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        """Every row of the transaction search that moved money; rows come three hours late.

        A refund that failed is no such row any more; those of the last month are told of as well.
        """
        yield from self._moved(since, until)
        for row in self._search.rows(since - LONGEST_SPAN, until, **FAILED_REFUNDS):
            with self._reading():
                found = both_ways(row)
            yield from (line for line in found if since <= line.occurred_at < until)

    def payouts(self, since: datetime, until: datetime) -> Iterator[PayoutSeen]:
        """Every withdrawal to the bank in [since, until); none of them is itemised."""
        return (payout(found) for found in self._moved(since, until) if found.kind == "payout")

    def dispute(self, dispute_id: str) -> DisputeSeen:
        """A dispute as it stands."""
        found = self._call("GET", f"/v1/customer/disputes/{_in_path(dispute_id)}")
        with self._reading():
            return dispute(found)

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeSeen]:
        """Every dispute opened in [since, until); PayPal shows 180 days, and refuses more."""
        asked: Fields = {"update_time_after": stamp(since), "page_size": DISPUTES_A_PAGE}
        for _ in range(MOST_PAGES):
            body = self._call("GET", "/v1/customer/disputes", params=asked)
            with self._reading():
                items = [
                    (instant(item["create_time"]), text(item["dispute_id"]))
                    for item in objects(body.get("items", []))
                ]
                following = link(body, "next")
            yield from (self.dispute(given) for at, given in items if since <= at < until)
            if not following:
                return
            asked["next_page_token"] = httpx.QueryParams(urlsplit(following).query).get(
                "next_page_token", ""
            )
        raise GatewayUnsure(f"PayPal has more than {MOST_PAGES} pages of disputes")

    def read_event(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """The event in a body that PayPal says it sent, not older than it repeats events.

        Raises CredentialsMissing without the number of our webhook.
        """
        if not self._webhook_id:
            raise CredentialsMissing("The number of our webhook at PayPal is missing")
        try:
            body = told(raw)
            sent = instant(headers["paypal-transmission-time"])
            question = verification(headers, raw, self._webhook_id)
            created = body.get("create_time")
            event = GatewayEvent(
                name_of(body["id"]),
                name_of(body["event_type"]),
                instant(created) if created else None,
                body,
            )
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as odd:
            raise ForgedEvent("This is no event of PayPal's") from odd
        if not now - LATEST_EVENT <= sent <= now + EARLIEST_EVENT:
            raise ForgedEvent(f"The event is stamped {sent:%F %T}, which is not now")
        if not self._sent(question):
            raise ForgedEvent("PayPal did not send this event")
        return event

    def news_of(self, body: Mapping[str, object]) -> News | None:
        """What an event is about: a page, a charge, a refund, a dispute or a kept account."""
        with self._reading():
            return news_of(body)

    def probe(self) -> str:
        """Ask for a token."""
        self._session.renew()
        return f"PayPal answers in {self._mode} mode"

    def _moved(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        for row in self._search.rows(since, until):
            with self._reading():
                found = line(row)
            if found and since <= found.occurred_at < until:
                yield found

    def _asked(self, order: ChargeOrder | CheckoutOrder) -> Fields:
        unit = {
            "amount": to_paypal(order.amount_minor, order.currency),
            "custom_id": order.key,
            "invoice_id": order.key,
        }
        if order.description:
            unit["description"] = order.description[:LONGEST_DESCRIPTION]
        return {"intent": "CAPTURE", "purchase_units": [unit]}

    def _order(self, given: str) -> Fields:
        return self._call("GET", f"/v2/checkout/orders/{_in_path(given)}")

    def _capture(self, given: str) -> Fields:
        path = f"/v2/checkout/orders/{_in_path(given)}/capture"
        return self._call("POST", path, key=f"capture-{given}", json={})

    def _charged(self, order: ChargeOrder, made: Fields) -> ChargeAnswer:
        answer, capture = charge_answer(made), capture_of(made)
        if capture and answer.status == "succeeded":
            sums = (from_paypal(capture["amount"]), capture["amount"]["currency_code"])
            if sums != (order.amount_minor, order.currency):
                raise GatewayUnsure(f"PayPal charged another sum under {order.key}: {sums}")
        return answer

    def _declined(self, order: ChargeOrder, no: Refusal) -> ChargeAnswer:
        if no.issue in DECLINES:
            code, hard = DECLINES[no.issue]
            return ChargeAnswer("failed", order.key, 0, code, hard)
        if no.issue == AT_WORK:
            raise GatewayUnsure(f"PayPal is still at work on {order.key}") from no
        if no.issue != "DUPLICATE_INVOICE_ID" and no.issue not in CAPTURED:
            raise no
        known = self.find_charge(order)
        if known is None:
            raise GatewayUnsure(f"PayPal has {order.key}, but does not show it yet") from no
        return known

    def _refund_in_search(self, order: RefundOrder, capture: Fields) -> RefundAnswer | None:
        with self._reading():
            made = instant(capture["create_time"])
        for row in self._search.rows(made, self._clock.now(), balance_affecting_records_only="N"):
            if order.key in (row.get("invoice_id"), row.get("custom_field")):
                with self._reading():
                    status, given = row_status(row), text(row["transaction_id"])
                return RefundAnswer(status, given, "denied" if status == "failed" else None)
        return None

    def _sent(self, question: bytes) -> bool:
        try:
            body = self._call(
                "POST",
                "/v1/notifications/verify-webhook-signature",
                content=question,
                headers={"Content-Type": "application/json"},
            )
        except Refusal as no:
            if no.status == 404:
                raise
            return False
        with self._reading():
            found = text(body["verification_status"])
            if found not in ("SUCCESS", "FAILURE"):
                raise ValueError(found)
        return found == "SUCCESS"


def _in_path(given: str) -> str:
    return quote(given, safe="")


def _end(no: Refusal) -> CheckoutStatus | None:
    """What a refused capture makes of a page; None when the other of two captured it."""
    if no.issue == AT_WORK:
        raise GatewayUnsure("PayPal is still at work on the capture") from no
    if no.issue == EXPIRED:
        return "expired"
    if no.issue in DECLINES:
        return "failed"
    if no.issue in CAPTURED:
        return None
    raise no


def _kept(token: str) -> Fields:
    """Where the money is taken from: a billing agreement of old, else a kept account."""
    if token.startswith("B-"):
        return {"token": {"id": token, "type": "BILLING_AGREEMENT"}}
    return {"paypal": {"vault_id": token}}
