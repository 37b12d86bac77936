"""Charges of stored cards through the real library: paid, declined, once (PAY.3, PAY.6)."""

import json
from collections.abc import Callable

import pytest
import stripe
from sqlalchemy import Engine, text

from core.gateways.port import (
    ChargeOrder,
    CredentialsMissing,
    GatewayRefused,
    GatewayUnsure,
)
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_wire import OUR_KEY, RETRIES
from tests.core.gateways.conftest import fault

Change = Callable[..., None]


def a_customer(client: stripe.StripeClient) -> str:
    return client.v1.customers.create({"name": "Rheinfeld GmbH", "metadata": {"tenant": "7"}}).id


def a_stored_card(client: stripe.StripeClient, customer: str, card: str = "pm_card_visa") -> str:
    return client.v1.payment_methods.attach(card, {"customer": customer}).id


def order(customer: str, card: str, key: str = "payment-1", amount: int = 10_000) -> ChargeOrder:
    return ChargeOrder(key, customer, card, amount, "EUR", "Invoice 2026-1", {"invoice": "2026-1"})


def test_a_stored_card_is_charged_and_the_fee_is_known(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    customer = a_customer(client)
    answer = gateway.charge(order(customer, a_stored_card(client, customer)))
    # 1.5 % of 100.00 is 1.50, and 0.25 on top.
    assert (answer.status, answer.fee_minor, answer.failure_code) == ("succeeded", 175, None)
    charge = client.v1.charges.retrieve(
        answer.provider_payment_id, {"expand": ["balance_transaction"]}
    )
    assert (charge.amount, charge.customer, charge.paid) == (10_000, customer, True)
    assert charge.metadata.to_dict() == {"invoice": "2026-1", OUR_KEY: "payment-1"}
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    assert charge.balance_transaction.net == 9_825


def test_the_same_order_charges_once_and_answers_the_same(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    customer = a_customer(client)
    card = a_stored_card(client, customer)
    change(fault, "lost_after", RETRIES + 1)
    with pytest.raises(GatewayUnsure):
        gateway.charge(order(customer, card))
    first = gateway.charge(order(customer, card))
    assert gateway.charge(order(customer, card)) == first
    assert len(client.v1.charges.list({"customer": customer}).data) == 1


@pytest.mark.parametrize(
    ("card", "code", "hard"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline", False),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds", False),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient_funds", False),
        ("pm_card_chargeDeclinedProcessingError", "processing_error", False),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", True),
        ("pm_card_chargeDeclinedLostCard", "lost_card", True),
        ("pm_card_chargeDeclinedStolenCard", "stolen_card", True),
        ("pm_card_authenticationRequired", "authentication_required", True),
        ("pm_card_chargeCustomerFail", "generic_decline", False),
    ],
)
def test_a_decline_is_an_answer_with_its_reason(
    client: stripe.StripeClient, gateway: StripeGateway, card: str, code: str, hard: bool
) -> None:
    answer = gateway.charge(order(a_customer(client), card))
    assert (answer.status, answer.failure_code, answer.hard) == ("failed", code, hard)
    failed = client.v1.charges.retrieve(answer.provider_payment_id)
    assert (failed.status, failed.paid, failed.amount_captured) == ("failed", False, 0)
    assert failed.balance_transaction is None


def test_a_declined_order_repeated_gives_the_same_decline(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    customer = a_customer(client)
    first = gateway.charge(order(customer, "pm_card_chargeCustomerFail"))
    assert gateway.charge(order(customer, "pm_card_chargeCustomerFail")) == first
    assert len(client.v1.charges.list({"customer": customer}).data) == 1


def test_a_card_that_always_declines_cannot_be_stored_but_one_fails_only_when_charged(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    customer = a_customer(client)
    with pytest.raises(stripe.CardError) as refusal:
        a_stored_card(client, customer, "pm_card_chargeDeclinedExpiredCard")
    assert (refusal.value.code, refusal.value.http_status) == ("expired_card", 402)
    stored = a_stored_card(client, customer, "pm_card_chargeCustomerFail")
    assert gateway.charge(order(customer, stored)).status == "failed"


def test_the_decline_names_the_intent_that_may_be_paid_with_another_card(
    client: stripe.StripeClient,
) -> None:
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.payment_intents.create(
            {
                "amount": 500,
                "currency": "eur",
                "confirm": True,
                "payment_method": "pm_card_chargeCustomerFail",
            }
        )
    error = refusal.value.error
    assert error is not None
    assert error.decline_code == "generic_decline"
    assert error.payment_intent is not None
    assert error.payment_intent.status == "requires_payment_method"
    paid = client.v1.payment_intents.confirm(
        error.payment_intent.id, {"payment_method": "pm_card_visa"}
    )
    assert (paid.status, paid.amount_received) == ("succeeded", 500)


def test_a_paid_intent_is_not_paid_again(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 500, "currency": "eur", "confirm": True, "payment_method": "pm_card_visa"}
    )
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payment_intents.confirm(intent.id)
    assert refusal.value.code == "payment_intent_unexpected_state"


def test_in_the_customers_presence_authentication_is_asked_for(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {
            "amount": 500,
            "currency": "eur",
            "confirm": True,
            "payment_method": "pm_card_authenticationRequired",
        }
    )
    assert intent.status == "requires_action"


def test_a_set_up_stores_the_card_for_later(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    customer = a_customer(client)
    done = client.v1.setup_intents.create(
        {
            "customer": customer,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "usage": "off_session",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    assert done.status == "succeeded"
    (stored,) = client.v1.payment_methods.list({"customer": customer, "type": "card"}).data
    assert stored.id == done.payment_method
    assert gateway.charge(order(customer, stored.id)).status == "succeeded"
    client.v1.payment_methods.detach(stored.id)
    assert client.v1.payment_methods.list({"customer": customer}).data == []


def test_a_declined_set_up_stores_nothing(client: stripe.StripeClient) -> None:
    customer = a_customer(client)
    with pytest.raises(stripe.CardError) as refusal:
        client.v1.setup_intents.create(
            {
                "customer": customer,
                "payment_method": "pm_card_visa_chargeDeclined",
                "confirm": True,
            }
        )
    assert refusal.value.error is not None
    assert refusal.value.error.setup_intent is not None
    assert client.v1.payment_methods.list({"customer": customer}).data == []


def test_the_card_of_another_customer_is_refused(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    card = a_stored_card(client, a_customer(client))
    with pytest.raises(GatewayRefused, match="another customer"):
        gateway.charge(order(a_customer(client), card))


def test_an_unknown_customer_is_refused(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused, match="No such customer"):
        gateway.charge(order("cus_nobody", "pm_card_visa"))


def remembered_as(engine: Engine, **facts: object) -> None:
    """The next repetition of the one order gets the first answer with other facts in it."""
    with engine.begin() as connection:
        body = connection.scalar(
            text("select body from simulator.idempotency where key = 'payment-1'")
        )
        connection.execute(
            text("update simulator.idempotency set body = :body where key = 'payment-1'"),
            {"body": json.dumps({**json.loads(body or ""), **facts})},
        )


def test_a_fee_in_another_settlement_currency_is_reckoned_back(
    client: stripe.StripeClient, gateway: StripeGateway, engine: Engine
) -> None:
    customer = a_customer(client)
    first = gateway.charge(order(customer, "pm_card_visa"))
    charge = client.v1.charges.retrieve(
        first.provider_payment_id, {"expand": ["balance_transaction"]}
    ).to_dict()
    # Settled in crowns at 11.20 for the euro: 100.00 becomes 1 120.00, the fee of 2.00 22.40.
    charge["balance_transaction"] |= {"currency": "sek", "amount": 112_000, "fee": 2_240}
    remembered_as(engine, latest_charge=charge)
    assert gateway.charge(order(customer, "pm_card_visa")).fee_minor == 200


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "processing"}, ("pending", 0, None, False)),
        ({"status": "requires_action"}, ("failed", 0, "requires_action", True)),
        ({"status": "canceled"}, ("failed", 0, "canceled", False)),
    ],
)
def test_an_intent_that_made_no_charge_answers_for_itself(
    client: stripe.StripeClient,
    gateway: StripeGateway,
    engine: Engine,
    facts: dict[str, str],
    expected: tuple[str, int, str | None, bool],
) -> None:
    customer = a_customer(client)
    gateway.charge(order(customer, "pm_card_visa"))
    remembered_as(engine, latest_charge=None, **facts)
    answer = gateway.charge(order(customer, "pm_card_visa"))
    assert answer.provider_payment_id.startswith("pi_")
    assert (answer.status, answer.fee_minor, answer.failure_code, answer.hard) == expected


def test_without_a_connection_it_is_unsure(gateway: StripeGateway, change: Change) -> None:
    change(fault, "lost_before", RETRIES + 1)
    with pytest.raises(GatewayUnsure, match="connection"):
        gateway.charge(order("cus_1", "pm_card_visa"))


def test_the_probe_names_account_and_mode_and_moves_nothing(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    assert gateway.probe() == "Stripe answers for the account acct_simulator in test mode"
    assert client.v1.events.list().data == []


@pytest.mark.parametrize("key", ["sk_live_real", "nonsense"])
def test_a_key_that_is_not_accepted_is_told_as_missing_credentials(
    engine: Engine, key: str
) -> None:
    stranger = StripeGateway(key, address=ADDRESS, http_client=InProcess(engine))
    with pytest.raises(CredentialsMissing, match="Invalid API Key") as refusal:
        stranger.probe()
    assert key not in str(refusal.value)
