"""Stripe's client, its units and its errors in our words (PAY.3)."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

import stripe

from core.gateways.port import CredentialsMissing, GatewayRefused, GatewayUnsure
from core.money import exponent, round_half_up

ANSWERS_WITHIN_SECONDS = 30
RETRIES = 2
OUR_KEY = "saldo_key"
"""The name under which an order's key stands in the metadata of what it made."""
ON_A_PAGE = 100
MOST_PAGES = 10_000
"""Pages of one list; more is a list that does not end."""
HUNDREDFOLD = ("ISK", "UGX")
"""Without decimals in ISO 4217, but Stripe counts them in hundredths."""
WHOLE_UNITS = ("MGA",)
"""With two decimals in ISO 4217, but Stripe counts them in whole units."""


class StripeAccount:
    """The account behind a secret key, and the secrets of its webhooks.

    `address` is another server than Stripe's own; `webhook_secret` may be several while one is
    replaced by another.
    """

    title = "Stripe"

    def __init__(
        self,
        key: str,
        *,
        address: str | None = None,
        http_client: stripe.HTTPClient | None = None,
        webhook_secret: str | tuple[str, ...] | None = None,
    ) -> None:
        self._test_mode = "_test_" in key
        given = (webhook_secret,) if isinstance(webhook_secret, str) else webhook_secret or ()
        self._webhook_secrets = tuple(secret for secret in given if secret.strip())
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": address.rstrip("/")} if address else None,
            http_client=http_client or stripe.RequestsClient(timeout=ANSWERS_WITHIN_SECONDS),
            max_network_retries=RETRIES,
        )


def to_stripe(amount_minor: int, currency: str) -> int:
    """Stripe's unit for our minor units. Raises GatewayRefused for what Stripe cannot express."""
    if currency in HUNDREDFOLD:
        return amount_minor * 100
    step = 100 if currency in WHOLE_UNITS else 10 if exponent(currency) == 3 else 1
    if amount_minor % step:
        raise GatewayRefused(f"Stripe takes no amount as fine as {amount_minor} in {currency}")
    return amount_minor // 100 if currency in WHOLE_UNITS else amount_minor


def from_stripe(amount: int, currency: str) -> int:
    """Our minor units for Stripe's unit. Raises TypeError for what is no whole number."""
    if type(amount) is not int:
        raise TypeError(f"{amount!r} is no amount")
    if currency in HUNDREDFOLD:
        return round_half_up(amount, 100)
    return amount * 100 if currency in WHOLE_UNITS else amount


def second_from(moment: datetime) -> int:
    """The first whole second of Unix time at or after a moment."""
    return math.ceil(moment.timestamp())


def instant(second: int) -> datetime:
    """The moment of a second of Unix time."""
    return datetime.fromtimestamp(second, UTC)


def day(second: int) -> date:
    """The date, in UTC, of a second of Unix time."""
    return instant(second).date()


@contextmanager
def translated() -> Iterator[None]:
    """Say in our own words whether an error means no, not known, or no credentials."""
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as problem:
        raise CredentialsMissing(f"Stripe does not accept the key: {_words(problem)}") from problem
    except stripe.InvalidRequestError as problem:
        if problem.code == "lock_timeout":
            raise GatewayUnsure(
                f"Stripe was busy with this payment: {_words(problem)}"
            ) from problem
        raise GatewayRefused(f"Stripe refused: {_words(problem)}") from problem
    except (stripe.CardError, stripe.IdempotencyError) as problem:
        raise GatewayRefused(f"Stripe refused: {_words(problem)}") from problem
    except stripe.APIConnectionError as problem:
        raise GatewayUnsure("The connection to Stripe was lost, or there is none") from problem
    except stripe.StripeError as problem:
        raise GatewayUnsure(f"Stripe did not answer clearly: {_words(problem)}") from problem
    except (AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError) as problem:
        # What the library hands on is not what it declares: whether money moved is not known.
        raise GatewayUnsure(f"Stripe's answer cannot be read: {problem}") from problem


def every(ask: Callable[[Any], Any], params: dict[str, Any]) -> Iterator[Any]:
    """Every object of a list, page by page, newest first.

    Raises GatewayUnsure for a list that is cut off, goes round in a circle, or does not end.
    """
    after: dict[str, str] = {}
    for _ in range(MOST_PAGES):
        with translated():
            page = ask({**params, **after, "limit": ON_A_PAGE})
        yield from page.data
        if not page.has_more:
            return
        if not page.data or page.data[-1].id == after.get("starting_after"):
            raise GatewayUnsure("Stripe's list breaks off although it says that there is more")
        after = {"starting_after": page.data[-1].id}
    raise GatewayUnsure(f"Stripe's list has more than {MOST_PAGES} pages")


def field(of: object, name: str) -> Any:
    """A field that may be left out of an answer."""
    return getattr(of, name, None)


def our_key(of: Any) -> str | None:
    """The key of our order in the metadata of what it made, which may be empty but not left out."""
    return of.metadata.to_dict().get(OUR_KEY) if of.metadata else None


def number_of(of: Any) -> str | None:
    """The id of an object that is there whole or as its id alone."""
    return of if of is None or isinstance(of, str) else str(of.id)


def _words(problem: stripe.StripeError) -> str:
    return str(problem.user_message or type(problem).__name__)
