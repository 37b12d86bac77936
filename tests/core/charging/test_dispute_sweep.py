"""The sweep asks the gateways for disputes of which no webhook told (PAY.8)."""

from typing import Any

import pytest

from core.charging import claims
from core.charging.claims import sweep_disputes
from core.charging.run import run_auto_charge
from core.gateways.models import GatewayCredentials
from core.gateways.port import Gateway
from core.gateways.registry import gateway_of
from core.settings import Settings
from tests.billing import JOB, a_tenant, wrong_books
from tests.core.charging.conftest import Shop


def test_the_sweep_finds_a_dispute_nobody_told_of(shop: Shop) -> None:
    shop.invoice()
    shop.secret_card("pm_card_createDispute")
    run_auto_charge(shop.office)
    assert [each.status for each in sweep_disputes(shop.office)] == ["needs_response"]


def test_the_sweep_finds_how_a_dispute_of_long_ago_ended(shop: Shop) -> None:
    shop.invoice()
    shop.secret_card("pm_card_createDispute")
    run_auto_charge(shop.office)
    assert [each.status for each in sweep_disputes(shop.office)] == ["needs_response"]
    shop.wait(days=60)
    gateway_of(shop.office.settings, "stripe", engine=shop.office.engine).probe()
    assert [each.status for each in sweep_disputes(shop.office)] == ["lost"]
    assert sweep_disputes(shop.office) == []
    assert wrong_books(shop.office) == []


def test_the_sweep_asks_the_account_of_each_tenant_with_keys_of_its_own(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int | None]] = []

    def gateway(settings: Settings, provider: str, **owner: Any) -> Gateway:
        asked.append((provider, owner["tenant_id"]))
        return gateway_of(settings, provider, engine=owner["engine"])

    monkeypatch.setattr(claims, "gateway_of", gateway)
    shop.invoice()
    shop.secret_card("pm_card_createDispute")
    run_auto_charge(shop.office)
    other = a_tenant(shop.office, "SE", "SEK")
    with shop.office.work(JOB) as work:
        kept = {"provider": "stripe", "mode": "test", "sealed": {}, "shown": {}}
        work.session.add(GatewayCredentials(tenant_id=other.id, updated_at=work.now, **kept))
    assert len(sweep_disputes(shop.office)) == 1
    assert asked == [("stripe", None), ("paystack", None), ("paypal", None), ("stripe", other.id)]
