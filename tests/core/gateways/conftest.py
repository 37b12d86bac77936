"""The simulator on a database of its own, and the real library's client for it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import httpx
import pytest
import stripe
from sqlalchemy import Connection, Engine

from core.db import app_engine
from core.gateways.simulator import faults
from core.gateways.simulator.app import Simulator
from core.gateways.simulator.control import set_clock
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.simulator.pages import pages_app
from core.gateways.stripe_gateway import StripeGateway
from tests.core.gateways.declared import undeclared

NOW = 1_795_176_000
"""Noon of 20 November 2026, UTC."""
KEY = "sk_test_simulator"
SECRET = "whsec_saldo"
DAY = 86_400


class Declared(InProcess):
    """Carries requests to the simulator, and lets no answer pass that the library does not know."""

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        answer = super().request(method, url, headers, post_data)
        assert undeclared(json.loads(answer[0])) == []
        return answer


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    made = app_engine(database_url, pool_size=10)
    with made.begin() as connection:
        set_clock(connection, NOW)
    yield made
    made.dispose()


@pytest.fixture
def client(engine: Engine) -> stripe.StripeClient:
    return a_client(engine)


@pytest.fixture
def gateway(engine: Engine) -> StripeGateway:
    return a_gateway(engine)


@pytest.fixture
def browser(engine: Engine) -> Iterator[httpx.Client]:
    """Somebody at the hosted pages, which are all that this address serves."""
    with httpx.Client(
        transport=httpx.WSGITransport(app=pages_app(engine)),
        base_url=ADDRESS,
        headers={"Sec-Fetch-Site": "same-origin"},
    ) as client:
        yield client


@pytest.fixture
def wire(engine: Engine) -> Iterator[httpx.Client]:
    """The wire itself, without the library."""
    with httpx.Client(
        transport=httpx.WSGITransport(app=Simulator(engine)),
        base_url="http://simulator.invalid",
        headers={"Authorization": f"Bearer {KEY}"},
    ) as client:
        yield client


@pytest.fixture
def change(engine: Engine) -> Callable[..., None]:
    """Calls a function on the simulator's database, as a test sets a clock or a fault."""

    def call(function: Callable[..., None], *given: object, **more: object) -> None:
        with engine.begin() as connection:
            function(connection, *given, **more)

    return call


def a_client(engine: Engine, retries: int = 0) -> stripe.StripeClient:
    return stripe.StripeClient(
        KEY,
        base_addresses={"api": ADDRESS},
        http_client=Declared(engine),
        max_network_retries=retries,
    )


def a_gateway(engine: Engine) -> StripeGateway:
    """As a new process would make it."""
    return StripeGateway(KEY, address=ADDRESS, http_client=Declared(engine), webhook_secret=SECRET)


def a_charge(
    client: stripe.StripeClient,
    amount: int = 10_000,
    card: str = "pm_card_visa",
    currency: str = "eur",
) -> stripe.Charge:
    """A paid charge."""
    intent = client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": currency,
            "confirm": True,
            "payment_method": card,
            "expand": ["latest_charge"],
        }
    )
    charge = intent.latest_charge
    assert isinstance(charge, stripe.Charge)
    return charge


def fault(connection: Connection, kind: faults.Kind, calls: int = 1, **more: object) -> None:
    faults.order(connection, kind, calls=calls, method="POST", **more)


def asked(wire: httpx.Client, path: str) -> dict[str, Any]:
    answer = wire.get(path)
    assert answer.status_code == 200
    return dict(answer.json())
