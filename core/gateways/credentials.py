"""Whose keys a gateway is asked with: a tenant's own first, then the company's (PAY.7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from core.db import platform_connection
from core.gateways.models import GatewayCredentials
from core.secrets import seal, unseal
from core.settings import Settings

FIELDS: Mapping[str, Mapping[str, bool]] = {
    "stripe": {"publishable_key": False, "secret_key": True, "webhook_secret": True},
    "paystack": {"public_key": False, "secret_key": True},
    "paypal": {"client_id": False, "secret": True, "webhook_id": False},
}
"""What each gateway's keys are called, and whether they are secret."""
NEEDED: Mapping[str, tuple[str, ...]] = {
    "stripe": ("secret_key",),
    "paystack": ("secret_key",),
    "paypal": ("client_id", "secret"),
}
"""Without these a gateway cannot be asked at all."""


@dataclass(frozen=True)
class Keys:
    """Keys of one account; `tenant_id` is its owner, none for the company. Never printed."""

    provider: str
    mode: str
    values: Mapping[str, str] = field(repr=False)
    tenant_id: int | None = None
    stored: bool = False
    """Kept in the database, not in the environment."""

    def get(self, name: str) -> str | None:
        """A key by its name, None when it is not given."""
        return self.values.get(name) or None

    @property
    def complete(self) -> bool:
        """Whether the gateway can be asked with these."""
        return all(self.get(name) for name in NEEDED[self.provider])


def place_of(provider: str, tenant_id: int | None, name: str) -> str:
    """Where a sealed key belongs; moved elsewhere it cannot be read."""
    return f"{tenant_id or 'company'}|{provider}|{name}"


def sealed(provider: str, tenant_id: int | None, name: str, value: str, settings: Settings) -> str:
    """A key as it is stored."""
    return seal(value, place_of(provider, tenant_id, name), settings)


def keys_of(
    engine: Engine | None, settings: Settings, provider: str, tenant_id: int | None = None
) -> Keys | None:
    """The keys to ask a gateway with for a tenant; None when there are none.

    Raises SecretUnreadable when stored keys cannot be opened.
    """
    if engine is not None:
        with platform_connection(engine) as connection, Session(connection) as session:
            stored = stored_keys(session, settings, provider, tenant_id)
        if stored is not None:
            return stored
    given = _of_environment(settings, provider)
    return given if given.complete else None


def has_own_keys(session: Session, provider: str, tenant_id: int) -> bool:
    """Whether a tenant has keys of its own at a gateway, and so an account."""
    found = select(GatewayCredentials.id).where(
        GatewayCredentials.provider == provider, GatewayCredentials.tenant_id == tenant_id
    )
    return session.scalar(found) is not None


def stored_keys(
    session: Session, settings: Settings, provider: str, tenant_id: int | None
) -> Keys | None:
    """The keys in the database: the tenant's own, else the company's."""
    owners = {tenant_id, None}
    rows = session.scalars(
        select(GatewayCredentials).where(
            GatewayCredentials.provider == provider,
            GatewayCredentials.tenant_id.is_(None)
            | GatewayCredentials.tenant_id.in_([each for each in owners if each is not None]),
        )
    ).all()
    chosen = sorted(rows, key=lambda row: row.tenant_id is None)
    return opened(chosen[0], settings) if chosen else None


def opened(row: GatewayCredentials, settings: Settings) -> Keys:
    """A stored row with its secrets in clear. Raises SecretUnreadable."""
    values = {name: str(value) for name, value in row.shown.items()}
    for name, text in row.sealed.items():
        values[name] = unseal(text, place_of(row.provider, row.tenant_id, name), settings)
    return Keys(row.provider, row.mode, values, row.tenant_id, stored=True)


def _of_environment(settings: Settings, provider: str) -> Keys:
    def clear(*given: object) -> str:
        found = (each.get_secret_value() for each in given if each is not None)  # type: ignore[attr-defined]
        return next((text for text in found if text), "")

    if provider == "stripe":
        secret = clear(settings.stripe_secret, settings.stripe_api_key)
        values = {
            "publishable_key": settings.stripe_key,
            "secret_key": secret,
            "webhook_secret": clear(settings.stripe_webhook_secret),
        }
        return Keys(provider, "test" if "_test_" in secret else "live", values)
    if provider == "paystack":
        secret = clear(settings.paystack_secret_key)
        values = {"public_key": settings.paystack_public_key, "secret_key": secret}
        return Keys(provider, "test" if "_test_" in secret else "live", values)
    values = {
        "client_id": settings.paypal_client_id,
        "secret": clear(settings.paypal_secret),
        "webhook_id": settings.paypal_webhook_id,
    }
    return Keys(provider, "live" if settings.paypal_mode == "live" else "test", values)
