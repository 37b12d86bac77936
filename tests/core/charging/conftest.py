"""A company whose card gateway is the simulator, with its clock beside the company's."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stripe
from sqlalchemy import select, text

from core.access.authority import Actor
from core.access.models import User
from core.charging.cards import keep_card
from core.charging.checkout import come_back, leave_card
from core.charging.models import ChargeAttempt, HostedPage, PaymentMethod
from core.clock import SetClock
from core.gateways.port import Card
from core.gateways.registry import SIMULATOR_KEY, SIMULATOR_SECRET
from core.gateways.simulator import deliveries, faults
from core.gateways.simulator.control import set_clock
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.simulator.pages import pages_app
from core.invoices.models import Invoice
from core.settings import Settings
from core.subscriptions.models import Subscription
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, a_subscription, a_tenant, the_plans
from tests.builders import a_user, acting


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"gateway_simulator": True})


@dataclass
class Shop:
    """The company, its clock, the hosted pages, and one tenant with its admin."""

    office: Office
    clock: SetClock
    pages: httpx.Client
    tenant: Tenant
    user: User

    @property
    def admin(self) -> Actor:
        """The tenant's admin, who has just signed in."""
        return acting(self.office, self.user)

    def wait(self, **given: int) -> None:
        """Let time go by, for the gateway too."""
        self.clock.advance(timedelta(**given))
        self.tick()

    def tick(self) -> None:
        with self.office.engine.begin() as connection:
            set_clock(connection, int(self.clock.now().timestamp()))

    def fault(self, kind: faults.Kind, path: str = "/v1/payment_intents", calls: int = 1) -> None:
        with self.office.engine.begin() as connection:
            faults.order(connection, kind, calls=calls, method="POST", path=path)

    def invoice(self, plan: str = "growth") -> Invoice:
        """What the first period of a subscription that is charged to a card owes."""
        subscription: Subscription = a_subscription(
            self.office, self.tenant, the_plans(self.office)[plan]
        )
        with self.office.work(JOB) as work:
            return work.session.scalars(
                select(Invoice).where(Invoice.subscription_id == subscription.id)
            ).one()

    def card(self, chosen: str = "pm_card_visa") -> PaymentMethod:
        """Leave a card on the gateway's page."""
        page = leave_card(self.office, self.admin)
        self.press(page, chosen)
        self.press(page, chosen, action="approve")
        assert come_back(self.office, self.admin, page.reference).status == "done"
        with self.office.work(JOB) as work:
            return work.session.scalars(select(PaymentMethod).where(PaymentMethod.is_default)).one()

    def secret_card(self, chosen: str) -> PaymentMethod:
        """A card that the hosted page does not offer, kept as if it had been left there."""
        client = stripe.StripeClient(
            SIMULATOR_KEY,
            base_addresses={"api": ADDRESS},
            http_client=InProcess(self.office.engine),
        )
        customer = client.v1.customers.create({"name": self.tenant.name})
        method = client.v1.payment_methods.attach(chosen, {"customer": customer.id})
        with self.office.work(JOB) as work:
            return keep_card(
                work, self.tenant.id, "stripe", Card(method.id, customer.id, "visa", "0259")
            )

    def press(self, page: HostedPage, chosen: str, action: str = "pay") -> httpx.Response:
        """Choose a card on the hosted page and go on; `approve` answers the bank's question."""
        assert page.url is not None
        path = page.url.removeprefix(ADDRESS)
        return self.pages.post(path, data={"action": action, "card": chosen})

    def intents(self) -> list[dict[str, Any]]:
        with self.office.engine.connect() as connection:
            return list(
                connection.scalars(text("select body from simulator.payment_intents order by seq"))
            )

    def charged_minor(self) -> int:
        """What the gateway really took, in minor units."""
        return sum(
            body["amount_received"] for body in self.intents() if body["status"] == "succeeded"
        )

    def attempts(self) -> list[ChargeAttempt]:
        with self.office.work(JOB) as work:
            return list(work.session.scalars(select(ChargeAttempt).order_by(ChargeAttempt.id)))


@pytest.fixture
def shop(office: Office, clock: SetClock) -> Iterator[Shop]:
    tenant = a_tenant(office, "SE", "SEK")
    user = a_user(office, "org_admin", tenant_id=tenant.id)
    with httpx.Client(
        transport=httpx.WSGITransport(app=pages_app(office.engine)),
        base_url=ADDRESS,
        headers={"Sec-Fetch-Site": "same-origin"},
    ) as pages:
        made = Shop(office, clock, pages, tenant, user)
        made.tick()
        with office.engine.begin() as connection:
            deliveries.listen(connection, "http://saldo.invalid/hook", SIMULATOR_SECRET)
        yield made
