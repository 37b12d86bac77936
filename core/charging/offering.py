"""By which gateways an organisation can pay: those that have keys, its own or the company's."""

from collections.abc import Collection, Mapping

from core.access.authority import Actor
from core.gateways import paypal_wire, paystack_wire
from core.gateways.credentials import NEEDED, keys_of
from core.gateways.registry import simulated
from core.notifications.own import own_tenant
from core.work import Office

TAKES: Mapping[str, Collection[str]] = {
    "paystack": paystack_wire.CURRENCIES,
    "paypal": paypal_wire.CURRENCIES,
}
"""The currencies of gateways that do not take them all."""


def offered_gateways(office: Office, actor: Actor, currency: str) -> list[str]:
    """The gateways on whose pages the own organisation can recharge a wallet now (PAY.3, PAY.7).

    Needs `org.billing.read`. Raises SecretUnreadable.
    """
    with office.work(actor) as work:
        work.require("org.billing.read")
        tenant_id = own_tenant(work)
    replaced = simulated(office.settings, office.engine)
    return [
        provider
        for provider in NEEDED
        if currency in TAKES.get(provider, (currency,))
        and (replaced or _complete(office, provider, tenant_id))
    ]


def _complete(office: Office, provider: str, tenant_id: int) -> bool:
    keys = keys_of(office.engine, office.settings, provider, tenant_id)
    return keys is not None and keys.complete
