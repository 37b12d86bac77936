"""Events that a gateway signed, whatever they say: handled or put aside, and no money moves."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.charging.events import SYSTEM, handle, store_event
from core.gateways.http import told
from core.gateways.port import GatewayEvent
from core.work import Office
from tests.billing import a_card, a_charge, a_tenant, an_invoice, wrong_books
from tests.core.charging.conftest import settings
from tests.fuzz import odd
from tests.fuzz.depth import tried
from tests.fuzz.test_ledgers import change

__all__ = ["settings"]
KEYS = st.sampled_from(("attempt-", "refund-", "saas_recharge_1_1_", "")).flatmap(
    lambda start: (st.sampled_from(("1", "2", "²", "9" * 30, "-1", "1 ")) | odd.texts).map(
        lambda rest: start + rest
    )
)
"""Keys as ours are made, with anything for their number."""


def of_stripe(kind: str, about: dict[str, Any], key: str) -> dict[str, Any]:
    found = {"id": "x_1", "metadata": {"saldo_key": key}, "client_reference_id": key, **about}
    return {"id": "evt_1", "object": "event", "type": kind, "data": {"object": found}}


def of_paystack(kind: str, about: dict[str, Any], key: str) -> dict[str, Any]:
    return {"event": kind, "data": {"id": 7, "reference": key, **about}}


def of_paypal(kind: str, about: dict[str, Any], key: str) -> dict[str, Any]:
    return {"id": "WH-1", "event_type": kind, "resource": {"id": "7", "custom_id": key, **about}}


EVENTS: dict[str, tuple[Callable[..., dict[str, Any]], dict[str, dict[str, Any]]]] = {
    "stripe": (
        of_stripe,
        {
            "checkout.session.completed": {},
            "payment_intent.succeeded": {"latest_charge": "ch_0"},
            "charge.refunded": {"charge": "ch_0"},
            "refund.failed": {"charge": "ch_0", "payment_intent": {"id": "pi_1"}},
            "charge.dispute.created": {"charge": "ch_0"},
            "payout.paid": {},
            "setup_intent.succeeded": {"payment_method": "pm_1", "customer": "cus_1"},
            "payment_method.attached": {"customer": {"id": "cus_1"}},
            "customer.updated": {"invoice_settings": {"default_payment_method": "pm_1"}},
        },
    ),
    "paystack": (
        of_paystack,
        {
            "charge.success": {"metadata": {"saldo_page": "1"}},
            "refund.processed": {"transaction_reference": "T1", "merchant_note": "refund-1"},
            "charge.dispute.create": {"transaction": {"reference": "T1"}},
        },
    ),
    "paypal": (
        of_paypal,
        {
            "CHECKOUT.ORDER.APPROVED": {"purchase_units": [{"custom_id": "k"}]},
            "PAYMENT.CAPTURE.COMPLETED": {},
            "PAYMENT.CAPTURE.REFUNDED": {"links": [{"rel": "up", "href": "https://x/captures/7"}]},
            "CUSTOMER.DISPUTE.CREATED": {
                "dispute_id": "D1", "disputed_transactions": [{"seller_transaction_id": "7"}],
            },
            "VAULT.PAYMENT-TOKEN.DELETED": {},
        },
    ),
}  # fmt: skip


@st.composite
def bodies(draw: Callable[..., Any], provider: str) -> bytes:
    """An event of a provider with an odd key, and up to two odd values somewhere."""
    shape, kinds = EVENTS[provider]
    kind = draw(st.sampled_from(sorted(kinds)))
    body = json.loads(json.dumps(shape(kind, kinds[kind], draw(KEYS))))
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.lists(st.integers(0, 9), min_size=2, max_size=5))
        change(body, place, draw(odd.values), draw(st.sampled_from(("value", "value", "gone"))))
    return json.dumps(body).encode()


@pytest.mark.parametrize("provider", EVENTS)
def test_what_a_gateway_tells_is_handled_or_put_aside(office: Office, provider: str) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    a_card(office, tenant.id)
    a_charge(office, an_invoice(office, tenant), "ch_0")
    numbers = iter(range(1, 10**9))

    @tried(20)
    @given(bodies(provider))
    def check(raw: bytes) -> None:
        try:
            told(raw)
        except (ValueError, RecursionError):
            return
        event = GatewayEvent(f"evt-{next(numbers)}", "any", office.clock.now(), {})
        with office.work(SYSTEM) as work:
            received = store_event(work, provider, event, raw, None)
        row = handle(office, received.event_id)
        assert row.status in ("ignored", "waiting"), row.outcome
        assert row.problem or row.outcome

    check()
    assert wrong_books(office) == []
