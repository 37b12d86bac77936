"""By which gateways an organisation can pay, and an event as its page shows it (PAY.3, PAY.4)."""

import pytest

from core.access.authority import Actor
from core.charging.event_detail import event_detail
from core.charging.events import store_event
from core.charging.offering import offered_gateways
from core.errors import NotAllowed, NotFound
from core.gateways.configuring import set_keys
from core.gateways.port import GatewayEvent
from core.settings import Settings
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, a_tenant
from tests.builders import a_user, acting


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"gateway_simulator": False})


@pytest.fixture
def boss(office: Office) -> Actor:
    return acting(office, a_user(office, "super_admin"))


def one_of(office: Office, tenant: Tenant, role: str = "org_user") -> Actor:
    return acting(office, a_user(office, role, tenant_id=tenant.id))


def keep(office: Office, boss: Actor, provider: str, tenant_id: int | None = None) -> None:
    secrets = {
        "paystack": {"secret_key": "sk_test_nothing"},
        "paypal": {"client_id": "someone", "secret": "nothing"},
    }
    with office.work(boss) as work:
        set_keys(work, provider, secrets[provider], "test", tenant_id=tenant_id, reason=WHY)


def test_without_keys_no_gateway_is_offered(office: Office) -> None:
    assert offered_gateways(office, one_of(office, a_tenant(office)), "USD") == []


def test_the_companys_keys_serve_everybody_and_own_ones_their_owner(
    office: Office, boss: Actor
) -> None:
    owner, other = a_tenant(office), a_tenant(office)
    keep(office, boss, "paystack")
    keep(office, boss, "paypal", owner.id)
    assert offered_gateways(office, one_of(office, owner), "USD") == ["paystack", "paypal"]
    assert offered_gateways(office, one_of(office, other), "USD") == ["paystack"]


def test_the_simulator_offers_all_of_them(office: Office) -> None:
    replaced = office.settings.model_copy(update={"gateway_simulator": True})
    simulating = Office(office.engine, office.clock, replaced)
    found = offered_gateways(simulating, one_of(office, a_tenant(office)), "USD")
    assert found == ["stripe", "paystack", "paypal"]


def test_a_gateway_is_offered_for_the_currencies_that_it_takes(office: Office) -> None:
    replaced = office.settings.model_copy(update={"gateway_simulator": True})
    simulating = Office(office.engine, office.clock, replaced)
    actor = one_of(office, a_tenant(office))
    assert offered_gateways(simulating, actor, "SEK") == ["stripe", "paypal"]
    assert offered_gateways(simulating, actor, "NGN") == ["stripe", "paystack"]


def test_the_platforms_people_recharge_no_wallet(office: Office, boss: Actor) -> None:
    with pytest.raises(NotAllowed, match="organisation's own users"):
        offered_gateways(office, boss, "USD")


def test_an_event_names_the_tenant_whose_account_sent_it(office: Office, boss: Actor) -> None:
    tenant = a_tenant(office)
    event = GatewayEvent("evt_1", "charge.success", office.clock.now(), {})
    with office.work(JOB) as work:
        kept = store_event(work, "paystack", event, b'{"a": 1}', tenant.id)
    with office.work(boss) as work:
        found = event_detail(work, kept.event_id)
        with pytest.raises(NotFound):
            event_detail(work, kept.event_id + 1)
    assert (found.tenant_name, found.body) == (tenant.name, '{"a": 1}')
    assert (found.row.kind, found.row.status) == ("charge.success", "waiting")
    with office.work(acting(office, a_user(office, "admin"))) as work, pytest.raises(NotAllowed):
        event_detail(work, kept.event_id)
