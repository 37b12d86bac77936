"""Every request to Paystack, exactly as it travels (PAY.3)."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from core.gateways.paystack import PaystackGateway
from core.gateways.port import (
    ChargeOrder,
    CheckoutOrder,
    CredentialsMissing,
    CustomerOrder,
    GatewayUnsure,
    RefundOrder,
)

KEY = "sk_live_of_a_company"
SINCE = datetime(2026, 11, 19, 12, tzinfo=UTC)
UNTIL = datetime(2026, 11, 21, tzinfo=UTC)
PAID: dict[str, Any] = {
    "id": 4099490251,
    "status": "success",
    "reference": "payment-1",
    "amount": 35_247,
    "currency": "NGN",
    "fees": 10_247,
    "paid_at": "2026-11-20T10:00:00.000Z",
    "created_at": "2026-11-20T09:59:00.000Z",
    "gateway_response": "Approved",
    "authorization": {},
    "customer": {},
}
REFUND: dict[str, Any] = {
    "id": 3018284,
    "transaction": 4099490251,
    "transaction_reference": "payment-1",
    "merchant_note": "refund-42",
    "status": "processed",
    "amount": 500,
    "currency": "NGN",
    "createdAt": "2026-11-20T11:00:00.000Z",
}
SETTLED: dict[str, Any] = {
    "id": 3090024,
    "status": "processing",
    "currency": "NGN",
    "effective_amount": 995,
    "settlement_date": "2026-11-20T00:00:00.000Z",
    "createdAt": "2026-11-20T01:04:08.000Z",
}
DISPUTE: dict[str, Any] = {
    "id": 2867,
    "refund_amount": None,
    "currency": None,
    "status": "archived",
    "resolution": None,
    "transaction": PAID,
    "dueAt": None,
    "createdAt": "2026-11-20T16:12:24.000Z",
}
CHARGE = ChargeOrder(
    "charge_17_1", "CUS_1", "AUTH_1", 35_247, "NGN", "Invoice", {"invoice": "7"}, "ada@example.com"
)
CHECKOUT = CheckoutOrder(
    "recharge_7", 500, "NGN", "ada@example.com", "Recharge", "https://a/back", "https://a/stop"
)
BACK = RefundOrder("refund-42", "payment-1", 500, "NGN")
Ask = Callable[[PaystackGateway], object]


class Paystack:
    """Answers each request by the next of the given answers, and remembers what was asked."""

    def __init__(self, *answers: tuple[int, object]) -> None:
        self.answers, self.asked = list(answers), list[httpx.Request]()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        status, body = self.answers.pop(0)
        return httpx.Response(status, json=body)

    def gateway(self) -> PaystackGateway:
        return PaystackGateway(KEY, transport=httpx.MockTransport(self))


def yes(data: object, total: int | None = None) -> tuple[int, object]:
    meta = {} if total is None else {"meta": {"total": total, "perPage": "50"}}
    return 200, {"status": True, "message": "Done", "data": data, **meta}


def no(message: str, status: int = 400, **more: str) -> tuple[int, object]:
    return status, {"status": False, "message": message, **more}


def shown(request: httpx.Request) -> tuple[str, str, object]:
    """The method, the address, and the body without its JSON."""
    body = json.loads(request.content) if request.content else None
    return request.method, str(request.url), body


HOME = "https://api.paystack.co"
TABLE: list[Any] = [
    pytest.param(
        lambda gateway: gateway.open_checkout(CHECKOUT),
        [yes({"authorization_url": "https://checkout.paystack.com/x", "reference": "recharge.7"})],
        [
            (
                "POST",
                f"{HOME}/transaction/initialize",
                {
                    "email": "ada@example.com",
                    "amount": 500,
                    "currency": "NGN",
                    "reference": "recharge.7",
                    "callback_url": "https://a/back",
                    "metadata": {
                        "saldo_key": "recharge_7",
                        "saldo_page": "checkout",
                        "cancel_action": "https://a/stop",
                        "custom_fields": [
                            {"display_name": "For", "variable_name": "for", "value": "Recharge"}
                        ],
                    },
                },
            )
        ],
        id="a page is opened under our reference",
    ),
    pytest.param(
        lambda gateway: gateway.checkout_outcome("recharge.7"),
        [yes(PAID)],
        [("GET", f"{HOME}/transaction/verify/recharge.7", None)],
        id="a page is looked up by its reference",
    ),
    pytest.param(
        lambda gateway: gateway.checkout_outcome("a/b?c=d"),
        [yes(PAID)],
        [("GET", f"{HOME}/transaction/verify/a%2Fb%3Fc%3Dd", None)],
        id="a reference stays one part of the path",
    ),
    pytest.param(
        lambda gateway: gateway.charge(CHARGE),
        [yes(PAID)],
        [
            (
                "POST",
                f"{HOME}/transaction/charge_authorization",
                {
                    "email": "ada@example.com",
                    "amount": 35_247,
                    "currency": "NGN",
                    "authorization_code": "AUTH_1",
                    "reference": "charge.17.1",
                    "metadata": '{"invoice": "7", "saldo_key": "charge_17_1"}',
                },
            )
        ],
        id="a kept card is charged under our reference",
    ),
    pytest.param(
        lambda gateway: gateway.refund(BACK),
        [yes(PAID), yes([], 0), yes(REFUND)],
        [
            ("GET", f"{HOME}/transaction/verify/payment-1", None),
            (
                "GET",
                f"{HOME}/refund?from=2026-11-20T09%3A59%3A00.000Z&perPage=100&page=1",
                None,
            ),
            (
                "POST",
                f"{HOME}/refund",
                {
                    "transaction": "payment-1",
                    "amount": 500,
                    "currency": "NGN",
                    "merchant_note": "refund-42",
                },
            ),
        ],
        id="a refund is looked for, then made with our key as its note",
    ),
    pytest.param(
        lambda gateway: gateway.register(
            CustomerOrder("tenant-7", "Ada Ltd", "ada@example.com", {"tenant": "7"})
        ),
        [yes({"customer_code": "CUS_1"})],
        [
            (
                "POST",
                f"{HOME}/customer",
                {
                    "email": "ada@example.com",
                    "first_name": "Ada Ltd",
                    "metadata": '{"tenant": "7", "saldo_key": "tenant-7"}',
                },
            )
        ],
        id="a customer is registered",
    ),
    pytest.param(
        lambda gateway: list(gateway.ledger(SINCE, UNTIL)),
        [yes([PAID], 1), yes([REFUND], 1), yes([SETTLED], 1)],
        [
            (
                "GET",
                (
                    f"{HOME}/transaction?from=2026-11-18T12%3A00%3A00.000Z"
                    "&to=2026-11-21T00%3A00%3A00.000Z&per_page=100&page=1"
                ),
                None,
            ),
            (
                "GET",
                (
                    f"{HOME}/refund?from=2026-10-19T12%3A00%3A00.000Z"
                    "&to=2026-11-21T00%3A00%3A00.000Z&perPage=100&page=1"
                ),
                None,
            ),
            ("GET", f"{HOME}/settlement?perPage=100&page=1", None),
        ],
        id="the ledger is three lists",
    ),
    pytest.param(
        lambda gateway: list(gateway.payout_lines("3090024")),
        [yes([PAID], 2), yes([PAID | {"id": 2}], 2)],
        [
            ("GET", f"{HOME}/settlement/3090024/transactions", None),
            ("GET", f"{HOME}/settlement/3090024/transactions?page=2", None),
        ],
        id="the lines of a settlement, page by page",
    ),
    pytest.param(
        lambda gateway: list(gateway.payouts(SINCE, UNTIL)),
        [yes([SETTLED], 1)],
        [("GET", f"{HOME}/settlement?perPage=100&page=1", None)],
        id="the settlements",
    ),
    pytest.param(
        lambda gateway: gateway.dispute("2867"),
        [yes(DISPUTE)],
        [("GET", f"{HOME}/dispute/2867", None)],
        id="a dispute",
    ),
    pytest.param(
        lambda gateway: list(gateway.disputes(SINCE, UNTIL)),
        [yes([DISPUTE], 1)],
        [
            (
                "GET",
                (
                    f"{HOME}/dispute?from=2026-11-19T12%3A00%3A00.000Z"
                    "&to=2026-11-21T00%3A00%3A00.000Z&perPage=100&page=1"
                ),
                None,
            )
        ],
        id="the disputes of a window",
    ),
    pytest.param(
        lambda gateway: gateway.probe(),
        [yes([{"currency": "NGN", "balance": 17}])],
        [("GET", f"{HOME}/balance", None)],
        id="the probe asks for the balances",
    ),
]


@pytest.mark.parametrize(("ask", "answers", "expected"), TABLE)
def test_a_request_travels_exactly_so(
    ask: Ask, answers: list[tuple[int, object]], expected: list[tuple[str, str, object]]
) -> None:
    paystack = Paystack(*answers)
    ask(paystack.gateway())
    assert [shown(request) for request in paystack.asked] == expected
    for request in paystack.asked:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        if request.method == "POST":
            assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize("key", ["", "sk_live\n", "sk live", "sk_lïve"])
def test_a_key_that_cannot_be_one_is_not_sent(key: str) -> None:
    with pytest.raises(CredentialsMissing):
        PaystackGateway(key)


def test_another_address_is_asked_instead() -> None:
    paystack = Paystack(yes([]))
    gateway = PaystackGateway(
        KEY, address="http://127.0.0.1:8601/v1/", transport=httpx.MockTransport(paystack)
    )
    gateway.probe()
    assert str(paystack.asked[0].url) == "http://127.0.0.1:8601/v1/balance"


def test_no_secret_shows() -> None:
    gateway = Paystack().gateway()
    assert KEY not in repr(gateway) + str(gateway)
    with pytest.raises(GatewayUnsure) as unsure:
        Paystack((500, {"message": f"{KEY} broke"})).gateway().probe()
    assert KEY not in str(unsure.value)
