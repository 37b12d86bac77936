"""PayPal's events: the question whether it sent them, and what they are about (PAY.4)."""

import json
from typing import Any

import httpx
import pytest

from core.gateways.port import (
    CredentialsMissing,
    ForgedEvent,
    GatewayRefused,
    GatewayUnsure,
    News,
)
from tests.core.gateways.test_paypal_requests import UNTIL, PayPal

EVENT = b'{ "id": "WH-1", "event_type": "X", "resource": {"amount": 1.10, "name": "\xc3\xa9"} }'
STAMPS = {
    "paypal-auth-algo": "SHA256withRSA",
    "paypal-cert-url": "https://api.paypal.com/v1/notifications/certs/CERT-1",
    "paypal-transmission-id": "a69cd13f-d609-11e5",
    "paypal-transmission-sig": "thy4/U002quzxFavHPwbfJGcc46E8rc5jzgyeafWm5mICTBdY",
    "paypal-transmission-time": "2026-11-20T00:00:00Z",
}
GENUINE = (200, {"verification_status": "SUCCESS"})


def test_paypal_is_asked_with_the_bytes_as_they_came() -> None:
    paypal = PayPal(GENUINE)
    event = paypal.gateway().read_event(EVENT, STAMPS, UNTIL)
    assert (event.event_id, event.kind, event.created_at) == ("WH-1", "X", None)
    asked = paypal.asked[1]
    assert asked.url.path == "/v1/notifications/verify-webhook-signature"
    assert asked.headers["content-type"] == "application/json"
    assert asked.content.endswith(b', "webhook_event": ' + EVENT + b"}")
    question = json.loads(asked.content)
    assert question.pop("webhook_event") == json.loads(EVENT)
    assert question == {
        "auth_algo": STAMPS["paypal-auth-algo"],
        "cert_url": STAMPS["paypal-cert-url"],
        "transmission_id": STAMPS["paypal-transmission-id"],
        "transmission_sig": STAMPS["paypal-transmission-sig"],
        "transmission_time": STAMPS["paypal-transmission-time"],
        "webhook_id": "WH1",
    }


@pytest.mark.parametrize(
    "answer",
    [(200, {"verification_status": "FAILURE"}), (400, {"name": "VALIDATION_ERROR"})],
)
def test_what_paypal_did_not_send_is_forged(answer: tuple[int, object]) -> None:
    with pytest.raises(ForgedEvent, match="did not send"):
        PayPal(answer).gateway().read_event(EVENT, STAMPS, UNTIL)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((503, {}), GatewayUnsure),
        ((429, {}), GatewayUnsure),
        ((200, {"verification_status": "PERHAPS"}), GatewayUnsure),
        ((200, {}), GatewayUnsure),
        ((403, {}), CredentialsMissing),
        ((404, {"name": "INVALID_RESOURCE_ID"}), GatewayRefused),
    ],
)
def test_an_event_that_paypal_cannot_judge_is_not_taken(
    answer: tuple[int, object], problem: type[Exception]
) -> None:
    with pytest.raises(problem):
        PayPal(answer).gateway().read_event(EVENT, STAMPS, UNTIL)


@pytest.mark.parametrize("name", STAMPS)
def test_without_a_stamp_nothing_is_asked(name: str) -> None:
    paypal = PayPal()
    with pytest.raises(ForgedEvent):
        stamps = {given: value for given, value in STAMPS.items() if given != name}
        paypal.gateway().read_event(EVENT, stamps, UNTIL)
    assert paypal.asked == []


@pytest.mark.parametrize(
    "raw",
    [
        EVENT + b', "webhook_id": "mine"',
        EVENT + EVENT,
        b"[]",
        b"{}",
        b'{"id": 1, "event_type": "X"}',
        b'{"id": "WH-1", "event_type": "X", "create_time": "yesterday"}',
        b"[" * 100_000,
        EVENT.decode().encode("utf-16"),
        b"",
    ],
)
def test_a_body_that_is_no_event_is_not_even_asked_about(raw: bytes) -> None:
    paypal = PayPal()
    with pytest.raises(ForgedEvent):
        paypal.gateway().read_event(raw, STAMPS, UNTIL)
    assert paypal.asked == []


UP = {"links": [{"rel": "up", "href": "https://api-m.paypal.com/v2/payments/captures/3C67"}]}


@pytest.mark.parametrize(
    ("kind", "about", "expected"),
    [
        (
            "CHECKOUT.ORDER.APPROVED",
            {"id": "5O19", "purchase_units": [{"custom_id": "recharge-1"}]},
            News("checkout", "5O19", "recharge-1"),
        ),
        (
            "CHECKOUT.PAYMENT-APPROVAL.REVERSED",
            {"order_id": "5O19"},
            News("checkout", "5O19"),
        ),
        (
            "PAYMENT.CAPTURE.COMPLETED",
            {"id": "3C67", "custom_id": "payment-1"},
            News("charge", "3C67", "payment-1", "3C67"),
        ),
        (
            "PAYMENT.CAPTURE.DENIED",
            {"id": "3C67", "invoice_id": "payment-1"},
            News("charge", "3C67", "payment-1", "3C67"),
        ),
        (
            "PAYMENT.CAPTURE.REFUNDED",
            {"id": "1JU0", "custom_id": "refund-42", **UP},
            News("refund", "1JU0", "refund-42", "3C67"),
        ),
        ("PAYMENT.REFUND.FAILED", {"id": "1JU0"}, News("refund", "1JU0")),
        (
            "CUSTOMER.DISPUTE.CREATED",
            {
                "dispute_id": "PP-D-1",
                "disputed_transactions": [{"seller_transaction_id": "3C67"}],
            },
            News("dispute", "PP-D-1", None, "3C67"),
        ),
        ("CUSTOMER.DISPUTE.RESOLVED", {"dispute_id": "PP-D-1"}, News("dispute", "PP-D-1")),
        ("VAULT.PAYMENT-TOKEN.DELETED", {"id": "8kk8"}, News("card", "8kk8")),
        ("BILLING.PLAN.CREATED", {"id": "P-1"}, None),
        ("PAYMENT.CAPTURE.COMPLETED", None, None),
    ],
)
def test_an_event_says_what_it_is_about(
    kind: str, about: dict[str, Any] | None, expected: News | None
) -> None:
    body = {"event_type": kind, "resource": about}
    assert PayPal().gateway().news_of(body) == expected


def test_an_event_about_nothing_that_can_be_named_is_unsure() -> None:
    with pytest.raises(GatewayUnsure):
        PayPal().gateway().news_of({"event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {}})


def test_a_lost_connection_leaves_an_event_unsure() -> None:
    def lose(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("slow", request=request)

    gateway = PayPal().gateway()
    gateway._session.wire._client = httpx.Client(transport=httpx.MockTransport(lose))
    with pytest.raises(GatewayUnsure, match="ReadTimeout"):
        gateway.read_event(EVENT, STAMPS, UNTIL)
