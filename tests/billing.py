"""Builders of tenants, plans, subscriptions and invoices through the actions of core."""

from datetime import date, timedelta
from decimal import Decimal

from sqlalchemy import select

from core.access.authority import system
from core.bank.rules import Statement, TransferLine
from core.bank.statements import import_statement
from core.charging.cards import keep_card
from core.clock import SetClock
from core.gateways.port import Card
from core.invoices.actions import DraftInvoice, create_draft, send_invoice
from core.invoices.models import Invoice
from core.invoices.rules import NewLine
from core.ledger.checks import check_books
from core.payments.actions import Charge, record_charges
from core.payments.models import Payment
from core.planning.actions import record_rates
from core.plans.actions import create_plan
from core.plans.defaults import default_plans
from core.plans.models import Plan
from core.subscriptions.actions import assign
from core.subscriptions.models import Subscription
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.models import Tenant
from core.work import Office
from tests.builders import a_user, acting

JOB = system("test")
WHY = "a reason long enough"


def the_plans(office: Office) -> dict[str, Plan]:
    """The default catalogue, entered by a super admin."""
    boss = acting(office, a_user(office, "super_admin"))
    plans = {}
    for new in default_plans():
        with office.work(boss) as work:
            plans[new.slug] = create_plan(work, new)
    return plans


def a_tenant(office: Office, country: str = "DE", currency: str = "EUR") -> Tenant:
    """A tenant of a country."""
    return named(office, "Rheinfeld GmbH", country, currency)


def named(office: Office, name: str, country: str = "DE", currency: str = "EUR") -> Tenant:
    """A tenant of a name."""
    with office.work(JOB) as work:
        return create_tenant(work, NewTenant(name, country, currency))


def a_subscription(
    office: Office,
    tenant: Tenant,
    plan: Plan,
    cycle: str = "monthly",
    *,
    trial_days: int = 0,
    collection: str = "charge_automatically",
) -> Subscription:
    """A subscription from the clock's day."""
    with office.work(JOB) as work:
        return assign(work, tenant.id, plan.id, cycle, collection=collection, trial_days=trial_days)


def an_invoice(office: Office, tenant: Tenant, net_minor: int = 10_000) -> Invoice:
    """An issued invoice of one line without service period."""
    with office.work(JOB) as work:
        draft = create_draft(work, tenant.id, DraftInvoice((NewLine("Work", net_minor),)))
    with office.work(JOB) as work:
        return send_invoice(work, draft.id)


def the_invoices(office: Office) -> list[Invoice]:
    """All invoices, in the order they were made."""
    with office.work(JOB) as work:
        return list(work.session.scalars(select(Invoice).order_by(Invoice.id)))


def a_card(office: Office, tenant_id: int, expires: tuple[int, int] = (12, 2030)) -> None:
    """A card of a tenant that is charged from now on, good to the end of (month, year)."""
    month, year = expires
    card = Card(f"pm_{tenant_id}_{month}_{year}", f"cus_{tenant_id}", "visa", "4242", month, year)
    with office.work(JOB) as work:
        keep_card(work, tenant_id, "stripe", card)


def a_charge(
    office: Office,
    invoice: Invoice,
    number: str = "ch_1",
    fee_minor: int = 175,
    provider: str = "stripe",
) -> Payment:
    """A captured card payment of an invoice in full."""
    charge = Charge(invoice.id, provider, number, invoice.total_minor, fee_minor)
    with office.work(JOB) as work:
        return record_charges(work, (charge,))[0]


def a_transfer(
    office: Office, amount_minor: int, reference: str = "", bank_ref: str = "B1"
) -> Statement:
    """A day's statement with one incoming transfer, imported."""
    line = TransferLine(bank_ref, amount_minor, reference, "", "RHEINFELD", "DE00")
    statement = Statement("DE89", f"S-{bank_ref}", "camt.053", "EUR", (line,), 0, amount_minor)
    with office.work(JOB) as work:
        import_statement(work, statement)
    return statement


def a_rate(office: Office, currency: str, rate: str, on: date) -> None:
    """A published exchange rate."""
    with office.work(JOB) as work:
        record_rates(work, on, {currency: Decimal(rate)})


def pass_days(clock: SetClock, days: int) -> None:
    """Let days go by."""
    clock.advance(timedelta(days=days))


def wrong_books(office: Office) -> list[str]:
    """The checks of the ledger that do not pass."""
    with office.work(JOB) as work:
        return [f"{c.name}: {c.differences}" for c in check_books(work) if not c.passed]
