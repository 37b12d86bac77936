"""Every endpoint takes the parameters that the library declares, and names a wrong one."""

from typing import Any

import httpx
import pytest
import stripe
from stripe import params

from core.gateways.simulator import (
    disputes,
    intents,
    payouts,
    people,
    portal,
    refunds,
    sessions,
)
from core.gateways.simulator.routes import ROUTES
from tests.core.gateways.conftest import NOW, asked

ID = "(?P<id>[A-Za-z0-9_-]{1,255})"
LISTS: dict[str, Any] = {
    "/customers": params.CustomerListParams,
    "/customers/{id}/payment_methods": params.CustomerPaymentMethodListParams,
    "/payment_methods": params.PaymentMethodListParams,
    "/setup_intents": params.SetupIntentListParams,
    "/payment_intents": params.PaymentIntentListParams,
    "/charges": params.ChargeListParams,
    "/refunds": params.RefundListParams,
    "/balance_transactions": params.BalanceTransactionListParams,
    "/checkout/sessions": params.checkout.SessionListParams,
    "/disputes": params.DisputeListParams,
    "/payouts": params.PayoutListParams,
    "/events": params.EventListParams,
    "/products": params.ProductListParams,
    "/prices": params.PriceListParams,
    "/subscriptions": params.SubscriptionListParams,
    "/invoices": params.InvoiceListParams,
    "/invoices/{id}/lines": params.InvoiceLineItemListParams,
    "/invoice_payments": params.InvoicePaymentListParams,
}
PRICE = "line_items[0][price_data]"
PRICED = f"&{PRICE}[currency]=eur&{PRICE}[unit_amount]=5&{PRICE}[product_data][name]=A"


def test_every_parameter_that_is_taken_is_one_of_the_librarys() -> None:
    for known, declared in (
        (refunds.CREATE_FIELDS, params.RefundCreateParams),
        (intents.CREATE_FIELDS, params.PaymentIntentCreateParams),
        (intents.CONFIRM_FIELDS, params.PaymentIntentConfirmParams),
        (people.CUSTOMER_FIELDS, params.CustomerCreateParams),
        (people.SETUP_FIELDS, params.SetupIntentCreateParams),
        (people.UPDATE_FIELDS, params.CustomerUpdateParams),
        (sessions.CREATE_FIELDS, params.checkout.SessionCreateParams),
        (portal.CREATE_FIELDS, params.billing_portal.SessionCreateParams),
        (disputes.UPDATE_FIELDS, params.DisputeUpdateParams),
        (payouts.CREATE_FIELDS, params.PayoutCreateParams),
    ):
        assert set(known) <= set(declared.__annotations__)
    said = {f"/v1{path}": declared for path, declared in LISTS.items()}
    listing = [route for route in ROUTES if "limit" in route.known]
    assert {route.path.pattern.replace(ID, "{id}") for route in listing} == set(said)
    for route in listing:
        declared = said[route.path.pattern.replace(ID, "{id}")]
        assert set(route.known) <= set(declared.__annotations__)


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("amount=5&currency=eur&colour=red", "parameter_unknown", "colour"),
        ("amount=5&currency=eur&automatic_payment_methods[x]=1", "parameter_unknown", None),
        ("currency=eur", "parameter_missing", "amount"),
        ("amount=five&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=-5&currency=eur", "parameter_invalid_integer", "amount"),
        ("amount=100000000&currency=eur", "amount_too_large", "amount"),
        ("amount=5&currency=euro", None, "currency"),
        ("amount=5&currency=eur&confirm=yes", None, "confirm"),
        ("amount=5&currency=eur&capture_method=manual", None, "capture_method"),
        ("amount=5&currency=eur&confirm=true", "parameter_missing", "payment_method"),
        ("amount=5&currency=eur&off_session=true", None, "off_session"),
        ("amount=5&amount=6&currency=eur", None, "amount"),
        ("amount=5&currency=eur&metadata[a=1", None, "metadata[a"),
        ("amount=5&currency=eur&metadata=words", None, "metadata"),
        ("amount=5&currency=eur&expand[]=currency", None, "expand"),
    ],
)
def test_a_wrong_parameter_is_named(
    wire: httpx.Client, body: str, code: str | None, param: str | None
) -> None:
    answer = wire.post(
        "/v1/payment_intents",
        content=body,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert (error["type"], error.get("code")) == ("invalid_request_error", code)
    assert param is None or error["param"] == param
    assert asked(wire, "/v1/payment_intents")["data"] == []


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ("mode=payment", "parameter_missing", "line_items"),
        ("mode=subscription", None, "mode"),
        ("mode=payment&colour=red", "parameter_unknown", "colour"),
        ("mode=payment&line_items=5", None, "line_items"),
        (f"mode=payment&{PRICE}[x]=1", "parameter_unknown", f"{PRICE}[x]"),
        ("mode=payment&line_items[0][quantity]=1", "parameter_missing", f"{PRICE}[currency]"),
        (
            f"mode=payment&{PRICE}[currency]=eur&{PRICE}[unit_amount]=5&{PRICE}[product_data][x]=1",
            "parameter_unknown",
            f"{PRICE}[product_data][x]",
        ),
        (
            "mode=payment" + PRICED + PRICED.replace("[0]", "[1]").replace("eur", "sek"),
            None,
            "line_items",
        ),
        (f"mode=payment{PRICED}&setup_intent_data[description]=A", None, "setup_intent_data"),
        (f"mode=setup{PRICED}", None, "line_items"),
        ("mode=setup", "parameter_missing", "currency"),
        (f"mode=payment{PRICED}&customer=cus_nobody", "resource_missing", "customer"),
        (f"mode=payment{PRICED}&expires_at={NOW + 60}", None, "expires_at"),
        (f"mode=payment{PRICED}&expires_at={NOW + 90_000}", None, "expires_at"),
        (f"mode=payment{PRICED}&cancel_url=javascript:alert(1)", None, "cancel_url"),
        (f"mode=payment{PRICED}&cancel_url=https://a%0d%0aX: 1", None, "cancel_url"),
    ],
)
def test_a_session_that_does_not_fit_together_is_refused(
    wire: httpx.Client, body: str, code: str | None, param: str
) -> None:
    answer = wire.post(
        "/v1/checkout/sessions",
        content=f"success_url=https://saldo.example&{body}",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    error = answer.json()["error"]
    assert (error.get("code"), error["param"]) == (code, param)
    assert asked(wire, "/v1/checkout/sessions")["data"] == []


def test_a_session_names_the_customer_or_makes_one_and_not_both(
    client: stripe.StripeClient, wire: httpx.Client
) -> None:
    customer = client.v1.customers.create({}).id
    for name in ("customer_email", "customer_creation"):
        answer = wire.post(
            "/v1/checkout/sessions",
            content=f"success_url=https://a&mode=payment{PRICED}&customer={customer}&{name}=always",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert answer.json()["error"]["param"] == name
