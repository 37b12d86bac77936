"""The hosted page: pay once or leave a card, through the real library and a browser (PAY.3)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx
import pytest
import stripe
from sqlalchemy import Engine

from core.gateways.port import (
    Card,
    CardSetupOrder,
    ChargeOrder,
    CheckoutOrder,
    CustomerOrder,
    GatewayRefused,
    GatewayUnsure,
)
from core.gateways.simulator.control import set_clock, set_pages_at
from core.gateways.simulator.pages import pages_app
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_wire import OUR_KEY, RETRIES
from tests.core.gateways.conftest import DAY, NOW, fault

Change = Callable[..., None]
BACK = "https://saldo.example/recharge?org=7"
CANCEL = "https://saldo.example/cancelled"
ORDER = CheckoutOrder(
    key="saas_recharge_7_1795176000_a1b2",
    amount_minor=10_000,
    currency="EUR",
    email="ap@rheinfeld.example",
    description="Recharge",
    return_url=BACK,
    cancel_url=CANCEL,
    metadata={"organisation": "7"},
)


def a_customer(gateway: StripeGateway, key: str = "tenant-7") -> str:
    return gateway.register(CustomerOrder(key, "Rheinfeld GmbH", "ap@rheinfeld.example"))


def press(
    browser: httpx.Client, url: str, action: str = "pay", card: str = "pm_card_visa"
) -> httpx.Response:
    return browser.post(url, data={"action": action, "card": card})


def charges(client: stripe.StripeClient) -> list[stripe.Charge]:
    return client.v1.charges.list({"limit": 100}).data


def test_paying_on_the_page_gives_payment_fee_and_a_card_for_later(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    customer = a_customer(gateway)
    page = gateway.open_checkout(replace(ORDER, customer=customer))
    before = gateway.checkout_outcome(page.checkout_id)
    assert (before.status, before.amount_minor, before.provider_payment_id) == (
        "open",
        10_000,
        None,
    )
    assert "100.00 EUR" in browser.get(page.url).text
    done = press(browser, page.url)
    assert (done.status_code, done.headers["location"]) == (
        303,
        f"{BACK}&session_id={page.checkout_id}",
    )
    paid = gateway.checkout_outcome(page.checkout_id)
    (charge,) = charges(client)
    # 1.5 % of 100.00 is 1.50, and 0.25 on top.
    assert (paid.status, paid.key, paid.amount_minor, paid.currency, paid.fee_minor) == (
        "paid",
        ORDER.key,
        10_000,
        "EUR",
        175,
    )
    assert paid.provider_payment_id == charge.id
    assert charge.metadata.to_dict() == {"organisation": "7", OUR_KEY: ORDER.key}
    assert paid.card == Card(str(charge.payment_method), customer, "visa", "4242", 12, 2034)
    again = ChargeOrder("payment-2", customer, paid.card.token, 500, "EUR", "Top-up")
    assert gateway.charge(again).status == "succeeded"


def test_without_a_known_customer_the_page_makes_one_so_that_the_card_is_kept(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    page = gateway.open_checkout(ORDER)
    press(browser, page.url)
    card = gateway.checkout_outcome(page.checkout_id).card
    assert card is not None
    assert client.v1.customers.retrieve(card.customer).email == ORDER.email


def test_the_same_order_gives_the_same_page_and_another_amount_under_its_key_none(
    gateway: StripeGateway,
) -> None:
    first = gateway.open_checkout(ORDER)
    assert gateway.open_checkout(ORDER) == first
    with pytest.raises(GatewayRefused, match="same parameters"):
        gateway.open_checkout(replace(ORDER, amount_minor=9_999))


def test_a_lost_answer_opens_no_second_page(
    gateway: StripeGateway, client: stripe.StripeClient, change: Change
) -> None:
    change(fault, "lost_after", RETRIES + 1)
    with pytest.raises(GatewayUnsure):
        gateway.open_checkout(ORDER)
    page = gateway.open_checkout(ORDER)
    assert [one.id for one in client.v1.checkout.sessions.list().data] == [page.checkout_id]


def test_a_second_click_pays_nothing_and_leads_on(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    page = gateway.open_checkout(ORDER)
    first, second = press(browser, page.url), press(browser, page.url)
    assert first.headers["location"] == second.headers["location"]
    assert len(charges(client)) == 1


def test_two_clicks_at_once_pay_once(
    gateway: StripeGateway, client: stripe.StripeClient, engine: Engine
) -> None:
    page = gateway.open_checkout(ORDER)

    def click(_turn: int) -> int:
        with httpx.Client(transport=httpx.WSGITransport(app=pages_app(engine))) as alone:
            return press(alone, page.url).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(click, range(6))) == [303] * 6
    assert len(charges(client)) == 1


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("pm_card_chargeDeclined", "Your card was declined."),
        ("pm_card_chargeDeclinedInsufficientFunds", "insufficient funds"),
        ("pm_card_chargeDeclinedExpiredCard", "has expired"),
    ],
)
def test_a_declined_card_leaves_the_page_open_for_another(
    gateway: StripeGateway,
    client: stripe.StripeClient,
    browser: httpx.Client,
    card: str,
    words: str,
) -> None:
    page = gateway.open_checkout(ORDER)
    assert press(browser, page.url, card=card).headers["location"] in page.url
    assert words in browser.get(page.url).text
    assert gateway.checkout_outcome(page.checkout_id).status == "open"
    press(browser, page.url)
    outcome = gateway.checkout_outcome(page.checkout_id)
    assert outcome.status == "paid"
    assert sorted(one.status for one in charges(client)) == ["failed", "succeeded"]


def test_the_bank_is_asked_first_and_its_no_leaves_the_page_open(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    page = gateway.open_checkout(ORDER)
    press(browser, page.url, card="pm_card_authenticationRequired")
    assert "Is this payment of 100.00 EUR yours?" in browser.get(page.url).text
    assert gateway.checkout_outcome(page.checkout_id).status == "open"
    press(browser, page.url, "refuse")
    assert "unable to authenticate" in browser.get(page.url).text
    press(browser, page.url, card="pm_card_authenticationRequired")
    press(browser, page.url, "approve")
    assert gateway.checkout_outcome(page.checkout_id).status == "paid"
    assert len(charges(client)) == 1


def test_going_back_pays_nothing_and_the_page_can_be_used_again(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    page = gateway.open_checkout(ORDER)
    assert press(browser, page.url, "back").headers["location"] == CANCEL
    assert charges(client) == []
    press(browser, page.url)
    assert gateway.checkout_outcome(page.checkout_id).status == "paid"


def test_a_page_expires_after_a_day_with_the_payment_that_was_tried_on_it(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client, change: Change
) -> None:
    page = gateway.open_checkout(ORDER)
    press(browser, page.url, card="pm_card_chargeDeclined")
    change(set_clock, NOW + DAY)
    assert gateway.checkout_outcome(page.checkout_id).status == "expired"
    assert "expired" in browser.get(page.url).text
    assert "expired" in press(browser, page.url).text
    (intent,) = client.v1.payment_intents.list().data
    assert (intent.status, intent.cancellation_reason) == ("canceled", "abandoned")
    (event,) = client.v1.events.list({"type": "checkout.session.expired"}).data
    assert event.data.object["id"] == page.checkout_id
    with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
        client.v1.checkout.sessions.expire(page.checkout_id)


def test_an_open_page_is_ended_on_request(
    gateway: StripeGateway, client: stripe.StripeClient
) -> None:
    page = gateway.open_checkout(ORDER)
    assert client.v1.checkout.sessions.expire(page.checkout_id).status == "expired"


@pytest.mark.parametrize(
    ("currency", "minor", "shown"),
    [
        pytest.param("JPY", 5_000, "5,000 JPY", id="yen have no decimals"),
        pytest.param("ISK", 5_000, "5,000 ISK", id="Stripe counts crowns of Iceland in hundredths"),
        pytest.param("KWD", 12_340, "12.340 KWD", id="dinars have three decimals"),
    ],
)
def test_an_amount_is_shown_and_paid_in_its_currency(
    gateway: StripeGateway, browser: httpx.Client, currency: str, minor: int, shown: str
) -> None:
    page = gateway.open_checkout(replace(ORDER, currency=currency, amount_minor=minor))
    assert shown in browser.get(page.url).text
    press(browser, page.url)
    outcome = gateway.checkout_outcome(page.checkout_id)
    assert (outcome.status, outcome.amount_minor, outcome.currency) == ("paid", minor, currency)


def set_up(customer: str, key: str = "card-7-1") -> CardSetupOrder:
    return CardSetupOrder(key, customer, "EUR", BACK, CANCEL, {"organisation": "7"})


def test_leaving_a_card_moves_no_money_and_the_card_can_be_charged(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    customer = a_customer(gateway)
    page = gateway.open_card_setup(set_up(customer))
    assert gateway.open_card_setup(set_up(customer)) == page
    assert gateway.checkout_outcome(page.checkout_id).status == "open"
    press(browser, page.url, card="pm_card_chargeDeclined")
    assert "was declined" in browser.get(page.url).text
    press(browser, page.url, card="pm_card_mastercard")
    outcome = gateway.checkout_outcome(page.checkout_id)
    assert (outcome.status, outcome.key, outcome.amount_minor, outcome.currency) == (
        "paid",
        "card-7-1",
        0,
        "EUR",
    )
    assert outcome.card is not None
    assert (outcome.card.brand, outcome.card.last4, outcome.card.customer) == (
        "mastercard",
        "4444",
        customer,
    )
    assert charges(client) == []
    order = ChargeOrder("payment-1", customer, outcome.card.token, 500, "EUR", "Invoice")
    assert gateway.charge(order).status == "succeeded"


def test_a_card_that_is_kept_after_its_bank_was_asked_is_still_declined_without_its_holder(
    gateway: StripeGateway, browser: httpx.Client
) -> None:
    customer = a_customer(gateway)
    page = gateway.open_card_setup(set_up(customer))
    press(browser, page.url, card="pm_card_authenticationRequired")
    press(browser, page.url, "refuse")
    press(browser, page.url, card="pm_card_authenticationRequired")
    press(browser, page.url, "approve")
    card = gateway.checkout_outcome(page.checkout_id).card
    assert card is not None
    answer = gateway.charge(ChargeOrder("payment-1", customer, card.token, 500, "EUR", "Invoice"))
    assert (answer.status, answer.failure_code) == ("failed", "authentication_required")


def test_an_unknown_page_has_no_outcome(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused, match=r"No such checkout\.session"):
        gateway.checkout_outcome("cs_test_nowhere")


def test_the_page_is_given_where_it_is_mounted(gateway: StripeGateway, change: Change) -> None:
    change(set_pages_at, "https://saldo.example/simulator/")
    url = gateway.open_checkout(ORDER).url
    assert url.startswith("https://saldo.example/simulator/c/pay/cs_test_")


def test_the_return_address_keeps_its_own_place_for_the_number_and_its_fragment(
    gateway: StripeGateway, browser: httpx.Client
) -> None:
    for key, given, expected in (
        ("k-1", "https://s.example/x?c={CHECKOUT_SESSION_ID}", "https://s.example/x?c={}"),
        ("k-2", "https://s.example/x#top", "https://s.example/x?session_id={}#top"),
    ):
        page = gateway.open_checkout(replace(ORDER, key=key, return_url=given))
        done = press(browser, page.url)
        assert done.headers["location"] == expected.format(page.checkout_id)


def test_a_customer_is_registered_once_also_long_after_the_key_was_forgotten(
    gateway: StripeGateway, client: stripe.StripeClient, change: Change
) -> None:
    first = a_customer(gateway)
    change(set_clock, NOW + 2 * DAY)
    assert a_customer(gateway) == first
    assert a_customer(gateway, "tenant-8") != first
    assert len(client.v1.customers.list().data) == 2


def test_a_customer_without_an_address_is_registered_once_too(gateway: StripeGateway) -> None:
    order = CustomerOrder("tenant-9", "Ohne Adresse", "")
    assert gateway.register(order) == gateway.register(order)


def test_a_lost_charge_is_found_among_the_customers_payments(
    gateway: StripeGateway, client: stripe.StripeClient, change: Change
) -> None:
    customer = a_customer(gateway)
    order = ChargeOrder("payment-1", customer, "pm_card_visa", 10_000, "EUR", "Invoice")
    assert gateway.find_charge(order) is None
    change(fault, "lost_after", RETRIES + 1)
    with pytest.raises(GatewayUnsure):
        gateway.charge(order)
    change(set_clock, NOW + 2 * DAY)
    found = gateway.find_charge(order)
    assert found is not None
    assert (found.status, found.fee_minor) == ("succeeded", 175)
    assert found.provider_payment_id == charges(client)[0].id
    assert gateway.find_charge(replace(order, key="payment-2")) is None


@pytest.mark.parametrize(
    "card",
    ["pm_card_chargeDeclinedLostCard", "pm_card_chargeCustomerFail", "pm_card_visa"],
)
def test_what_is_found_of_a_charge_is_what_was_answered(gateway: StripeGateway, card: str) -> None:
    order = ChargeOrder("payment-1", a_customer(gateway), card, 10_000, "EUR", "Invoice")
    assert gateway.charge(order) == gateway.find_charge(order)


def test_a_charge_is_found_behind_more_than_one_page_of_others(
    gateway: StripeGateway, client: stripe.StripeClient
) -> None:
    customer = a_customer(gateway)
    order = ChargeOrder("payment-1", customer, "pm_card_visa", 10_000, "EUR", "Invoice")
    first = gateway.charge(order)
    for _ in range(101):
        client.v1.payment_intents.create({"amount": 5, "currency": "eur", "customer": customer})
    assert gateway.find_charge(order) == first
