"""Every request to PayPal, exactly as it travels (PAY.3, PAY.4)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from core.clock import SetClock
from core.gateways.paypal import PayPalGateway
from core.gateways.paypal_session import LIVE, SANDBOX, Session
from core.gateways.port import (
    ChargeOrder,
    CheckoutOrder,
    CredentialsMissing,
    RefundOrder,
)

SINCE = datetime(2026, 10, 1, tzinfo=UTC)
UNTIL = datetime(2026, 11, 20, tzinfo=UTC)
AMOUNT = {"currency_code": "EUR", "value": "100.00"}
TOKEN = (200, {"access_token": "A21AA", "token_type": "Bearer", "expires_in": 32_400})
CAPTURE: dict[str, Any] = {
    "id": "3C679366HH908993F",
    "status": "COMPLETED",
    "amount": AMOUNT,
    "custom_id": "payment-1",
    "create_time": "2026-11-19T12:00:00Z",
    "seller_receivable_breakdown": {"paypal_fee": {"currency_code": "EUR", "value": "3.20"}},
    "links": [{"rel": "up", "href": "https://api-m.paypal.com/v2/checkout/orders/5O19"}],
}
OPEN: dict[str, Any] = {
    "id": "5O19",
    "status": "PAYER_ACTION_REQUIRED",
    "purchase_units": [{"custom_id": "payment-1", "amount": AMOUNT}],
    "links": [{"rel": "payer-action", "href": "https://www.paypal.com/checkoutnow?token=5O19"}],
}
AGREED = OPEN | {"status": "APPROVED"}
REFUND = {"id": "1JU0", "status": "COMPLETED", "custom_id": "refund-42", "amount": AMOUNT}
ROW: dict[str, Any] = {
    "transaction_id": "3C679366HH908993F",
    "transaction_event_code": "T0006",
    "transaction_initiation_date": "2026-11-19T12:00:00+0000",
    "transaction_amount": AMOUNT,
    "fee_amount": {"currency_code": "EUR", "value": "-3.20"},
    "transaction_status": "S",
    "invoice_id": "payment-1",
}
DISPUTE: dict[str, Any] = {
    "dispute_id": "PP-D-1",
    "create_time": "2026-11-01T12:00:00.000Z",
    "status": "OPEN",
    "dispute_amount": AMOUNT,
    "disputed_transactions": [{"seller_transaction_id": "3C679366HH908993F"}],
}
CHARGE = ChargeOrder("payment-1", "", "8kk8451t", 10_000, "EUR", "Invoice 2026-1")
CHECKOUT = CheckoutOrder(
    "payment-1", 10_000, "EUR", "ada@example.com", "Recharge", "https://a/back", "https://a/stop"
)
BACK = RefundOrder("refund-42", "3C679366HH908993F", 10_000, "EUR")
UNIT = {"amount": AMOUNT, "custom_id": "payment-1", "invoice_id": "payment-1"}
Ask = Callable[[PayPalGateway], object]
Answer = tuple[int, object]


def captured(**facts: object) -> dict[str, Any]:
    """An order with its capture."""
    unit = OPEN["purchase_units"][0] | {"payments": {"captures": [CAPTURE | facts]}}
    return OPEN | {"status": "COMPLETED", "purchase_units": [unit]}


def found(*rows: dict[str, Any], total: int | None = None) -> Answer:
    listed = [{"transaction_info": row} for row in rows]
    return 200, {
        "transaction_details": listed,
        "total_items": len(rows) if total is None else total,
    }


def no(issue: str, status: int = 422) -> Answer:
    return status, {"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]}


class PayPal:
    """Answers each request after the token's by the next of the given answers."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.asked = [TOKEN, *answers], list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, body = self.answers.pop(0)
        return httpx.Response(status, json=body)

    def gateway(self, **more: Any) -> PayPalGateway:
        return PayPalGateway(
            "client",
            "secret",
            webhook_id="WH1",
            transport=httpx.MockTransport(self),
            clock=SetClock(UNTIL),
            **more,
        )

    def shown(self) -> list[tuple[str, str, str | None, object]]:
        """Method, address, request id and body of what came after the token."""
        return [
            (
                request.method,
                str(request.url).removeprefix(SANDBOX),
                request.headers.get("paypal-request-id"),
                json.loads(request.content) if request.content else None,
            )
            for request in self.asked[1:]
        ]


SEARCH = "/v1/reporting/transactions?"
SPAN = "start_date={}T00%3A00%3A00Z&end_date={}T00%3A00%3A00Z&fields=transaction_info"
PAGE = "&page_size=500&page=1"
ALL = "&balance_affecting_records_only=N"
FAILED = f"&transaction_type=T1107&transaction_status=D{ALL}"
TABLE: list[Any] = [
    pytest.param(
        lambda gateway: gateway.open_checkout(CHECKOUT),
        [(201, OPEN)],
        [
            (
                "POST",
                "/v2/checkout/orders",
                "payment-1",
                {
                    "intent": "CAPTURE",
                    "purchase_units": [UNIT | {"description": "Recharge"}],
                    "payment_source": {
                        "paypal": {
                            "experience_context": {
                                "return_url": "https://a/back",
                                "cancel_url": "https://a/stop",
                                "shipping_preference": "NO_SHIPPING",
                                "user_action": "PAY_NOW",
                            }
                        }
                    },
                },
            )
        ],
        id="a page is an order under our key",
    ),
    pytest.param(
        lambda gateway: gateway.checkout_outcome("5O19"),
        [(200, AGREED), (201, captured())],
        [
            ("GET", "/v2/checkout/orders/5O19", None, None),
            ("POST", "/v2/checkout/orders/5O19/capture", "capture-5O19", {}),
        ],
        id="an order that the payer agreed to is captured under one key",
    ),
    pytest.param(
        lambda gateway: gateway.charge(CHARGE),
        [(201, captured())],
        [
            (
                "POST",
                "/v2/checkout/orders",
                "payment-1",
                {
                    "intent": "CAPTURE",
                    "purchase_units": [UNIT | {"description": "Invoice 2026-1"}],
                    "payment_source": {"paypal": {"vault_id": "8kk8451t"}},
                },
            )
        ],
        id="a kept account is charged in one step",
    ),
    pytest.param(
        lambda gateway: gateway.charge(
            ChargeOrder("payment-1", "", "B-123", 10_000, "EUR", "x" * 200)
        ),
        [(201, AGREED), (201, captured())],
        [
            (
                "POST",
                "/v2/checkout/orders",
                "payment-1",
                {
                    "intent": "CAPTURE",
                    "purchase_units": [UNIT | {"description": "x" * 127}],
                    "payment_source": {"token": {"id": "B-123", "type": "BILLING_AGREEMENT"}},
                },
            ),
            ("POST", "/v2/checkout/orders/5O19/capture", "capture-5O19", {}),
        ],
        id="an agreement of old is charged in two steps",
    ),
    pytest.param(
        lambda gateway: gateway.find_charge(CHARGE),
        [found(ROW)],
        [
            (
                "GET",
                SEARCH + SPAN.format("2026-10-20", "2026-11-20") + ALL + PAGE,
                None,
                None,
            )
        ],
        id="a charge is sought in the last 31 days",
    ),
    pytest.param(
        lambda gateway: gateway.refund(BACK),
        [(201, REFUND)],
        [
            (
                "POST",
                "/v2/payments/captures/3C679366HH908993F/refund",
                "refund-42",
                {"amount": AMOUNT, "custom_id": "refund-42", "invoice_id": "refund-42"},
            )
        ],
        id="a refund travels under our key",
    ),
    pytest.param(
        lambda gateway: gateway.find_refund(BACK),
        [(200, CAPTURE), (200, captured())],
        [
            ("GET", "/v2/payments/captures/3C679366HH908993F", None, None),
            ("GET", "/v2/checkout/orders/5O19", None, None),
        ],
        id="a refund is sought in the order of its capture",
    ),
    pytest.param(
        lambda gateway: list(gateway.ledger(SINCE, UNTIL)),
        [found(), found(ROW), found(), found(), found()],
        [
            ("GET", SEARCH + SPAN.format("2026-10-01", "2026-11-01") + PAGE, None, None),
            ("GET", SEARCH + SPAN.format("2026-11-01", "2026-11-20") + PAGE, None, None),
            *(
                ("GET", SEARCH + SPAN.format(*days) + FAILED + PAGE, None, None)
                for days in (
                    ("2026-08-31", "2026-10-01"),
                    ("2026-10-01", "2026-11-01"),
                    ("2026-11-01", "2026-11-20"),
                )
            ),
        ],
        id="the ledger is searched 31 days at a time",
    ),
    pytest.param(
        lambda gateway: gateway.dispute("PP-D-1"),
        [(200, DISPUTE)],
        [("GET", "/v1/customer/disputes/PP-D-1", None, None)],
        id="a dispute",
    ),
    pytest.param(
        lambda gateway: list(gateway.disputes(SINCE, UNTIL)),
        [
            (200, {"items": [], "links": [{"rel": "next", "href": "/x?next_page_token=ab%3D"}]}),
            (200, {"items": [DISPUTE], "links": []}),
            (200, DISPUTE),
        ],
        [
            (
                "GET",
                "/v1/customer/disputes?update_time_after=2026-10-01T00%3A00%3A00Z&page_size=50",
                None,
                None,
            ),
            (
                "GET",
                (
                    "/v1/customer/disputes?update_time_after=2026-10-01T00%3A00%3A00Z&page_size=50"
                    "&next_page_token=ab%3D"
                ),
                None,
                None,
            ),
            ("GET", "/v1/customer/disputes/PP-D-1", None, None),
        ],
        id="the disputes of a window, page by page",
    ),
]


@pytest.mark.parametrize(("ask", "answers", "expected"), TABLE)
def test_a_request_travels_exactly_so(
    ask: Ask, answers: list[Answer], expected: list[tuple[str, str, str | None, object]]
) -> None:
    paypal = PayPal(*answers)
    ask(paypal.gateway())
    assert paypal.shown() == expected
    for request in paypal.asked[1:]:
        assert request.headers["authorization"] == "Bearer A21AA"
        if request.method == "POST":
            assert request.headers["content-type"] == "application/json"
            assert request.headers["prefer"] == "return=representation"


def test_the_token_is_asked_for_with_the_secret_alone() -> None:
    paypal = PayPal()
    paypal.gateway().probe()
    (asked,) = paypal.asked
    assert (asked.method, str(asked.url)) == ("POST", f"{SANDBOX}/v1/oauth2/token")
    assert asked.headers["authorization"] == httpx.BasicAuth("client", "secret")._auth_header
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert asked.content == b"grant_type=client_credentials"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, SANDBOX),
        ({"live": True}, LIVE),
        ({"live": True, "address": "http://127.0.0.1:8601/"}, "http://127.0.0.1:8601"),
    ],
)
def test_sandbox_and_live_have_an_address_each(given: dict[str, Any], expected: str) -> None:
    paypal = PayPal()
    assert ("live" if given.get("live") else "sandbox") in paypal.gateway(**given).probe()
    assert str(paypal.asked[0].url) == f"{expected}/v1/oauth2/token"


def test_a_token_is_kept_until_shortly_before_its_end() -> None:
    moments = iter([0.0, 32_339.0, 32_340.0, 32_340.0])
    paypal = PayPal((200, {}), (200, {}), TOKEN, (200, {}))
    session = Session(
        "client", "secret", SANDBOX, httpx.MockTransport(paypal), lambda: next(moments)
    )
    for _ in range(3):
        session.call("GET", "/v2/x")
    assert [request.url.path for request in paypal.asked] == [
        "/v1/oauth2/token",
        "/v2/x",
        "/v2/x",
        "/v1/oauth2/token",
        "/v2/x",
    ]


def test_a_refused_token_is_replaced_once_and_the_key_stays() -> None:
    paypal = PayPal((401, {"error": "invalid_token"}), TOKEN, (201, REFUND))
    paypal.gateway().refund(BACK)
    keys = [request.headers.get("paypal-request-id") for request in paypal.asked]
    assert keys == [None, "refund-42", None, "refund-42"]
    twice = PayPal((401, {"error": "invalid_token"}), TOKEN, (401, {"error": "invalid_token"}))
    with pytest.raises(CredentialsMissing):
        twice.gateway().refund(BACK)


def test_a_missing_permission_is_told_at_once() -> None:
    paypal = PayPal((403, {"name": "NOT_AUTHORIZED", "message": "No permission"}))
    with pytest.raises(CredentialsMissing, match="No permission"):
        list(paypal.gateway().ledger(SINCE, SINCE + timedelta(days=1)))
    assert len(paypal.asked) == 2
