"""Paystack over HTTP; the reference of each order makes a repetition harmless (PAY.3)."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx

from core.gateways.http import Fields, Refusal, Wire, name_of, number, objects, text, told
from core.gateways.paystack_wire import (
    OUR_PAGE,
    PAID,
    after,
    charge_answer,
    charge_line,
    charge_news,
    created,
    dispute,
    dispute_news,
    from_paystack,
    is_duplicate,
    is_unknown,
    outcome,
    pages,
    payout,
    payout_line,
    reference_of,
    refund_answer,
    refund_lines,
    refund_news,
    stamp,
    to_paystack,
    words,
)
from core.gateways.port import (
    CardSetupOrder,
    ChargeAnswer,
    ChargeOrder,
    Checkout,
    CheckoutOrder,
    CheckoutOutcome,
    CredentialsMissing,
    CustomerOrder,
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

ADDRESS = "https://api.paystack.co"
SIGNATURE = "x-paystack-signature"
OUR_KEY = "saldo_key"
PAID_LATE = timedelta(days=1)
"""A page may be paid on so long after it was opened; lists are filtered by its opening."""


FAILS_LATE = timedelta(days=31)
"""A refund may come back so long after it was made."""


class PaystackGateway(Unable):
    """The account behind a secret key; `address` is another server than Paystack's own.

    A payment's number is its reference, a payout's that of the settlement.
    """

    title = "Paystack"

    def __init__(
        self,
        secret_key: str,
        *,
        address: str | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._key = secret_key
        self._wire = Wire(
            self.title,
            address or ADDRESS,
            words,
            (secret_key,),
            transport,
            {"Authorization": f"Bearer {secret_key}"},
        )
        self._mode = "test" if secret_key.startswith("sk_test_") else "live"

    def refund(self, order: RefundOrder) -> RefundAnswer:
        """Pay back on a transaction; Paystack knows no key, so ours is looked for first."""
        amount = to_paystack(order.amount_minor, order.currency)
        known = self.find_refund(order)
        if known:
            return known
        made = self._post(
            "/refund",
            {
                "transaction": order.provider_payment_id,
                "amount": amount,
                "currency": order.currency,
                "merchant_note": order.key,
            },
        )
        with self._wire.reading():
            return refund_answer(made)

    def find_refund(self, order: RefundOrder) -> RefundAnswer | None:
        """The refund of the transaction whose note is the order's key."""
        paid = self._transaction(order.provider_payment_id)
        with self._wire.reading():
            ours = (number(paid["id"]), text(paid["reference"]))
        for found in pages(self._wire, "/refund", "perPage", **after(paid)):
            about = (str(found.get("transaction")), found.get("transaction_reference"))
            if found.get("merchant_note") == order.key and (
                about[0] == ours[0] or about[1] == ours[1]
            ):
                with self._wire.reading():
                    return refund_answer(found)
        return None

    def charge(self, order: ChargeOrder) -> ChargeAnswer:
        """Charge a kept card off session; after a time-out Paystack is asked what it did."""
        asked = {
            "email": order.email,
            "amount": to_paystack(order.amount_minor, order.currency),
            "currency": order.currency,
            "authorization_code": order.method_token,
            "reference": reference_of(order.key),
            "metadata": json.dumps({**order.metadata, OUR_KEY: order.key}),
        }
        try:
            made = self._post("/transaction/charge_authorization", asked)
        except Refusal as no:
            return self._repeated(order, no)
        except GatewayUnsure as unsure:
            return self._asked_after(order, unsure)
        if made.get("paused"):
            return ChargeAnswer(
                "failed", reference_of(order.key), 0, "authentication_required", hard=True
            )
        return self._charged(order, made)

    def find_charge(self, order: ChargeOrder) -> ChargeAnswer | None:
        """The charge under the order's reference."""
        try:
            found = self._transaction(reference_of(order.key))
        except Refusal as no:
            if is_unknown(no):
                return None
            raise
        return self._charged(order, found)

    def register(self, order: CustomerOrder) -> str:
        """The code of a customer; Paystack keeps one for each address of e-mail."""
        made = self._post(
            "/customer",
            {
                "email": order.email,
                "first_name": order.name,
                "metadata": json.dumps({**order.metadata, OUR_KEY: order.key}),
            },
        )
        with self._wire.reading():
            return text(made["customer_code"])

    def open_checkout(self, order: CheckoutOrder) -> Checkout:
        """A page to pay on. Paystack tells its address once: asked again, it is refused."""
        described = {
            "display_name": "For",
            "variable_name": "for",
            "value": order.description,
        }
        try:
            made = self._post(
                "/transaction/initialize",
                {
                    "email": order.email,
                    "amount": to_paystack(order.amount_minor, order.currency),
                    "currency": order.currency,
                    "reference": reference_of(order.key),
                    "callback_url": order.return_url,
                    "metadata": {
                        **order.metadata,
                        OUR_KEY: order.key,
                        OUR_PAGE: "checkout",
                        "cancel_action": order.cancel_url,
                        "custom_fields": [described],
                    },
                },
            )
        except Refusal as no:
            if not is_duplicate(no):
                raise
            raise GatewayRefused(
                f"Paystack opened a page for {order.key} before and does not tell it twice; "
                "open one under another key"
            ) from no
        with self._wire.reading():
            return Checkout(text(made["reference"]), text(made["authorization_url"]))

    def open_card_setup(self, order: CardSetupOrder) -> Checkout:
        """Not offered: raises GatewayRefused."""
        raise GatewayRefused(
            f"Paystack keeps a card of {order.customer} when something is paid with it; "
            "open a page to pay on"
        )

    def checkout_outcome(self, checkout_id: str) -> CheckoutOutcome:
        """What became of a page, with the card that Paystack keeps from it."""
        found = self._transaction(checkout_id)
        with self._wire.reading():
            return outcome(found)

    def ledger(self, since: datetime, until: datetime) -> Iterator[LedgerLine]:
        """Paid transactions, refunds and settlements; Paystack has no one list of them."""
        spans = {"from": stamp(since - PAID_LATE), "to": stamp(until)}
        for found in pages(self._wire, "/transaction", "per_page", **spans):
            if found.get("status") in PAID:
                with self._wire.reading():
                    line = charge_line(found)
                if since <= line.occurred_at < until:
                    yield line
        spans["from"] = stamp(since - FAILS_LATE)
        for found in pages(self._wire, "/refund", "perPage", **spans):
            with self._wire.reading():
                told_of = refund_lines(found)
            yield from (line for line in told_of if since <= line.occurred_at < until)
        for settled in self._settlements():
            with self._wire.reading():
                seen, line = payout(settled), payout_line(settled)
            if seen.status == "paid" and since <= line.occurred_at < until:
                yield line

    def payouts(self, since: datetime, until: datetime) -> Iterator[PayoutSeen]:
        """Every settlement made in [since, until)."""
        for found in self._settlements():
            with self._wire.reading():
                seen, at = payout(found), created(found)
            if since <= at < until:
                yield seen

    def payout_lines(self, payout_id: str) -> Iterator[LedgerLine]:
        """The transactions of a settlement; what was deducted from it is not among them.

        Paystack's document names no page for this list, so a second one is asked for only when
        the first is not all; where the page is ignored, the list is unsure and never cut off.
        """
        path = f"/settlement/{quote(payout_id, safe='')}/transactions"
        for found in pages(self._wire, path, None):
            with self._wire.reading():
                line = charge_line(found, payout_id)
            yield line

    def dispute(self, dispute_id: str) -> DisputeSeen:
        """A dispute as it stands; Paystack takes no fee for one."""
        found = self._get(f"/dispute/{quote(dispute_id, safe='')}")
        with self._wire.reading():
            return dispute(found)

    def disputes(self, since: datetime, until: datetime) -> Iterator[DisputeSeen]:
        """Every dispute opened in [since, until)."""
        spans = {"from": stamp(since), "to": stamp(until)}
        for found in pages(self._wire, "/dispute", "perPage", **spans):
            with self._wire.reading():
                seen, at = dispute(found), created(found)
            if since <= at < until:
                yield seen

    def read_event(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """The event in a body signed with the secret key; Paystack stamps none with a time.

        Paystack numbers no events: the kind and its object's number stand for one.
        """
        del now
        expected = hmac.new(self._key.encode(), raw, hashlib.sha512).hexdigest()
        if not hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").encode()):
            raise ForgedEvent("Paystack did not sign this event")
        try:
            body = told(raw)
            kind, about = name_of(body["event"]), body["data"]
            given = about.get("id") or about.get("refund_reference") or about.get("reference")
            mark = name_of(number(given)) if given else hashlib.sha256(raw).hexdigest()
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as odd:
            raise ForgedEvent("This is no event of Paystack's") from odd
        return GatewayEvent(f"{kind}:{mark}", kind, None, body)

    def news_of(self, body: Mapping[str, object]) -> News | None:
        """What an event is about: a page, a charge, a refund or a dispute."""
        kind, about = str(body.get("event")), body.get("data")
        with self._wire.reading():
            if not isinstance(about, dict):
                return None
            if kind.startswith("charge.dispute."):
                return dispute_news(about)
            if kind.startswith("refund."):
                return refund_news(about)
            if kind in ("charge.success", "charge.failed"):
                return charge_news(about)
        return None

    def probe(self) -> str:
        """Ask for the balances."""
        body = self._wire.call("GET", "/balance")
        with self._wire.reading():
            held = sorted(text(row["currency"]) for row in objects(body["data"]))
        return f"Paystack answers in {self._mode} mode; it holds {', '.join(held) or 'no balance'}"

    def _settlements(self) -> Iterator[Fields]:
        return pages(self._wire, "/settlement", "perPage")

    def _transaction(self, reference: str) -> Fields:
        return self._get(f"/transaction/verify/{quote(reference, safe='')}")

    def _repeated(self, order: ChargeOrder, no: Refusal) -> ChargeAnswer:
        """What the order did when it was sent before; any other refusal stays one."""
        if not is_duplicate(no):
            raise no
        known = self.find_charge(order)
        if known is None:
            raise GatewayUnsure(f"Paystack has {order.key}, but does not show it") from no
        return known

    def _asked_after(self, order: ChargeOrder, unsure: GatewayUnsure) -> ChargeAnswer:
        """What Paystack did although its answer was lost; still unsure when it shows nothing."""
        try:
            known = self.find_charge(order)
        except (CredentialsMissing, GatewayRefused, GatewayUnsure):
            known = None
        if known is None:
            raise unsure
        return known

    def _charged(self, order: ChargeOrder, found: Fields) -> ChargeAnswer:
        with self._wire.reading():
            answer = charge_answer(found)
            currency = text(found["currency"])
            sums = (from_paystack(found["amount"], currency), currency)
        if answer.status == "succeeded" and sums != (order.amount_minor, order.currency):
            raise GatewayUnsure(f"Paystack charged another sum under {order.key}: {sums}")
        return answer

    def _get(self, path: str) -> Fields:
        return self._data("GET", path)

    def _post(self, path: str, asked: Fields) -> Fields:
        return self._data("POST", path, json=asked)

    def _data(self, method: str, path: str, **request: object) -> Fields:
        body = self._wire.call(method, path, **request)
        with self._wire.reading():
            if body["status"] is not True or not isinstance(body["data"], dict):
                raise ValueError(body.get("message"))
            return body["data"]
