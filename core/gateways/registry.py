"""Which gateway serves a provider: a real key first, the simulator only where it was put to work.

This is the one place that knows the simulator.
"""

from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from core.gateways.by_hand import ByHand
from core.gateways.port import CredentialsMissing, Gateway, GatewayRefused
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.stripe_gateway import StripeGateway
from core.settings import Settings

BY_HAND = ("manual", "bank", "bankgirot", "import")
TITLES = {"stripe": "Stripe", "paystack": "Paystack", "paypal": "PayPal"}
HERE = ("localhost", "127.0.0.1", "::1")
SIMULATOR_KEY = "sk_test_simulator"


def gateway_of(settings: Settings, provider: str, *, engine: Engine | None = None) -> Gateway:
    """The gateway of a payment's provider; `engine` is where the simulator keeps its state.

    Raises CredentialsMissing without a key, GatewayRefused for what no gateway carries.
    """
    if provider in BY_HAND:
        return ByHand()
    if provider not in TITLES:
        raise GatewayRefused(f"What was paid by {provider} does not go through a gateway")
    if provider != "stripe":
        raise CredentialsMissing(f"{TITLES[provider]} is not connected; pay back by bank transfer")
    key = _stripe_key(settings)
    if key:
        return StripeGateway(key, address=_safe(settings.stripe_address))
    if engine is not None and _simulated(settings, engine):
        return StripeGateway(SIMULATOR_KEY, address=ADDRESS, http_client=InProcess(engine))
    raise CredentialsMissing("Stripe is not connected: there is no key in STRIPE_SECRET")


def _safe(address: str | None) -> str | None:
    """The address, unless the key would travel to it in the open."""
    parts = urlsplit(address or "")
    if address and parts.scheme != "https" and parts.hostname not in HERE:
        raise CredentialsMissing("SALDO_STRIPE_ADDRESS is https, or http on this machine")
    return address or None


def _stripe_key(settings: Settings) -> str | None:
    given = (settings.stripe_secret, settings.stripe_api_key)
    return next((key.get_secret_value() for key in given if key and key.get_secret_value()), None)


def _simulated(settings: Settings, engine: Engine) -> bool:
    if settings.gateway_simulator is not None:
        return settings.gateway_simulator
    with engine.connect() as connection:
        found = connection.scalar(text("select in_service from simulator.control"))
    return bool(found)
