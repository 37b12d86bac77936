"""PayPal's client against a small PayPal: pages, charges, refunds, search, disputes (PAY.3)."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text

from core.clock import SetClock
from core.gateways.paypal import PayPalGateway
from core.gateways.paypal_wire import from_paypal, to_paypal
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
from core.gateways.simulator.paypal import PayPalSimulator
from core.gateways.simulator.paypal_money import (
    ADDRESS,
    CLIENT_ID,
    KEY,
    WEBHOOK_ID,
    open_dispute,
    resolve_dispute,
    withdraw,
)
from core.gateways.simulator.sibling import due
from tests.core.gateways.conftest import NOW, fault

Change = Callable[..., None]
NOON = datetime.fromtimestamp(NOW, UTC)
SINCE, UNTIL = NOON - timedelta(days=40), NOON + timedelta(hours=1)
PAGE = CheckoutOrder(
    "saas_recharge_7_1795176000_ab12",
    10_000,
    "EUR",
    "ada@example.com",
    "Recharge",
    "https://app.example/back",
    "https://app.example/stop",
)


@pytest.fixture
def transport(engine: Engine) -> httpx.WSGITransport:
    return httpx.WSGITransport(app=PayPalSimulator(engine))


@pytest.fixture
def gateway(transport: httpx.WSGITransport) -> PayPalGateway:
    return PayPalGateway(
        CLIENT_ID,
        KEY,
        webhook_id=WEBHOOK_ID,
        address=ADDRESS,
        transport=transport,
        clock=SetClock(NOON),
    )


@pytest.fixture
def person(transport: httpx.WSGITransport) -> httpx.Client:
    """A browser that follows nothing by itself."""
    return httpx.Client(transport=transport)


def order(kept: str = "kept-works", key: str = "payment-1", amount: int = 10_000) -> ChargeOrder:
    return ChargeOrder(key, "", kept, amount, "EUR", "Invoice 2026-1")


def test_a_page_is_agreed_to_and_captured_once(
    gateway: PayPalGateway, person: httpx.Client
) -> None:
    opened = gateway.open_checkout(PAGE)
    assert gateway.open_checkout(PAGE) == opened
    assert gateway.checkout_outcome(opened.checkout_id).status == "open"
    assert "100.00 EUR" in person.get(opened.url).text
    back = person.post(opened.url, data={"choice": "pay"}).headers["location"]
    assert back.startswith(f"https://app.example/back?token={opened.checkout_id}")
    seen = gateway.checkout_outcome(opened.checkout_id)
    # 2.9 % of 100.00 is 2.90, and 0.30 on top.
    assert (seen.status, seen.amount_minor, seen.currency, seen.fee_minor) == (
        "paid",
        10_000,
        "EUR",
        320,
    )
    assert seen.key == PAGE.key
    assert gateway.checkout_outcome(opened.checkout_id) == seen
    assert len(list(gateway.ledger(SINCE, UNTIL))) == 1


def test_the_pages_alone_can_be_put_where_everybody_reaches_them(engine: Engine) -> None:
    app = PayPalSimulator(engine, pages_at="https://pay.example/paypal", pages_only=True)
    whole = httpx.WSGITransport(app=PayPalSimulator(engine, pages_at="https://pay.example/paypal"))
    opened = PayPalGateway(CLIENT_ID, KEY, address=ADDRESS, transport=whole).open_checkout(PAGE)
    assert opened.url == f"https://pay.example/paypal/checkoutnow?token={opened.checkout_id}"
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url=ADDRESS) as person:
        assert person.get(f"/checkoutnow?token={opened.checkout_id}").status_code == 200
        assert person.get("/checkoutnow?token=nobody").status_code == 404
        login = {"grant_type": "client_credentials"}
        assert person.post("/v1/oauth2/token", data=login).status_code == 404


def test_a_lost_capture_is_read_from_the_order(
    gateway: PayPalGateway, person: httpx.Client, change: Change
) -> None:
    opened = gateway.open_checkout(PAGE)
    person.post(opened.url, data={"choice": "pay"})
    gateway.probe()
    change(fault, "lost_after")
    with pytest.raises(GatewayUnsure):
        gateway.checkout_outcome(opened.checkout_id)
    assert gateway.checkout_outcome(opened.checkout_id).status == "paid"
    assert len(list(gateway.ledger(SINCE, UNTIL))) == 1


def test_a_page_left_stays_open_and_one_whose_bank_declines_failed(
    gateway: PayPalGateway, person: httpx.Client
) -> None:
    opened = gateway.open_checkout(PAGE)
    stopped = person.post(opened.url, data={"choice": "decline"}).headers["location"]
    assert stopped == f"{PAGE.cancel_url}?token={opened.checkout_id}"
    assert gateway.checkout_outcome(opened.checkout_id).status == "open"
    person.post(opened.url, data={"choice": "later"})
    seen = gateway.checkout_outcome(opened.checkout_id)
    assert (seen.status, seen.provider_payment_id, seen.key) == ("failed", None, PAGE.key)


def test_a_kept_account_is_charged_once_however_often_it_is_asked(
    gateway: PayPalGateway, change: Change
) -> None:
    gateway.probe()
    change(fault, "lost_after")
    with pytest.raises(GatewayUnsure):
        gateway.charge(order())
    first = gateway.charge(order())
    assert (first.status, first.fee_minor) == ("succeeded", 320)
    assert gateway.charge(order()) == first
    assert gateway.find_charge(order()) == first
    assert gateway.find_charge(order(key="payment-2")) is None
    assert len(list(gateway.ledger(SINCE, UNTIL))) == 1


def test_a_charge_whose_key_paypal_forgot_is_stopped_by_its_invoice_number(
    gateway: PayPalGateway, engine: Engine
) -> None:
    first = gateway.charge(order())
    with engine.begin() as connection:
        connection.execute(text("delete from simulator.sibling_objects where kind = 'request'"))
    assert gateway.charge(order()) == first
    assert len(list(gateway.ledger(SINCE, UNTIL))) == 1


def test_a_billing_agreement_of_old_is_charged_too(gateway: PayPalGateway) -> None:
    assert gateway.charge(order("B-kept-works")).status == "succeeded"


@pytest.mark.parametrize(
    ("token", "code", "hard"),
    [
        ("kept-empty", "instrument_declined", False),
        ("kept-expired", "expired_card", True),
        ("kept-asks", "authentication_required", True),
        ("kept-nowhere", "invalid_account", True),
    ],
)
def test_a_decline_is_an_answer_with_its_reason(
    gateway: PayPalGateway, token: str, code: str, hard: bool
) -> None:
    answer = gateway.charge(order(token))
    assert (answer.status, answer.failure_code, answer.hard) == ("failed", code, hard)
    assert list(gateway.ledger(SINCE, UNTIL)) == []


def test_a_key_used_for_another_sum_is_refused(gateway: PayPalGateway) -> None:
    gateway.charge(order())
    with pytest.raises(GatewayRefused, match="another request"):
        gateway.charge(order(amount=5))


def test_a_refund_is_made_once_and_found_by_its_key(gateway: PayPalGateway, change: Change) -> None:
    paid = gateway.charge(order())
    wanted = RefundOrder("refund-42", paid.provider_payment_id, 4_000, "EUR")
    assert gateway.find_refund(wanted) is None
    change(fault, "lost_after")
    with pytest.raises(GatewayUnsure):
        gateway.refund(wanted)
    found = gateway.find_refund(wanted)
    assert found is not None
    assert found.status == "succeeded"
    assert gateway.refund(wanted) == found
    with pytest.raises(GatewayRefused, match="REFUND_AMOUNT_EXCEEDED"):
        gateway.refund(replace(wanted, key="refund-43", amount_minor=6_001))
    gateway.refund(replace(wanted, key="refund-44", amount_minor=6_000))
    with pytest.raises(GatewayRefused, match="CAPTURE_FULLY_REFUNDED"):
        gateway.refund(replace(wanted, key="refund-45", amount_minor=1))


def test_a_refund_is_found_in_the_search_where_paypal_names_no_order(
    gateway: PayPalGateway, engine: Engine
) -> None:
    paid = gateway.charge(order())
    wanted = RefundOrder("refund-42", paid.provider_payment_id, 4_000, "EUR")
    made = gateway.refund(wanted)
    with engine.begin() as connection:
        connection.execute(
            text(
                "update simulator.sibling_objects "
                "set body = body - 'supplementary_data' || '{\"links\": []}' "
                "where kind = 'capture'"
            )
        )
    gateway._clock.move_to(UNTIL)  # type: ignore[attr-defined]
    assert gateway.find_refund(wanted) == made
    assert gateway.find_refund(replace(wanted, key="refund-43")) is None


def test_the_search_is_the_ledger_with_fees_refunds_and_withdrawals(
    gateway: PayPalGateway, engine: Engine
) -> None:
    paid = gateway.charge(order())
    back = gateway.refund(RefundOrder("refund-42", paid.provider_payment_id, 4_000, "EUR"))
    with engine.begin() as connection:
        gone = withdraw(connection, 5_000, "EUR")
    lines = {line.kind: line for line in gateway.ledger(SINCE, UNTIL)}
    charge, refund, payout = lines["charge"], lines["refund"], lines["payout"]
    assert (charge.amount_minor, charge.fee_minor) == (10_000, 320)
    assert charge.source_id == paid.provider_payment_id
    assert (refund.amount_minor, refund.fee_minor) == (-4_000, 0)
    assert refund.source_id == back.provider_refund_id
    assert (payout.amount_minor, payout.payout_id) == (-5_000, gone)
    (seen,) = gateway.payouts(SINCE, UNTIL)
    assert (seen.payout_id, seen.amount_minor, seen.itemised) == (gone, 5_000, False)
    with pytest.raises(GatewayRefused):
        gateway.payout_lines(gone)


def test_a_dispute_lost_costs_the_money_and_a_fee(gateway: PayPalGateway, engine: Engine) -> None:
    paid = gateway.charge(order())
    with engine.begin() as connection:
        number = open_dispute(connection, paid.provider_payment_id)
    seen = gateway.dispute(number)
    assert (seen.status, seen.amount_minor, seen.fee_minor) == ("needs_response", 10_000, 0)
    assert seen.provider_payment_id == paid.provider_payment_id
    assert seen.evidence_due_on == NOON.date()
    assert list(gateway.disputes(SINCE, UNTIL)) == [seen]
    assert list(gateway.disputes(SINCE, NOON)) == []
    with engine.begin() as connection:
        resolve_dispute(connection, number, won=False)
    ended = gateway.dispute(number)
    assert (ended.status, ended.fee_minor) == ("lost", 2_000)
    lines = {line.kind: line for line in gateway.ledger(SINCE, UNTIL)}
    assert lines["dispute"].amount_minor == -10_000
    assert lines["fee"].amount_minor == -2_000
    assert lines["dispute"].source_id == paid.provider_payment_id


def test_events_are_verified_byte_by_byte_and_say_what_they_are_about(
    gateway: PayPalGateway, person: httpx.Client, engine: Engine
) -> None:
    opened = gateway.open_checkout(PAGE)
    person.post(opened.url, data={"choice": "pay"})
    seen = gateway.checkout_outcome(opened.checkout_id)
    paid = seen.provider_payment_id or ""
    back = gateway.refund(RefundOrder("refund-42", paid, 4_000, "EUR"))
    with engine.begin() as connection:
        number = open_dispute(connection, paid)
        sent = due(connection, "paypal")
    events = [gateway.read_event(raw, headers, NOON) for headers, raw in sent]
    news = [gateway.news_of(event.body) for event in events]
    assert [(item.about, item.object_id, item.key, item.payment_id) for item in news if item] == [
        ("checkout", opened.checkout_id, PAGE.key, None),
        ("charge", paid, PAGE.key, paid),
        ("refund", back.provider_refund_id, "refund-42", paid),
        ("dispute", number, None, paid),
    ]
    headers, raw = sent[0]
    rewritten = json.dumps(json.loads(raw), separators=(",", ":")).encode()
    for body, stamps in (
        (rewritten, headers),
        (raw, headers | {"paypal-transmission-sig": "AAAA"}),
        (raw, {name: value for name, value in headers.items() if name != "paypal-auth-algo"}),
        (raw + b', "webhook_id": "mine"', headers),
        (b"[]", headers),
        (b"\xff", headers),
    ):
        with pytest.raises(ForgedEvent):
            gateway.read_event(body, stamps, NOON)


@pytest.mark.parametrize(
    ("late", "genuine"),
    [
        (timedelta(days=3), True),
        (timedelta(days=5), False),
        (timedelta(minutes=-4), True),
        (timedelta(minutes=-6), False),
    ],
)
def test_an_event_is_taken_as_long_as_paypal_repeats_it(
    gateway: PayPalGateway, engine: Engine, late: timedelta, genuine: bool
) -> None:
    gateway.charge(order())
    with engine.begin() as connection:
        ((headers, raw),) = due(connection, "paypal")
    if genuine:
        assert gateway.read_event(raw, headers, NOON + late).created_at == NOON
    else:
        with pytest.raises(ForgedEvent, match="not now"):
            gateway.read_event(raw, headers, NOON + late)


def test_without_the_number_of_the_webhook_no_event_is_certain(
    transport: httpx.WSGITransport,
) -> None:
    bare = PayPalGateway(CLIENT_ID, KEY, address=ADDRESS, transport=transport)
    with pytest.raises(CredentialsMissing, match="webhook"):
        bare.read_event(b"{}", {}, NOON)


def test_paypal_keeps_neither_customers_nor_cards_for_us(gateway: PayPalGateway) -> None:
    with pytest.raises(GatewayRefused):
        gateway.register(CustomerOrder("tenant-7", "Ada Ltd", "ada@example.com"))
    with pytest.raises(GatewayRefused):
        gateway.open_card_setup(CardSetupOrder("card-1", "", "EUR", "https://a", "https://b"))
    with pytest.raises(GatewayRefused, match="names no account"):
        gateway.charge(order(""))


def test_the_probe_names_the_mode_and_moves_nothing(gateway: PayPalGateway) -> None:
    assert gateway.probe() == "PayPal answers in sandbox mode"


def test_another_secret_is_told_as_missing_credentials(transport: httpx.WSGITransport) -> None:
    stranger = PayPalGateway(CLIENT_ID, "another-secret", address=ADDRESS, transport=transport)
    with pytest.raises(CredentialsMissing, match="Client Authentication failed") as refusal:
        stranger.probe()
    assert "another-secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("currency", "minor", "value"),
    [
        pytest.param("EUR", 1_050, "10.50", id="10.50 euros"),
        pytest.param("EUR", 5, "0.05", id="five cents"),
        pytest.param("JPY", 500, "500", id="500 yen"),
        pytest.param("HUF", 50_000, "500", id="500.00 forints are 500"),
        pytest.param("TWD", 50_000, "500", id="500.00 dollars of Taiwan are 500"),
    ],
)
def test_an_amount_is_a_text_with_the_decimals_of_paypal(
    currency: str, minor: int, value: str
) -> None:
    assert to_paypal(minor, currency) == {"currency_code": currency, "value": value}
    assert from_paypal({"currency_code": currency, "value": value}) == minor


@pytest.mark.parametrize("currency", ["HUF", "TWD"])
def test_an_amount_too_fine_for_paypal_is_refused(currency: str) -> None:
    with pytest.raises(GatewayRefused, match="no amount as fine"):
        to_paypal(50_001, currency)


@given(minor=st.integers(1, 10**9), currency=st.sampled_from(["EUR", "JPY", "KWD", "SEK"]))
def test_no_amount_changes_on_its_way(minor: int, currency: str) -> None:
    assert from_paypal(to_paypal(minor, currency)) == minor
