"""A small company with something of everything that addresses and pages ask about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from core.clock import SetClock
from core.credit_notes.actions import create_credit_note
from core.db import app_engine
from core.dunning.run import run_dunning
from core.settings import Settings
from core.work import Office
from tests.billing import (
    a_card,
    a_charge,
    a_subscription,
    a_tenant,
    an_invoice,
    the_plans,
)
from tests.builders import a_user, acting
from tests.conftest import NOON
from tests.databases import copy_of
from tests.inbox import waiting
from tests.journeys.company import small_company
from tests.wallets import a_promotion, a_recharge

LATER = timedelta(days=40)
"""Open invoices are overdue then."""
ONE = {
    "rows": {"figure": "mrr"},
    "invoice": {"invoice": "1"},
    "payment": {"payment": "1"},
    "credit-note": {"note": "1"},
    "subscription": {"subscription": "1"},
    "tenant": {"tenant": "1"},
    "usage": {"tenant": "1"},
}
"""What the address of a page about one record says."""


@contextmanager
def opened(server: str, template: str, home: Path) -> Iterator[Office]:
    """The office of such a company, on a database of its own and with a published copy."""
    settings = Settings(_env_file=None, SALDO_HOME=home, SALDO_GATEWAY_SIMULATOR=True)
    small_company(tenants=3).published(settings)
    with copy_of(server, template) as url:
        engine = app_engine(url)
        office = Office(engine, SetClock(NOON), settings)
        fill(office)
        yield office
        engine.dispose()


def fill(office: Office) -> None:
    """Three tenants, each with a subscription, invoices, a payment, a wallet, a stray transfer."""
    plan = the_plans(office)["growth"]
    for number, currency in enumerate(("EUR", "EUR", "SEK")):
        tenant = a_tenant(office, "SE", currency)
        a_card(office, tenant.id)
        a_subscription(office, tenant, plan, collection="send_invoice", trial_days=14 * number)
        a_charge(office, an_invoice(office, tenant), f"ch_{number}")
        a_recharge(office, tenant, 50_000, f"R-{number}")
        a_promotion(office, tenant, 1_000)
        waiting(office, 10_000, f"Payer {number}", bank_ref=f"W{number}")
        invoice = an_invoice(office, tenant)
        with office.work(acting(office, a_user(office, "billing"))) as work:
            create_credit_note(work, invoice.id, amount_minor=1_000)
    office.clock.advance(LATER)  # type: ignore[attr-defined]
    run_dunning(office)
