"""Which gateway serves a provider: real keys first, the simulator only where it was put to work.

This is the one place that knows the simulator.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Engine, text

from core.gateways.by_hand import ByHand
from core.gateways.credentials import Keys, keys_of
from core.gateways.paypal import PayPalGateway
from core.gateways.paystack import PaystackGateway
from core.gateways.port import CredentialsMissing, Gateway, GatewayRefused
from core.gateways.simulator import paypal_money, paystack_money
from core.gateways.simulator.control import set_pages_at
from core.gateways.simulator.deliveries import deliver, listen
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.simulator.pages import pages_app
from core.gateways.simulator.paypal import PayPalSimulator
from core.gateways.simulator.paystack import PaystackSimulator
from core.gateways.simulator.sibling import due
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_history import StripeHistory
from core.settings import Settings

BY_HAND = ("manual", "bank", "bankgirot", "import")
TITLES = {"stripe": "Stripe", "paystack": "Paystack", "paypal": "PayPal"}
MISSING = {
    "stripe": "STRIPE_SECRET",
    "paystack": "PAYSTACK_SECRET_KEY",
    "paypal": "PAYPAL_CLIENT_ID and PAYPAL_SECRET",
}
HERE = ("localhost", "127.0.0.1", "::1")
LEAST_STATUS, FAILED_STATUS = 100, 500
"""An answer below that is for good, also one that refuses; otherwise the event is sent again."""
PAGES = "/simulator"
"""Where the simulated gateways' pages are served."""
SIMULATOR_KEY = "sk_test_simulator"
SIMULATOR_SECRET = "whsec_simulator"  # noqa: S105 (known to everybody: nothing real is behind it)


def gateway_of(
    settings: Settings,
    provider: str,
    *,
    engine: Engine | None = None,
    tenant_id: int | None = None,
) -> Gateway:
    """The gateway of a provider, with the tenant's own keys where it has any.

    `engine` is where stored keys are and the simulator keeps its state. Raises
    CredentialsMissing without keys, GatewayRefused for what no gateway carries.
    """
    if provider in BY_HAND:
        return ByHand()
    if provider not in TITLES:
        raise GatewayRefused(f"What was paid by {provider} does not go through a gateway")
    keys = keys_of(engine, settings, provider, tenant_id)
    if keys is not None:
        return gateway_with(settings, keys)
    if engine is not None and simulated(settings, engine):
        return _simulator(provider, settings, engine)
    raise CredentialsMissing(
        f"{TITLES[provider]} is not connected: there are no keys under Payment config, nor in "
        f"{MISSING[provider]}"
    )


def gateway_with(settings: Settings, keys: Keys) -> Gateway:
    """The gateway behind some keys. Raises CredentialsMissing when they are not enough."""
    if not keys.complete:
        raise CredentialsMissing(f"The keys of {TITLES[keys.provider]} are not complete")
    if keys.provider == "stripe":
        return StripeGateway(
            keys.values["secret_key"],
            address=_safe(settings.stripe_address, "SALDO_STRIPE_ADDRESS"),
            webhook_secret=keys.get("webhook_secret"),
        )
    if keys.provider == "paystack":
        return PaystackGateway(
            keys.values["secret_key"],
            address=_safe(settings.paystack_address, "SALDO_PAYSTACK_ADDRESS"),
        )
    return PayPalGateway(
        keys.values["client_id"],
        keys.values["secret"],
        webhook_id=keys.get("webhook_id"),
        live=keys.mode == "live",
        address=_safe(settings.paypal_address, "SALDO_PAYPAL_ADDRESS"),
    )


def history_of(settings: Settings, engine: Engine) -> StripeHistory:
    """The past of the company's Stripe account. Raises CredentialsMissing without keys."""
    keys = keys_of(engine, settings, "stripe")
    if keys is not None and keys.complete:
        address = _safe(settings.stripe_address, "SALDO_STRIPE_ADDRESS")
        return StripeHistory(keys.values["secret_key"], address=address)
    if simulated(settings, engine):
        return StripeHistory(SIMULATOR_KEY, address=ADDRESS, http_client=InProcess(engine))
    raise CredentialsMissing(
        "Stripe is not connected: there are no keys under Payment config, nor in STRIPE_SECRET"
    )


def simulated(settings: Settings, engine: Engine) -> bool:
    """Whether the simulator stands in for gateways without keys."""
    if settings.gateway_simulator is not None:
        return settings.gateway_simulator
    return is_demo(engine)


def is_demo(engine: Engine) -> bool:
    """Whether the database was built as a demo."""
    with engine.connect() as connection:
        found = connection.scalar(text("select in_service from simulator.control"))
    return bool(found)


def simulator_pages(provider: str, engine: Engine) -> Callable[..., Iterable[bytes]] | None:
    """The pages of a simulated gateway as a WSGI application, None for an unknown gateway.

    They ask for no key: whoever has a page's address may use it, as at the real gateways.
    """
    if provider == "paystack":
        return PaystackSimulator(engine, pages_only=True)
    if provider == "paypal":
        return PayPalSimulator(engine, pages_only=True)
    return pages_app(engine) if provider == "stripe" else None


def put_simulator_to_work(settings: Settings, engine: Engine) -> None:
    """Tell the simulator where its pages are reached and where its events go, if it stands in."""
    if simulated(settings, engine):
        base = settings.public_url.rstrip("/")
        with engine.begin() as connection:
            set_pages_at(connection, f"{base}{PAGES}/stripe")
            listen(connection, f"{base}/my-billing/webhook/stripe", SIMULATOR_SECRET)


def deliver_simulated(settings: Settings, engine: Engine, now: datetime) -> int:
    """Send the events of the simulators that are due; how many were sent."""
    if not simulated(settings, engine):
        return 0
    base = f"{settings.public_url.rstrip('/')}/my-billing/webhook"
    told = sum(
        _deliver_of(provider, f"{base}/{provider}", engine) for provider in ("paystack", "paypal")
    )
    return told + deliver(engine, _send, now)


def _send(url: str, headers: Mapping[str, str], raw: bytes) -> int:
    try:
        return httpx.post(url, content=raw, headers=dict(headers), timeout=10).status_code
    except httpx.HTTPError:
        return 0


def _deliver_of(provider: str, url: str, engine: Engine) -> int:
    """Send the events of Paystack's or PayPal's simulator; all again when nobody answered one."""
    with engine.connect() as connection:
        waiting = due(connection, provider)
        answered = [_send(url, headers, raw) for headers, raw in waiting]
        if all(LEAST_STATUS <= status < FAILED_STATUS for status in answered):
            connection.commit()
    return len(waiting)


def _simulator(provider: str, settings: Settings, engine: Engine) -> Gateway:
    pages = f"{settings.public_url.rstrip('/')}{PAGES}/{provider}"
    if provider == "stripe":
        return StripeGateway(
            SIMULATOR_KEY,
            address=ADDRESS,
            http_client=InProcess(engine),
            webhook_secret=SIMULATOR_SECRET,
        )
    if provider == "paystack":
        return PaystackGateway(
            paystack_money.KEY,
            address=paystack_money.ADDRESS,
            transport=httpx.WSGITransport(app=PaystackSimulator(engine, pages_at=pages)),
        )
    return PayPalGateway(
        paypal_money.CLIENT_ID,
        paypal_money.KEY,
        webhook_id=paypal_money.WEBHOOK_ID,
        address=paypal_money.ADDRESS,
        transport=httpx.WSGITransport(app=PayPalSimulator(engine, pages_at=pages)),
    )


def _safe(address: str | None, setting: str) -> str | None:
    """The address, unless the key would travel to it in the open."""
    parts = urlsplit(address or "")
    if address and parts.scheme != "https" and parts.hostname not in HERE:
        raise CredentialsMissing(f"{setting} is https, or http on this machine")
    return address or None
