"""By which gateways an organisation can pay: those that have keys, its own or the company's."""

from core.access.authority import Actor
from core.gateways.credentials import NEEDED, keys_of
from core.gateways.registry import simulated
from core.notifications.own import own_tenant
from core.work import Office


def offered_gateways(office: Office, actor: Actor) -> list[str]:
    """The gateways on whose pages the own organisation can recharge now (PAY.3, PAY.7).

    Needs `org.billing.read`. Raises SecretUnreadable.
    """
    with office.work(actor) as work:
        work.require("org.billing.read")
        tenant_id = own_tenant(work)
    replaced = simulated(office.settings, office.engine)
    return [provider for provider in NEEDED if replaced or _complete(office, provider, tenant_id)]


def _complete(office: Office, provider: str, tenant_id: int) -> bool:
    keys = keys_of(office.engine, office.settings, provider, tenant_id)
    return keys is not None and keys.complete
