"""Accounts at the gateways: the company's own, and those of tenants with keys of their own."""

from dataclasses import dataclass

from sqlalchemy import select

from core.gateways.models import PROVIDERS, GatewayCredentials
from core.work import Work


@dataclass(frozen=True)
class Account:
    """An account at a gateway: the company's, or a tenant's own."""

    provider: str
    tenant_id: int | None = None


def accounts(work: Work) -> list[Account]:
    """Every account that may be read: each gateway's of the company, then those of tenants."""
    own = work.session.execute(
        select(GatewayCredentials.provider, GatewayCredentials.tenant_id)
        .where(GatewayCredentials.tenant_id.is_not(None))
        .order_by(GatewayCredentials.provider, GatewayCredentials.tenant_id)
    ).all()
    return [
        *(Account(provider) for provider in PROVIDERS),
        *(Account(provider, tenant_id) for provider, tenant_id in own),
    ]
