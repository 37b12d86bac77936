"""The company with its simulated gateway, and what its server does by itself after a restart."""

import secrets
from dataclasses import dataclass, replace

import pytest
import stripe

import worker
from core.charging.cards import keep_card, know_customer
from core.gateways.port import Card
from core.gateways.registry import SIMULATOR_KEY
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.invoices.models import Invoice
from core.plans.models import Plan
from tests.billing import JOB, a_subscription, a_tenant, the_invoices, the_plans
from tests.builders import a_user
from tests.core.charging.conftest import Shop, settings, shop

__all__ = ["House", "house", "settings", "shop"]


@dataclass
class House:
    """The company, and tenants that are made as cases want them."""

    shop: Shop
    url: str
    plans: dict[str, Plan]

    def new_tenant(self) -> Shop:
        """Another tenant with an admin of its own."""
        tenant = a_tenant(self.shop.office, "SE", "SEK")
        user = a_user(self.shop.office, "org_admin", tenant_id=tenant.id)
        return replace(self.shop, tenant=tenant, user=user)

    def with_card(self, chosen: str = "pm_card_visa") -> Shop:
        """Another tenant, whose card the gateway keeps."""
        made = self.new_tenant()
        engine = made.office.engine
        client = stripe.StripeClient(
            SIMULATOR_KEY, base_addresses={"api": ADDRESS}, http_client=InProcess(engine)
        )
        customer = client.v1.customers.create({"name": made.tenant.name})
        method = client.v1.payment_methods.attach(chosen, {"customer": customer.id})
        with made.office.work(JOB) as work:
            know_customer(work, made.tenant.id, "stripe", customer.id)
            keep_card(work, made.tenant.id, "stripe", Card(method.id, customer.id, "visa", "4242"))
        return made

    def subscribed(self, tenant: Shop, collection: str = "charge_automatically") -> Invoice:
        """What the first period of a tenant's new subscription owes."""
        a_subscription(tenant.office, tenant.tenant, self.plans["growth"], collection=collection)
        return the_invoices(tenant.office)[-1]

    def restart(self) -> None:
        """Ten minutes later: what a worker does by itself every five."""
        self.shop.wait(minutes=10)
        worker.sweeping(self.shop.office)


@pytest.fixture
def house(shop: Shop, database_url: str) -> House:
    return House(shop, database_url, the_plans(shop.office))


def a_key() -> str:
    """An idempotency key as a page makes one when a dialog opens."""
    return f"dialog-{secrets.token_hex(8)}"
