"""The page on which a customer keeps cards, and what the pages refuse (PAY.3)."""

import re
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import httpx
import pytest
import stripe
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

from core.gateways.port import CheckoutOrder, CustomerOrder, GatewayRefused
from core.gateways.simulator.app import Simulator
from core.gateways.simulator.control import set_clock
from core.gateways.simulator.html import tokens
from core.gateways.simulator.pages import pages_app
from core.gateways.simulator.portal import LASTS
from core.gateways.stripe_gateway import StripeGateway
from tests.core.gateways.conftest import NOW

Change = Callable[..., None]
BACK = "https://saldo.example/my-billing"


@pytest.fixture
def customer(gateway: StripeGateway) -> str:
    return gateway.register(CustomerOrder("tenant-7", "Rheinfeld GmbH", "ap@rheinfeld.example"))


@pytest.fixture
def url(gateway: StripeGateway, customer: str) -> str:
    return gateway.portal(customer, BACK)


def press(browser: httpx.Client, url: str, action: str, card: str = "") -> httpx.Response:
    return browser.post(url, data={"action": action, "card": card})


def kept(client: stripe.StripeClient, customer: str) -> list[str]:
    listed = client.v1.customers.payment_methods.list(customer)
    return [one.card.last4 or "" for one in listed.data if one.card]


def usual(client: stripe.StripeClient, customer: str) -> object:
    settings = client.v1.customers.retrieve(customer).invoice_settings
    return settings and settings.default_payment_method


def test_the_first_card_becomes_the_usual_one_and_another_can_be_chosen(
    client: stripe.StripeClient, browser: httpx.Client, customer: str, url: str
) -> None:
    assert "No card is kept" in browser.get(url).text
    assert press(browser, url, "add", "pm_card_visa").status_code == 303
    press(browser, url, "add", "pm_card_mastercard")
    second, first = client.v1.customers.payment_methods.list(customer).data
    assert usual(client, customer) == first.id
    press(browser, url, "usual", second.id)
    assert usual(client, customer) == second.id
    page = browser.get(url).text
    assert "Visa •••• 4242, 12/2034" in page
    assert page.count("usual card") == 1


def test_a_removed_card_is_gone_and_no_longer_the_usual_one(
    client: stripe.StripeClient, browser: httpx.Client, customer: str, url: str
) -> None:
    press(browser, url, "add", "pm_card_visa")
    (card,) = client.v1.customers.payment_methods.list(customer).data
    press(browser, url, "remove", card.id)
    assert kept(client, customer) == []
    assert usual(client, customer) is None
    kinds = [event.type for event in client.v1.events.list({"limit": 100}).data]
    assert kinds[:2] == ["customer.updated", "payment_method.detached"]


def test_a_declined_card_is_not_kept_and_the_page_says_why(
    client: stripe.StripeClient, browser: httpx.Client, customer: str, url: str
) -> None:
    answer = press(browser, url, "add", "pm_card_chargeDeclined")
    assert (answer.status_code, kept(client, customer)) == (402, [])
    assert "Your card was declined." in answer.text


def test_the_card_of_another_customer_is_out_of_reach(
    client: stripe.StripeClient, browser: httpx.Client, url: str
) -> None:
    other = client.v1.customers.create({"name": "Other"}).id
    card = client.v1.payment_methods.attach("pm_card_visa", {"customer": other}).id
    for action in ("usual", "remove"):
        assert "not possible" in press(browser, url, action, card).text
    assert kept(client, other) == ["4242"]
    with pytest.raises(stripe.InvalidRequestError, match="does not have a payment method"):
        client.v1.customers.update(
            client.v1.customers.create({}).id,
            {"invoice_settings": {"default_payment_method": card}},
        )


def test_the_page_leads_back_and_is_over_after_an_hour(
    browser: httpx.Client, url: str, change: Change
) -> None:
    assert press(browser, url, "back").headers["location"] == BACK
    change(set_clock, NOW + LASTS)
    assert browser.get(url).status_code == 404


def test_an_unknown_customer_has_no_page(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused, match="No such customer"):
        gateway.portal("cus_nobody", BACK)


def test_what_is_known_of_a_customer_is_changed_and_told(
    client: stripe.StripeClient, customer: str
) -> None:
    changed = client.v1.customers.update(
        customer, {"name": "Rheinfeld AG", "metadata": {"vat": "1", "saldo_key": ""}}
    )
    assert changed.metadata is not None
    assert (changed.name, changed.metadata.to_dict()) == ("Rheinfeld AG", {"vat": "1"})
    assert client.v1.customers.list({"email": "ap@rheinfeld.example"}).data[0].id == customer
    assert client.v1.customers.list({"email": "nobody@rheinfeld.example"}).data == []
    (event,) = client.v1.events.list({"type": "customer.updated"}).data
    assert event.data.previous_attributes is not None
    assert event.data.previous_attributes["name"] == "Rheinfeld GmbH"


def test_a_form_from_another_site_is_not_taken(
    client: stripe.StripeClient, browser: httpx.Client, customer: str, url: str
) -> None:
    sent = {"action": "add", "card": "pm_card_visa"}
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ):
        assert browser.post(url, data=sent, headers=headers).status_code == 403
    del browser.headers["Sec-Fetch-Site"]
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert browser.post(url, data=sent, headers=elsewhere).status_code == 403
    here = {"Origin": "http://simulator.invalid"}
    assert browser.post(url, data=sent, headers=here).status_code == 303
    assert kept(client, customer) == ["4242"]


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/c/pay/cs_test_nowhere", b"", 404),
        ("GET", "/p/portal/bps_nowhere", b"", 404),
        ("GET", "/v1/customers", b"", 404),
        ("GET", "/", b"", 404),
        ("PUT", "/c/pay/cs_test_nowhere", b"", 405),
        ("POST", "/c/pay/cs_test_nowhere", b"x" * 5_000, 400),
        ("POST", "/c/pay/cs_test_nowhere", "cärd".encode(), 400),
        ("POST", "/c/pay/cs_test_nowhere", b"&".join(b"a%d=1" % n for n in range(11)), 400),
    ],
)
def test_the_pages_serve_nothing_else(
    browser: httpx.Client, method: str, path: str, content: bytes, status: int
) -> None:
    assert browser.request(method, path, content=content).status_code == status


def test_a_page_lets_no_foreign_word_become_a_tag_and_no_script_run(
    gateway: StripeGateway, browser: httpx.Client
) -> None:
    name = '<script>alert("x")</script>'
    order = CheckoutOrder("k", 500, "EUR", "", name, BACK, "https://saldo.example/no")
    answer = browser.get(gateway.open_checkout(order).url)
    assert name not in answer.text
    assert "&lt;script&gt;" in answer.text
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self' https://saldo.example" in policy
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"


def test_a_page_asks_for_no_card_number(browser: httpx.Client, url: str) -> None:
    fields = re.findall(r'<input type="(\w+)"', browser.get(url).text)
    assert set(fields) == {"radio"}


@pytest.mark.parametrize("keep", [True, False])
def test_every_card_of_a_page_is_one_that_is_known(
    gateway: StripeGateway, browser: httpx.Client, customer: str, *, keep: bool
) -> None:
    order = CheckoutOrder("k", 500, "EUR", "", "Recharge", BACK, BACK)
    url = gateway.portal(customer, BACK) if keep else gateway.open_checkout(order).url
    offered = re.findall(r'type="radio" name="card" value="(\w+)"', browser.get(url).text)
    assert frozenset(offered) == tokens(keep=keep)


def test_a_card_that_the_page_does_not_offer_is_not_used(
    gateway: StripeGateway, client: stripe.StripeClient, browser: httpx.Client
) -> None:
    order = CheckoutOrder("k", 500, "EUR", "", "Recharge", BACK, BACK)
    press(browser, gateway.open_checkout(order).url, "pay", "pm_card_refundFail")
    assert client.v1.charges.list().data == []


@given(
    path=st.text(st.characters(codec="latin-1"), max_size=12),
    action=st.text("abcdefghijklmnopqrstuvwxyz", max_size=7),
    card=st.text(max_size=12),
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_form_makes_the_pages_fail(
    gateway: StripeGateway, browser: httpx.Client, path: str, action: str, card: str
) -> None:
    order = CheckoutOrder("k", 500, "EUR", "", "Recharge", BACK, BACK)
    customer = gateway.register(CustomerOrder("tenant-7", "A", "a@rheinfeld.example"))
    for url in (gateway.open_checkout(order).url, gateway.portal(customer, BACK)):
        for given_action in (action, "pay", "add", "usual", "remove", "approve", "refuse"):
            sent = {"action": given_action, "card": card}
            assert browser.post(url, data=sent).status_code < 500
    assert browser.get(f"/c/pay/{quote(path)}").status_code == 404


def test_without_its_database_the_pages_say_so() -> None:
    nowhere = create_engine("postgresql+psycopg://nobody@127.0.0.1:9/nothing")
    with httpx.Client(transport=httpx.WSGITransport(app=pages_app(nowhere))) as client:
        answer = client.get("http://simulator.invalid/c/pay/cs_test_1")
    assert (answer.status_code, "cannot be shown" in answer.text) == (500, True)


def test_where_the_pages_are_mounted_they_lead_to_themselves(
    gateway: StripeGateway, engine: Engine
) -> None:
    order = CheckoutOrder("k", 500, "EUR", "", "Recharge", BACK, BACK)
    path = urlsplit(gateway.open_checkout(order).url).path
    mounted = httpx.WSGITransport(app=pages_app(engine), script_name="/simulator")
    with httpx.Client(transport=mounted, base_url="http://here.invalid") as client:
        answer = press(client, path, "pay", "pm_card_chargeDeclined")
    assert answer.headers["location"] == f"/simulator{path}"


def test_the_simulator_serves_its_pages_itself_too(gateway: StripeGateway, engine: Engine) -> None:
    order = CheckoutOrder("k", 500, "EUR", "", "Recharge", BACK, BACK)
    url = gateway.open_checkout(order).url
    with httpx.Client(transport=httpx.WSGITransport(app=Simulator(engine))) as client:
        assert "5.00 EUR" in client.get(url).text
        assert press(client, url, "pay", "pm_card_visa").status_code == 303
