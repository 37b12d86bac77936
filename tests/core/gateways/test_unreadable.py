"""An answer that is not what the library declares means that nothing is known (PAY.3)."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import stripe

from core.gateways.port import (
    CardSetupOrder,
    ChargeOrder,
    CheckoutOrder,
    CustomerOrder,
    GatewayUnsure,
    RefundOrder,
)
from core.gateways.stripe_gateway import StripeGateway
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
