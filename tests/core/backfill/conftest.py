"""A Stripe account in the simulator, read over the real library."""

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import Engine

from bench._stripe_company import Company, a_company, put
from core.db import app_engine
from core.gateways.stripe_history import StripeHistory
from tests.core.backfill.bringing import Account, history_at

TODAY = date(2026, 11, 20)


@pytest.fixture
def simulator(database_url: str) -> Iterator[Engine]:
    made = app_engine(database_url, pool_size=4)
    yield made
    made.dispose()


@pytest.fixture
def account(simulator: Engine) -> Account:
    """Puts a company into the simulator; gives the history of its account."""

    def put_there(company: Company) -> StripeHistory:
        with simulator.begin() as connection:
            put(connection, company)
        return history_at(simulator)

    return put_there


@pytest.fixture
def company() -> Company:
    """Twelve customers over ten months."""
    return a_company(12, 10, TODAY)
