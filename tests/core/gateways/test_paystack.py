"""Paystack's client against a small Paystack: pages, charges, refunds, payouts (PAY.3)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from core.gateways.paystack import PaystackGateway
from core.gateways.paystack_wire import key_of, reference_of
from core.gateways.port import (
    CardSetupOrder,
    ChargeOrder,
    CheckoutOrder,
    CredentialsMissing,
    CustomerOrder,
    ForgedEvent,
    GatewayRefused,
    GatewayUnsure,
    RefundOrder,
)
from core.gateways.simulator.paystack import PaystackSimulator
from core.gateways.simulator.paystack_money import ADDRESS, KEY, open_dispute, resolve_dispute
from core.gateways.simulator.paystack_money import settle as settle_all
from core.gateways.simulator.sibling import due
from tests.core.gateways.conftest import NOW, fault

Change = Callable[..., None]
SINCE = datetime.fromtimestamp(NOW, UTC) - timedelta(hours=1)
UNTIL = datetime.fromtimestamp(NOW, UTC) + timedelta(hours=1)
PAGE = CheckoutOrder(
    "saas_recharge_7_1795176000_ab12",
    1_000_000,
    "NGN",
    "ada@example.com",
    "Recharge",
    "https://app.example/back",
    "https://app.example/stop",
    metadata={"tenant": "7"},
)


@pytest.fixture
def transport(engine: Engine) -> httpx.WSGITransport:
    return httpx.WSGITransport(app=PaystackSimulator(engine))


@pytest.fixture
def gateway(transport: httpx.WSGITransport) -> PaystackGateway:
    return PaystackGateway(KEY, address=ADDRESS, transport=transport)


@pytest.fixture
def person(transport: httpx.WSGITransport) -> httpx.Client:
    """A browser that follows nothing by itself."""
    return httpx.Client(transport=transport)


def a_card(gateway: PaystackGateway, person: httpx.Client, card: str = "works") -> str:
    """The token of a card that was kept when something was paid with it."""
    opened = gateway.open_checkout(PAGE)
    person.post(opened.url, data={"choice": card})
    kept = gateway.checkout_outcome(opened.checkout_id).card
    assert kept is not None
    return kept.token


def order(token: str, key: str = "payment-1", amount: int = 1_000_000) -> ChargeOrder:
    return ChargeOrder(key, "CUS_1", token, amount, "NGN", "Invoice", {}, "ada@example.com")


def test_a_page_is_paid_on_and_its_card_kept(
    gateway: PaystackGateway, person: httpx.Client
) -> None:
    opened = gateway.open_checkout(PAGE)
    assert opened.checkout_id == "saas.recharge.7.1795176000.ab12"
    assert gateway.checkout_outcome(opened.checkout_id).status == "open"
    assert "10000.00 NGN" in person.get(opened.url).text
    back = person.post(opened.url, data={"choice": "works"}).headers["location"]
    assert parse_qs(urlsplit(back).query)["reference"] == [opened.checkout_id]
    seen = gateway.checkout_outcome(opened.checkout_id)
    # 1.5 % of 10 000 naira is 150, and 100 on top.
    assert (seen.status, seen.amount_minor, seen.fee_minor) == ("paid", 1_000_000, 25_000)
    assert (seen.key, seen.currency) == (PAGE.key, "NGN")
    assert seen.provider_payment_id == opened.checkout_id
    assert seen.card is not None
    assert (seen.card.brand, seen.card.last4) == ("visa", "4081")
    assert (seen.card.expires_month, seen.card.expires_year) == (12, 2034)


def test_a_declined_page_failed_and_a_left_one_stays_open(
    gateway: PaystackGateway, person: httpx.Client
) -> None:
    opened = gateway.open_checkout(PAGE)
    stopped = person.post(opened.url, data={"choice": "cancel"})
    assert stopped.headers["location"] == PAGE.cancel_url
    assert gateway.checkout_outcome(opened.checkout_id).status == "open"
    person.post(opened.url, data={"choice": "decline"})
    assert gateway.checkout_outcome(opened.checkout_id).status == "failed"


def test_paystack_does_not_tell_a_page_twice(gateway: PaystackGateway) -> None:
    gateway.open_checkout(PAGE)
    with pytest.raises(GatewayRefused, match="another key"):
        gateway.open_checkout(PAGE)


def test_a_kept_card_is_charged_once_however_often_it_is_asked(
    gateway: PaystackGateway, person: httpx.Client
) -> None:
    token = a_card(gateway, person)
    first = gateway.charge(order(token))
    assert (first.status, first.provider_payment_id) == ("succeeded", "payment-1")
    assert first.fee_minor == 25_000
    assert gateway.charge(order(token)) == first
    assert gateway.find_charge(order(token)) == first
    assert len([line for line in gateway.ledger(SINCE, UNTIL) if line.kind == "charge"]) == 2


def test_after_a_lost_answer_paystack_is_asked_what_it_did(
    gateway: PaystackGateway, person: httpx.Client, change: Change
) -> None:
    token = a_card(gateway, person)
    change(fault, "lost_after")
    assert gateway.charge(order(token)).status == "succeeded"


def test_a_charge_that_never_arrived_is_unsure_and_may_be_sent_again(
    gateway: PaystackGateway, person: httpx.Client, change: Change
) -> None:
    token = a_card(gateway, person)
    change(fault, "lost_before")
    with pytest.raises(GatewayUnsure, match="lost"):
        gateway.charge(order(token))
    assert gateway.find_charge(order(token)) is None
    assert gateway.charge(order(token)).status == "succeeded"


@pytest.mark.parametrize(
    ("card", "code", "hard"),
    [
        ("empty", "insufficient_funds", False),
        ("expires", "expired_card", True),
        ("asks", "authentication_required", True),
    ],
)
def test_a_decline_is_an_answer_with_its_reason(
    gateway: PaystackGateway, person: httpx.Client, card: str, code: str, hard: bool
) -> None:
    answer = gateway.charge(order(a_card(gateway, person, card)))
    assert (answer.status, answer.failure_code, answer.hard) == ("failed", code, hard)


def test_a_key_used_for_another_sum_is_unsure(
    gateway: PaystackGateway, person: httpx.Client
) -> None:
    token = a_card(gateway, person)
    gateway.charge(order(token))
    with pytest.raises(GatewayUnsure, match="another sum"):
        gateway.charge(order(token, amount=5))


def test_an_unknown_card_and_an_unknown_currency_are_refused(gateway: PaystackGateway) -> None:
    with pytest.raises(GatewayRefused, match="Authorization code is invalid"):
        gateway.charge(order("AUTH_nobody"))
    with pytest.raises(GatewayRefused, match="not EUR"):
        gateway.charge(ChargeOrder("payment-1", "", "AUTH_1", 1, "EUR", "Invoice"))


def test_a_refund_is_pending_then_paid_and_never_made_twice(
    gateway: PaystackGateway, person: httpx.Client
) -> None:
    paid = gateway.charge(order(a_card(gateway, person)))
    wanted = RefundOrder("refund-42", paid.provider_payment_id, 400_000, "NGN")
    assert gateway.find_refund(wanted) is None
    first = gateway.refund(wanted)
    assert first.status == "pending"
    again = gateway.refund(wanted)
    assert (again.status, again.provider_refund_id) == ("succeeded", first.provider_refund_id)
    other = RefundOrder("refund-43", paid.provider_payment_id, 600_000, "NGN")
    assert gateway.refund(other).provider_refund_id != first.provider_refund_id
    with pytest.raises(GatewayRefused, match="more than what is left"):
        gateway.refund(RefundOrder("refund-44", paid.provider_payment_id, 1, "NGN"))


def test_a_refund_whose_answer_was_lost_is_found(
    gateway: PaystackGateway, person: httpx.Client, change: Change
) -> None:
    paid = gateway.charge(order(a_card(gateway, person)))
    wanted = RefundOrder("refund-42", paid.provider_payment_id, 400_000, "NGN")
    change(fault, "lost_after")
    with pytest.raises(GatewayUnsure):
        gateway.refund(wanted)
    assert gateway.find_refund(wanted) == gateway.refund(wanted)


def test_a_customer_is_made_once(gateway: PaystackGateway) -> None:
    wanted = CustomerOrder("tenant-7", "Ada Ltd", "ada@example.com", {"tenant": "7"})
    assert gateway.register(wanted) == gateway.register(wanted)


def test_a_settlement_is_a_payout_with_its_transactions(
    gateway: PaystackGateway, person: httpx.Client, engine: Engine
) -> None:
    token = a_card(gateway, person)
    gateway.charge(order(token, amount=500_000))
    with engine.begin() as connection:
        (settled,) = settle_all(connection)
    (seen,) = gateway.payouts(SINCE, UNTIL)
    # 10 000 less 250, and 5 000 less 75 and 100: 9 750 and 4 825 naira.
    assert (seen.payout_id, seen.status, seen.amount_minor) == (settled, "paid", 1_457_500)
    assert seen.itemised
    lines = list(gateway.payout_lines(settled))
    assert sum(line.amount_minor - line.fee_minor for line in lines) == seen.amount_minor
    assert {line.payout_id for line in lines} == {settled}
    assert list(gateway.payouts(UNTIL, UNTIL + timedelta(days=1))) == []


def test_the_ledger_holds_charges_refunds_and_payouts_of_its_window(
    gateway: PaystackGateway, person: httpx.Client, engine: Engine
) -> None:
    paid = gateway.charge(order(a_card(gateway, person)))
    back = gateway.refund(RefundOrder("refund-42", paid.provider_payment_id, 400_000, "NGN"))
    with engine.begin() as connection:
        (settled,) = settle_all(connection)
    lines = {line.external_id: line for line in gateway.ledger(SINCE, UNTIL)}
    assert len(lines) == 4
    refund = lines[f"refund-{back.provider_refund_id}"]
    assert (refund.kind, refund.amount_minor, refund.fee_minor) == ("refund", -400_000, 0)
    assert refund.source_id == back.provider_refund_id
    assert lines[f"settlement-{settled}"].amount_minor == -1_950_000
    charges = [line for line in lines.values() if line.kind == "charge"]
    assert {line.source_id for line in charges} == {
        "payment-1",
        "saas.recharge.7.1795176000.ab12",
    }
    assert list(gateway.ledger(UNTIL, UNTIL + timedelta(days=1))) == []


def test_a_dispute_is_answered_won_or_lost(
    gateway: PaystackGateway, person: httpx.Client, engine: Engine
) -> None:
    paid = gateway.charge(order(a_card(gateway, person)))
    with engine.begin() as connection:
        number = open_dispute(connection, paid.provider_payment_id)
    seen = gateway.dispute(number)
    assert (seen.status, seen.amount_minor, seen.currency) == ("needs_response", 1_000_000, "NGN")
    assert seen.provider_payment_id == paid.provider_payment_id
    assert seen.evidence_due_on == datetime.fromtimestamp(NOW, UTC).date()
    assert list(gateway.disputes(SINCE, UNTIL)) == [seen]
    with engine.begin() as connection:
        resolve_dispute(connection, number, won=False)
    assert gateway.dispute(number).status == "lost"
    taken = [line for line in gateway.ledger(SINCE, UNTIL) if line.kind == "dispute"]
    assert [(line.amount_minor, line.source_id) for line in taken] == [(-1_000_000, number)]


def test_every_page_of_a_list_is_read(gateway: PaystackGateway, person: httpx.Client) -> None:
    token = a_card(gateway, person)
    for place in range(105):
        gateway.charge(order(token, f"payment-{place}", 100))
    assert len(list(gateway.ledger(SINCE, UNTIL))) == 106


def test_signed_events_come_once_and_say_what_they_are_about(
    gateway: PaystackGateway, person: httpx.Client, engine: Engine
) -> None:
    token = a_card(gateway, person)
    paid = gateway.charge(order(token))
    gateway.refund(RefundOrder("refund-42", paid.provider_payment_id, 400_000, "NGN"))
    with engine.begin() as connection:
        number = open_dispute(connection, paid.provider_payment_id)
        sent = due(connection, "paystack")
    with engine.begin() as connection:
        assert due(connection, "paystack") == []
    events = [gateway.read_event(raw, headers, SINCE) for headers, raw in sent]
    assert len({event.event_id for event in events}) == 4
    news = [gateway.news_of(event.body) for event in events]
    assert [(item.about, item.key) for item in news if item] == [
        ("checkout", PAGE.key),
        ("charge", "payment-1"),
        ("refund", "refund-42"),
        ("dispute", "payment-1"),
    ]
    assert [item.payment_id for item in news if item][1:] == [paid.provider_payment_id] * 3
    assert news[3] is not None
    assert news[3].object_id == number


def test_a_forged_event_is_refused(gateway: PaystackGateway) -> None:
    for headers in ({}, {"x-paystack-signature": "0" * 128}, {"x-paystack-signature": "é"}):
        with pytest.raises(ForgedEvent):
            gateway.read_event(b'{"event": "charge.success", "data": {}}', headers, SINCE)


def test_a_card_alone_is_not_kept(gateway: PaystackGateway) -> None:
    with pytest.raises(GatewayRefused, match="when something is paid"):
        gateway.open_card_setup(CardSetupOrder("card-1", "CUS_1", "NGN", "https://a", "https://b"))


def test_the_probe_names_the_mode_and_moves_nothing(
    gateway: PaystackGateway, person: httpx.Client
) -> None:
    assert gateway.probe() == "Paystack answers in test mode; it holds no balance"
    a_card(gateway, person)
    assert gateway.probe() == "Paystack answers in test mode; it holds NGN"


def test_another_key_is_told_as_missing_credentials(transport: httpx.WSGITransport) -> None:
    with pytest.raises(CredentialsMissing, match="Invalid key") as refusal:
        PaystackGateway("sk_live_real", address=ADDRESS, transport=transport).probe()
    assert "sk_live_real" not in str(refusal.value)


@given(key=st.text(min_size=1, max_size=60))
def test_every_key_comes_back_from_its_reference(key: str) -> None:
    reference = reference_of(key)
    assert key_of(reference) == key
    assert set(reference) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.="
    )


@given(reference=st.text(min_size=1, max_size=40))
def test_a_reference_of_another_system_is_taken_as_it_is(reference: str) -> None:
    key = key_of(reference)
    assert key == reference or reference_of(key) == reference
