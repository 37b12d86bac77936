"""Who serves a provider: a real key first, the simulator only where it was put to work."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from core.gateways.by_hand import ByHand
from core.gateways.port import (
    ChargeOrder,
    CredentialsMissing,
    Gateway,
    GatewayRefused,
    RefundOrder,
)
from core.gateways.registry import BY_HAND, deliver_simulated, gateway_of
from core.gateways.simulator import paystack_money
from core.gateways.simulator.adopting import adopt
from core.gateways.simulator.sibling import store_of
from core.payments.models import PROVIDERS
from core.settings import Settings

NOWHERE = "http://127.0.0.1:9"


def given(home: Path, **named: Any) -> Settings:
    return Settings(_env_file=None, SALDO_HOME=home, **named)


def address_of(gateway: Gateway) -> str:
    return str(gateway._client._requestor.base_addresses["api"])  # type: ignore[attr-defined]


def test_a_real_company_without_a_key_is_told_so(settings: Settings, engine: Engine) -> None:
    with pytest.raises(CredentialsMissing, match="STRIPE_SECRET"):
        gateway_of(settings, "stripe", engine=engine)


def test_where_past_payments_were_adopted_the_simulator_serves(
    settings: Settings, engine: Engine
) -> None:
    with engine.begin() as connection:
        adopt(connection)
    assert "acct_simulator" in gateway_of(settings, "stripe", engine=engine).probe()
    with pytest.raises(CredentialsMissing):
        gateway_of(settings, "stripe")


def test_the_simulator_is_switched_on_and_off_by_hand(tmp_path: Path, engine: Engine) -> None:
    on = given(tmp_path, SALDO_GATEWAY_SIMULATOR="true")
    assert "acct_simulator" in gateway_of(on, "stripe", engine=engine).probe()
    with engine.begin() as connection:
        adopt(connection)
    off = given(tmp_path, SALDO_GATEWAY_SIMULATOR="false")
    with pytest.raises(CredentialsMissing):
        gateway_of(off, "stripe", engine=engine)


@pytest.mark.parametrize("name", ["STRIPE_SECRET", "STRIPE_API_KEY"])
def test_a_real_key_always_wins(tmp_path: Path, engine: Engine, name: str) -> None:
    keyed = given(
        tmp_path,
        **{name: "sk_live_real"},
        SALDO_GATEWAY_SIMULATOR="true",
        SALDO_STRIPE_ADDRESS=NOWHERE,
    )
    assert address_of(gateway_of(keyed, "stripe", engine=engine)) == NOWHERE
    plain = given(tmp_path, **{name: "sk_live_real"})
    assert address_of(gateway_of(plain, "stripe")) == "https://api.stripe.com"


@pytest.mark.parametrize(
    "address", ["http://gateway.example", "gateway.example", "ftp://127.0.0.9"]
)
def test_a_key_is_not_sent_in_the_open(tmp_path: Path, address: str) -> None:
    keyed = given(tmp_path, STRIPE_SECRET="sk_live_real", SALDO_STRIPE_ADDRESS=address)
    with pytest.raises(CredentialsMissing, match="https"):
        gateway_of(keyed, "stripe")


def test_an_empty_key_is_no_key(tmp_path: Path, engine: Engine) -> None:
    blank = given(tmp_path, STRIPE_SECRET="", STRIPE_API_KEY="")
    with pytest.raises(CredentialsMissing):
        gateway_of(blank, "stripe", engine=engine)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_every_provider_has_a_gateway_or_a_reason_why_not(
    settings: Settings, provider: str
) -> None:
    if provider in BY_HAND:
        assert isinstance(gateway_of(settings, provider), ByHand)
    else:
        expected = (
            CredentialsMissing if provider in ("stripe", "paystack", "paypal") else GatewayRefused
        )
        with pytest.raises(expected):
            gateway_of(settings, provider)


def test_a_person_pays_back_and_nobody_is_charged() -> None:
    order = RefundOrder("refund-42", "bt_1", 500, "SEK")
    answer = ByHand().refund(order)
    assert (answer.status, answer.provider_refund_id) == ("succeeded", "manual-refund-42")
    assert ByHand().find_refund(order) == answer
    with pytest.raises(GatewayRefused):
        ByHand().charge(ChargeOrder("payment-1", "cus_1", "pm_1", 500, "SEK", "Invoice"))
    assert "by hand" in ByHand().probe()


def test_the_simulators_events_are_sent_until_they_are_answered(
    tmp_path: Path, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, bytes]] = []
    answers = [503, 200]

    def post(url: str, *, content: bytes, **_more: Any) -> httpx.Response:
        sent.append((url, content))
        return httpx.Response(answers.pop(0))

    monkeypatch.setattr(httpx, "post", post)
    on = given(tmp_path, SALDO_GATEWAY_SIMULATOR="true", SALDO_PUBLIC_URL="http://127.0.0.1:9")
    with engine.begin() as connection:
        paystack_money.tell(store_of(connection, "paystack"), "charge.success", {"id": 1})
    now = datetime(2026, 11, 20, tzinfo=UTC)
    assert [deliver_simulated(on, engine, now) for _ in range(3)] == [1, 1, 0]
    assert sent[0] == sent[1]
    assert sent[0][0] == "http://127.0.0.1:9/my-billing/webhook/paystack"
