"""An answer that is not what the library declares means that nothing is known (PAY.3)."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from core.errors import SaldoError
from core.gateways.port import (
    CardSetupOrder,
    ChargeOrder,
    CheckoutOrder,
    CustomerOrder,
    GatewayUnsure,
    RefundOrder,
)
from core.gateways.stripe_gateway import StripeGateway
from tests.core.gateways import test_paypal_requests, test_paystack_requests
from tests.core.gateways.conftest import ADDRESS, KEY

AT = datetime(2026, 11, 20, tzinfo=UTC)
URL = "https://saldo.example"
CHARGE = ChargeOrder("k", "cus_1", "pm_1", 500, "EUR", "A")
REFUND = RefundOrder("k", "ch_1", 500, "EUR")
ASKED: dict[str, Callable[[StripeGateway], Any]] = {
    "refund": lambda gateway: gateway.refund(REFUND),
    "find_refund": lambda gateway: gateway.find_refund(REFUND),
    "charge": lambda gateway: gateway.charge(CHARGE),
    "find_charge": lambda gateway: gateway.find_charge(CHARGE),
    "register": lambda gateway: gateway.register(CustomerOrder("k", "A", "a@a.example")),
    "open_checkout": lambda gateway: gateway.open_checkout(
        CheckoutOrder("k", 500, "EUR", "", "A", URL, URL)
    ),
    "open_card_setup": lambda gateway: gateway.open_card_setup(
        CardSetupOrder("k", "cus_1", "EUR", URL, URL)
    ),
    "checkout_outcome": lambda gateway: gateway.checkout_outcome("cs_1"),
    "cards": lambda gateway: gateway.cards("cus_1"),
    "portal": lambda gateway: gateway.portal("cus_1", URL),
    "ledger": lambda gateway: list(gateway.ledger(AT, AT)),
    "payouts": lambda gateway: list(gateway.payouts(AT, AT)),
    "payout_lines": lambda gateway: gateway.payout_lines("po_1"),
    "dispute": lambda gateway: gateway.dispute("dp_1"),
    "disputes": lambda gateway: list(gateway.disputes(AT, AT)),
    "probe": lambda gateway: gateway.probe(),
}


class Saying(stripe.HTTPClient):
    """A server that answers everything with the same words."""

    name = "saying"

    def __init__(self, words: str, status: int = 200) -> None:
        super().__init__()
        self.words, self.status = words, status

    def request(self, *_given: Any, **_more: Any) -> tuple[str, int, Mapping[str, str]]:
        return self.words, self.status, {}

    def _sleep_time_seconds(self, *_given: Any) -> float:
        return 0


@pytest.mark.parametrize("ask", ASKED.values(), ids=ASKED)
@pytest.mark.parametrize(
    ("words", "status"),
    [
        pytest.param("{}", 200, id="nothing in it"),
        pytest.param("[]", 200, id="a list"),
        pytest.param('"fine"', 200, id="a word"),
        pytest.param("null", 200, id="null"),
        pytest.param("<html>", 200, id="a page of a proxy"),
        pytest.param('{"object": "list", "data": [{}], "has_more": false}', 200, id="empty items"),
        pytest.param('{"error": "down"}', 503, id="an error without a shape"),
        pytest.param("", 502, id="silence of a proxy"),
    ],
)
def test_an_unreadable_answer_is_unsure(
    ask: Callable[[StripeGateway], Any], words: str, status: int
) -> None:
    gateway = StripeGateway(KEY, address=ADDRESS, http_client=Saying(words, status))
    with pytest.raises(GatewayUnsure):
        ask(gateway)


class Silent(Saying):
    """A server that cannot be reached."""

    def request(self, *_given: Any, **_more: Any) -> tuple[str, int, Mapping[str, str]]:
        raise stripe.APIConnectionError("HTTPSConnectionPool(host=…): write to support")


def test_a_gateway_that_cannot_be_reached_is_told_of_in_our_own_words() -> None:
    gateway = StripeGateway(KEY, address=ADDRESS, http_client=Silent(""))
    with pytest.raises(GatewayUnsure, match="connection to Stripe was lost"):
        gateway.probe()


LINE = {
    "id": "txn_1",
    "object": "balance_transaction",
    "amount": 1_000,
    "fee": 30,
    "currency": "eur",
    "created": 1_795_176_000,
    "available_on": 1_795_176_000,
    "reporting_category": "charge",
    "source": "ch_1",
}


@pytest.mark.parametrize(
    "odd",
    [
        {"amount": None},
        {"amount": "1000"},
        {"fee": 30.5},
        {"created": 10**18},
        {"available_on": "soon"},
    ],
)
def test_a_line_whose_amount_or_day_is_none_is_unsure(odd: dict[str, Any]) -> None:
    words = json.dumps({"object": "list", "data": [LINE | odd], "has_more": False})
    gateway = StripeGateway(KEY, address=ADDRESS, http_client=Saying(words))
    with pytest.raises(GatewayUnsure):
        list(gateway.ledger(AT, AT))


def test_a_line_that_is_as_declared_is_read() -> None:
    words = json.dumps({"object": "list", "data": [LINE], "has_more": False})
    gateway = StripeGateway(KEY, address=ADDRESS, http_client=Saying(words))
    assert [line.amount_minor for line in gateway.ledger(AT, AT)] == [1_000]


TABLES = [
    pytest.param(made, asked.values[0], asked.values[1], id=str(asked.id))
    for made, table in (
        (test_paypal_requests.PayPal, test_paypal_requests.TABLE),
        (test_paystack_requests.Paystack, test_paystack_requests.TABLE),
    )
    for asked in table
]


@pytest.mark.parametrize(("made", "ask", "answers"), TABLES)
def test_an_answer_with_any_field_odd_is_read_or_refused_in_our_own_words(
    made: Callable[..., Any], ask: Callable[[Any], Any], answers: list[tuple[int, Any]]
) -> None:
    for place, (status, body) in enumerate(answers):
        for odd in oddities(body):
            changed = [*answers[:place], (status, odd), *answers[place + 1 :], *answers[-1:] * 6]
            with suppress(SaldoError):
                ask(made(*changed).gateway())


def oddities(body: Any) -> Iterator[Any]:
    """An answer again and again, each time with one of its values gone or another one."""
    if isinstance(body, dict):
        for name, value in body.items():
            yield {key: kept for key, kept in body.items() if key != name}
            yield from (body | {name: odd} for odd in (None, "NEW", str(value), 7, [], {}))
            yield from (body | {name: inner} for inner in oddities(value))
    elif isinstance(body, list):
        for place, value in enumerate(body):
            yield body[:place] + body[place + 1 :]
            yield from ([*body[:place], odd, *body[place + 1 :]] for odd in (None, "NEW", 7))
            yield from ([*body[:place], i, *body[place + 1 :]] for i in oddities(value))
