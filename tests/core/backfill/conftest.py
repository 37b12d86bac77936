"""A Stripe account in the simulator, read over the real library, every answer checked."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
from sqlalchemy import Engine

from bench.stripe_company import Company, a_company, put
from core.db import app_engine
from core.gateways.simulator.in_process import ADDRESS
from core.gateways.stripe_history import StripeHistory
from tests.core.gateways.conftest import KEY, Declared

TODAY = date(2026, 11, 20)


@pytest.fixture
def simulator(database_url: str) -> Iterator[Engine]:
    made = app_engine(database_url, pool_size=4)
    yield made
    made.dispose()


@pytest.fixture
def account(simulator: Engine) -> Callable[[Company], StripeHistory]:
    """Puts a company into the simulator; the history is Stripe's own way to it."""

    def put_there(company: Company) -> StripeHistory:
        with simulator.begin() as connection:
            put(connection, company)
        history = StripeHistory(KEY, address=ADDRESS, http_client=Declared(simulator))
        history.sleep = lambda _seconds: None
        return history

    return put_there


@pytest.fixture
def company() -> Company:
    """Twelve customers over ten months."""
    return a_company(12, 10, TODAY)
