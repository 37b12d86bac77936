"""The small Paystack answers with every field that Paystack's document requires (PAY.3)."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from core.gateways.simulator.paystack import PaystackSimulator
from core.gateways.simulator.paystack_money import ADDRESS, KEY, open_dispute

PERSON = "id first_name last_name email customer_code phone metadata risk_action"
CARD = (
    "authorization_code bin last4 exp_month exp_year channel card_type bank country_code brand "
    "reusable signature account_name"
)
TRANSACTION = (
    "id domain status reference amount message gateway_response paid_at created_at channel "
    "currency ip_address metadata log fees fees_split customer authorization plan split "
    "subaccount order_id paidAt createdAt requested_amount source connect pos_transaction_data"
)
REFUND = (
    "integration transaction dispute settlement id domain currency amount status refunded_at "
    "refunded_by customer_note merchant_note deducted_amount fully_deducted createdAt "
    "bank_reference transaction_reference reason customer refund_type transaction_amount "
    "initiated_by refund_channel session_id collect_account_number"
)
DISPUTE = (
    "id refund_amount currency status resolution domain transaction transaction_reference category "
    "customer bin last4 dueAt resolvedAt evidence attachments note history messages createdAt "
    "updatedAt"
)
META = "total skipped perPage page pageCount"
ORDER = {"email": "ada@example.com", "amount": 500_000, "currency": "NGN"}


@pytest.fixture
def paystack(engine: Engine) -> Iterator[httpx.Client]:
    with httpx.Client(
        transport=httpx.WSGITransport(app=PaystackSimulator(engine)),
        base_url=ADDRESS,
        headers={"Authorization": f"Bearer {KEY}"},
    ) as client:
        yield client


def paid(paystack: httpx.Client) -> str:
    """The reference of a transaction that was paid on its page."""
    made = paystack.post("/transaction/initialize", json=ORDER).json()["data"]
    paystack.post(made["authorization_url"], data={"choice": "works"})
    return str(made["reference"])


def lacking(found: dict[str, Any], required: str) -> set[str]:
    return set(required.split()) - set(found)


def test_a_transaction_that_is_looked_up_or_listed(paystack: httpx.Client) -> None:
    reference = paid(paystack)
    one = paystack.get(f"/transaction/verify/{reference}").json()["data"]
    more = "receipt_number fees_breakdown transaction_date plan_object"
    assert lacking(one, f"{TRANSACTION} {more}") == set()
    listed = paystack.get("/transaction").json()
    (row,) = listed["data"]
    assert lacking(row, TRANSACTION) == set()
    assert lacking(row["customer"], PERSON) | lacking(row["authorization"], CARD) == set()
    assert lacking(listed["meta"], f"{META} total_volume") == set()
    assert isinstance(row["plan"], dict)


def test_a_charge_of_a_kept_card(paystack: httpx.Client) -> None:
    one = paystack.get(f"/transaction/verify/{paid(paystack)}").json()["data"]
    asked = ORDER | {"authorization_code": one["authorization"]["authorization_code"]}
    made = paystack.post("/transaction/charge_authorization", json=asked).json()["data"]
    required = (
        "amount currency transaction_date status reference domain metadata gateway_response "
        "message channel ip_address log fees authorization customer plan id"
    )
    assert lacking(made, required) | lacking(made["authorization"], CARD) == set()
    assert isinstance(made["metadata"], str)


def test_a_refund_that_is_asked_for_or_listed(paystack: httpx.Client) -> None:
    asked = {"transaction": paid(paystack), "amount": 100, "merchant_note": "refund-1"}
    made = paystack.post("/refund", json=asked).json()["data"]
    required = (
        "transaction integration deducted_amount channel merchant_note customer_note status "
        "refunded_by expected_at currency domain amount fully_deducted id createdAt updatedAt"
    )
    assert lacking(made, required) == set()
    assert {"id", "reference", "amount", "authorization"} <= set(made["transaction"])
    listed = paystack.get("/refund").json()
    assert lacking(listed["data"][0], REFUND) == set()
    assert lacking(listed["meta"], f"{META} failedRefundCount") == set()


def test_a_dispute_that_is_looked_up_or_listed(paystack: httpx.Client, engine: Engine) -> None:
    reference = paid(paystack)
    with engine.begin() as connection:
        number = open_dispute(connection, reference)
    for found in (
        paystack.get(f"/dispute/{number}").json()["data"],
        paystack.get("/dispute").json()["data"][0],
    ):
        assert lacking(found, DISPUTE) == set()
        assert lacking(found["transaction"], TRANSACTION) == set()
        assert found["transaction"]["metadata"]["custom_fields"] == []
        assert found["history"][0]["by"] == "simulator"


def test_a_customer_that_is_registered(paystack: httpx.Client) -> None:
    made = paystack.post("/customer", json={"email": "ada@example.com"}).json()["data"]
    required = (
        "transactions subscriptions authorizations email first_name last_name phone integration "
        "domain metadata customer_code risk_action id createdAt updatedAt identified "
        "identifications"
    )
    assert lacking(made, required) == set()
