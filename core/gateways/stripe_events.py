"""Stripe's webhooks: who sent it, when, and what it is about (PAY.4)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import stripe

from core.gateways.http import name_of, told
from core.gateways.port import About, CredentialsMissing, ForgedEvent, GatewayEvent, News
from core.gateways.stripe_wire import OUR_KEY, StripeAccount, instant

TOLERANCE_SECONDS = 300
"""How far a signature's time may be from ours, to either side."""
_SIGNATURE = "stripe-signature"
Fields = Mapping[str, Any]


class StripeEvents(StripeAccount):
    """Reads what Stripe tells by itself."""

    def read_event(self, raw: bytes, headers: Mapping[str, str], now: datetime) -> GatewayEvent:
        """The event, signed by one of our secrets within five minutes of `now`.

        Raises ForgedEvent for everything else, CredentialsMissing when no secret is set.
        """
        if not self._webhook_secrets:
            raise CredentialsMissing("Stripe's events cannot be verified: no webhook secret is set")
        header = headers.get(_SIGNATURE, "")
        try:
            self._verify(raw, header)
            signed_at = _signed_at(header)
            body = _body(raw)
            created = instant(body["created"])
        except (stripe.StripeError, ValueError, TypeError, LookupError, OverflowError) as problem:
            raise ForgedEvent("This is no event that Stripe signed") from problem
        except (RecursionError, OSError) as problem:
            raise ForgedEvent("This cannot be read as an event") from problem
        if abs(now.timestamp() - signed_at) > TOLERANCE_SECONDS:
            raise ForgedEvent("The event was not signed within the last five minutes")
        return GatewayEvent(body["id"], body["type"], created, body)

    def news_of(self, body: Mapping[str, object]) -> News | None:
        """What an event of Stripe's is about."""
        data: Any = body.get("data")
        about = data.get("object") if isinstance(data, Mapping) else None
        if not isinstance(about, Mapping):
            return None
        kind = str(body.get("type"))
        for start, read in _READERS:
            if kind.startswith(start):
                return read(about)
        return None

    def _verify(self, raw: bytes, header: str) -> None:
        problem: Exception | None = None
        for secret in self._webhook_secrets:
            try:
                # Without its tolerance: that asks the machine's clock, and lets the future pass.
                stripe.WebhookSignature.verify_header(raw, header, secret, None)
            except stripe.SignatureVerificationError as wrong:
                problem = wrong
            else:
                return
        raise problem or ValueError("no secret")


def _signed_at(header: str) -> int:
    """The time that the signature covers: the first one, as the library reads it."""
    return int(next(part for part in header.split(",") if part.startswith("t="))[2:])


def _body(raw: bytes) -> dict[str, Any]:
    """The event's fields, if they can be kept as they are. Raises ValueError."""
    body = told(raw)
    if body.get("object") != "event":
        raise ValueError("This is no event")
    for word in (body.get("id"), body.get("type")):
        name_of(word)
    if type(body.get("created")) is not int:
        raise ValueError("The event has no time")
    data = body.get("data")
    if not (isinstance(data, dict) and isinstance(data.get("object"), dict)):
        raise ValueError("The event is about nothing")
    return body


def _named(value: object) -> str | None:
    """An id that is there whole or alone."""
    found = value.get("id") if isinstance(value, Mapping) else value
    return found if isinstance(found, str) and found else None


def _key(about: Fields) -> str | None:
    metadata = about.get("metadata")
    return _named(metadata.get(OUR_KEY)) if isinstance(metadata, Mapping) else None


def _news(
    what: About, number: object, key: str | None = None, payment: object = None
) -> News | None:
    object_id = _named(number)
    return News(what, object_id, key, _named(payment)) if object_id else None


def _checkout(about: Fields) -> News | None:
    return _news("checkout", about.get("id"), _named(about.get("client_reference_id")))


def _intent(about: Fields) -> News | None:
    return _news("charge", about.get("latest_charge") or about.get("id"), _key(about))


def _charge(about: Fields) -> News | None:
    return _news("charge", about.get("id"), _key(about))


def _refund(about: Fields) -> News | None:
    payment = about.get("charge") or about.get("payment_intent")
    return _news("refund", about.get("id"), _key(about), payment)


def _dispute(about: Fields) -> News | None:
    return _news("dispute", about.get("id"), None, about.get("charge"))


def _payout(about: Fields) -> News | None:
    return _news("payout", about.get("id"))


def _set_up(about: Fields) -> News | None:
    card = _news("card", about.get("payment_method"), _key(about))
    return _of_holder(card, about.get("customer"))


def _method(about: Fields) -> News | None:
    return _of_holder(_news("card", about.get("id")), about.get("customer"))


def _customer(about: Fields) -> News | None:
    settings = about.get("invoice_settings")
    chosen = settings.get("default_payment_method") if isinstance(settings, Mapping) else None
    return _of_holder(_news("card", chosen or about.get("id")), about.get("id"))


def _of_holder(news: News | None, customer: object) -> News | None:
    return replace(news, customer=_named(customer)) if news else None


_READERS: tuple[tuple[str, Callable[[Fields], News | None]], ...] = (
    ("checkout.session.", _checkout),
    ("payment_intent.succeeded", _intent),
    ("payment_intent.payment_failed", _intent),
    ("payment_intent.canceled", _intent),
    ("charge.dispute.", _dispute),
    ("charge.refund.", _refund),
    ("charge.refunded", _charge),
    ("refund.", _refund),
    ("payout.", _payout),
    ("setup_intent.succeeded", _set_up),
    ("payment_method.", _method),
    ("customer.updated", _customer),
)
"""Who reads an event, by the start of its kind; the first that fits."""
