"""Stripe's hosted pages: pay once, leave a card, keep cards; never a card number here (PAY.3)."""

from typing import TYPE_CHECKING, Any

import stripe

from core.gateways.port import (
    Card,
    CardSetupOrder,
    Checkout,
    CheckoutOrder,
    CheckoutOutcome,
    CheckoutStatus,
    CustomerOrder,
    GatewayUnsure,
)
from core.gateways.stripe_charges import fee_of
from core.gateways.stripe_wire import (
    OUR_KEY,
    StripeAccount,
    every,
    field,
    from_stripe,
    number_of,
    our_key,
    to_stripe,
    translated,
)

if TYPE_CHECKING:
    from stripe.params import CustomerCreateParams
    from stripe.params.checkout import SessionCreateParams

PAGE_NUMBER = "session_id"
"""The parameter of a return address in which Stripe gives the page's id."""
_PLACEHOLDER = "{CHECKOUT_SESSION_ID}"
_LOOKED_AT = (
    "payment_intent.latest_charge.balance_transaction",
    "payment_intent.payment_method",
    "setup_intent.payment_method",
)


class StripePages(StripeAccount):
    """Customers, and the pages on which they pay and keep their cards."""

    def register(self, order: CustomerOrder) -> str:
        """The customer with the order's key in its metadata, or a new one."""
        if order.email:
            with translated():
                for found in every(self._client.v1.customers.list, {"email": order.email}):
                    if our_key(found) == order.key:
                        return str(found.id)
        params: CustomerCreateParams = {
            "name": order.name,
            "metadata": {**order.metadata, OUR_KEY: order.key},
        }
        if order.email:
            params["email"] = order.email
        with translated():
            return self._client.v1.customers.create(params, {"idempotency_key": order.key}).id

    def open_checkout(self, order: CheckoutOrder) -> Checkout:
        """A page that takes one payment by card and keeps the card for later charges."""
        facts = {**order.metadata, OUR_KEY: order.key}
        params: SessionCreateParams = {
            "mode": "payment",
            "adaptive_pricing": {"enabled": False},
            "allowed_payment_method_types": ["card"],
            "cancel_url": order.cancel_url,
            "client_reference_id": order.key,
            "line_items": [
                {
                    "price_data": {
                        "currency": order.currency.lower(),
                        "product_data": {"name": order.description or order.key},
                        "unit_amount": to_stripe(order.amount_minor, order.currency),
                    },
                    "quantity": 1,
                }
            ],
            "metadata": facts,
            "payment_intent_data": {
                "description": order.description,
                "metadata": facts,
                "setup_future_usage": "off_session",
            },
            "success_url": _with_page_number(order.return_url),
        }
        if order.customer:
            params["customer"] = order.customer
        else:
            params["customer_creation"] = "always"
            if order.email:
                params["customer_email"] = order.email
        return self._open(params, order.key)

    def open_card_setup(self, order: CardSetupOrder) -> Checkout:
        """A page that keeps a card for later charges and takes no money."""
        facts = {**order.metadata, OUR_KEY: order.key}
        return self._open(
            {
                "mode": "setup",
                "allowed_payment_method_types": ["card"],
                "cancel_url": order.cancel_url,
                "client_reference_id": order.key,
                "currency": order.currency.lower(),
                "customer": order.customer,
                "metadata": facts,
                "setup_intent_data": {"metadata": facts},
                "success_url": _with_page_number(order.return_url),
            },
            order.key,
        )

    def checkout_outcome(self, checkout_id: str) -> CheckoutOutcome:
        """What became of a page, with the fee and the card it left. Changes nothing."""
        with translated():
            session = self._client.v1.checkout.sessions.retrieve(
                checkout_id, {"expand": list(_LOOKED_AT)}
            )
            return _set_up(session) if session.mode == "setup" else _paid(session)

    def portal(self, customer: str, return_url: str) -> str:
        """The address of a page that lives for a short while: ask for it when it is visited."""
        with translated():
            return self._client.v1.billing_portal.sessions.create(
                {"customer": customer, "return_url": return_url}
            ).url

    def cards(self, customer: str) -> list[Card]:
        """The cards attached to a customer; the one chosen at Stripe first, then the newest."""
        with translated():
            known = self._client.v1.customers.retrieve(customer)
            if known.id != customer:
                raise GatewayUnsure(f"Stripe answered for another customer than {customer}")
            listed = self._client.v1.payment_methods.list(
                {"customer": customer, "type": "card", "limit": 100}
            )
            found = [card for each in listed.auto_paging_iter() if (card := _card(each))]
            usual = number_of(field(field(known, "invoice_settings"), "default_payment_method"))
        return sorted(found, key=lambda card: card.token != usual)

    def _open(self, params: "SessionCreateParams", key: str) -> Checkout:
        with translated():
            made = self._client.v1.checkout.sessions.create(params, {"idempotency_key": key})
            if not made.url:
                raise GatewayUnsure(f"Stripe gave no address for the page {made.id}")
            return Checkout(made.id, made.url)


def _with_page_number(url: str) -> str:
    """The address with a place that Stripe fills with the page's id."""
    if _PLACEHOLDER in url:
        return url
    front, mark, fragment = url.partition("#")
    joint = "&" if "?" in front else "?"
    return f"{front}{joint}{PAGE_NUMBER}={_PLACEHOLDER}{mark}{fragment}"


def _paid(session: stripe.checkout.Session) -> CheckoutOutcome:
    intent = field(session, "payment_intent")
    currency = (session.currency or "").upper()
    charge = intent and intent.latest_charge
    status = _status(session, intent)
    paid = status == "paid"
    return CheckoutOutcome(
        status=status,
        checkout_id=session.id,
        key=session.client_reference_id or "",
        amount_minor=from_stripe(
            intent.amount_received if paid and intent else session.amount_total or 0, currency
        ),
        currency=currency,
        provider_payment_id=number_of(charge) or number_of(intent),
        fee_minor=fee_of(charge, currency) if paid and isinstance(charge, stripe.Charge) else 0,
        card=_card(intent.payment_method) if paid and intent else None,
    )


def _set_up(session: stripe.checkout.Session) -> CheckoutOutcome:
    intent = field(session, "setup_intent")
    status = _status(session, intent)
    return CheckoutOutcome(
        status=status,
        checkout_id=session.id,
        key=session.client_reference_id or "",
        amount_minor=0,
        currency=(session.currency or "").upper(),
        card=_card(intent.payment_method) if status == "paid" else None,
    )


def _status(session: stripe.checkout.Session, intent: Any) -> CheckoutStatus:
    """A page that is done but not paid waits for money that may still fail to come."""
    if session.status == "expired":
        return "expired"
    if session.status != "complete":
        return "open"
    if intent is None or intent.status == "succeeded":
        return "paid"
    return "failed" if intent.status in ("requires_payment_method", "canceled") else "open"


def _card(method: Any) -> Card | None:
    """The card that a customer may be charged with again; None for one that was not kept."""
    card, customer = field(method, "card"), number_of(field(method, "customer"))
    if card is None or customer is None:
        return None
    return Card(
        token=method.id,
        customer=customer,
        brand=card.brand,
        last4=card.last4 or "",
        expires_month=card.exp_month,
        expires_year=card.exp_year,
    )
