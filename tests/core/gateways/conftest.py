"""The simulator on a database of its own, and the real library's client for it."""

from collections.abc import Callable, Iterator

import pytest
import stripe
from sqlalchemy import Connection, Engine

from core.db import app_engine
from core.gateways.simulator import faults
from core.gateways.simulator.app import set_clock
from core.gateways.simulator.in_process import ADDRESS, InProcess
from core.gateways.stripe_gateway import StripeGateway

NOW = 1_795_176_000
"""Noon of 20 November 2026, UTC."""
KEY = "sk_test_simulator"


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
        http_client=InProcess(engine),
        max_network_retries=retries,
    )


def a_gateway(engine: Engine) -> StripeGateway:
    """As a new process would make it."""
    return StripeGateway(KEY, address=ADDRESS, http_client=InProcess(engine))


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
