"""What tenants use in the last months: weekly reports, and invoices for calls above plan."""

from datetime import timedelta
from decimal import Decimal

from core.access.authority import system
from core.plans.defaults import MONTHLY_UNITS
from core.usage.actions import create_meter, set_usage_price
from core.usage.counting import UsageEvent
from core.usage.ingesting import ingest
from core.usage.pricing import Pricing, Tier
from core.usage.running import run_usage_invoices
from core.work import Work
from demo.market import CURRENCIES
from demo.staff import PLANNER
from demo.world import Customer, World

MEASURED_DAYS = 75
"""Days before the end of the simulation from which usage is reported."""
CALLS = "api_calls"
INCLUDED = {"growth": 20_000, "pro": 100_000, "enterprise": 500_000}
"""Calls of a period that cost nothing more."""
SHARE = {"free": 30, "starter": 45, "growth": 55, "pro": 60, "enterprise": 60}
"""How much of its plan's shipments a tenant sends in a month, in percent."""
SHIPMENTS = {"free": 50, "starter": 500, "growth": 2_000, "pro": 10_000, "enterprise": 40_000}
USERS = {"free": 2, "starter": 5, "growth": 15, "pro": 50, "enterprise": 120}
BATCH = 1_000


def report(world: World) -> None:
    """Each Sunday of the measured months: what the week brought; every second one, invoices of
    the periods that ended.
    """
    begin = world.until - timedelta(days=MEASURED_DAYS)
    if world.today < begin or world.today.weekday() != 6:
        return
    if not world.measures_usage:
        world.measures_usage = True
        _price_calls(world)
    events = [event for customer in _using(world) for event in _week(world, customer)]
    office = world.desk.office
    for first in range(0, len(events), BATCH):
        with office.work(system("metering")) as work:
            ingest(work, events[first : first + BATCH])
    if world.today.isocalendar().week % 2 == 0:
        run = run_usage_invoices(office)
        assert run.refused == 0, run.changes
        world.invoiced = world.invoiced or run.invoiced > 0


def _using(world: World) -> list[Customer]:
    return [c for c in world.customers.values() if c.state in ("paying", "trial", "free", "behind")]


def _week(world: World, customer: Customer) -> list[UsageEvent]:
    plan, rng = customer.plan, world.rng
    week, now = f"{world.today:%G-%V}", world.desk.clock.now()
    shipments = SHIPMENTS[plan] * SHARE[plan] * rng.randint(60, 150) // 40_000
    amounts = {
        "max_shipments": shipments,
        "max_users": max(1, USERS[plan] * rng.randint(50, 100) // 100),
    }
    if plan in INCLUDED:
        amounts[CALLS] = INCLUDED[plan] * rng.randint(10, 42) // 100
    return [
        UsageEvent(
            customer.tenant_id,
            f"{meter}-{customer.tenant_id}-{week}",
            meter,
            now,
            Decimal(amount),
        )
        for meter, amount in amounts.items()
        if amount
    ]


def _price_calls(world: World) -> None:
    """Calls above what a plan includes: a fee for any, and the first hundred thousand dearer."""
    desk = world.desk
    desk.person(PLANNER, lambda work: create_meter(work, CALLS, "sum"))
    for plan, included in INCLUDED.items():
        for currency in sorted({code for codes in CURRENCIES.values() for code in codes}):
            per_euro = Decimal(MONTHLY_UNITS["starter"][currency]) / MONTHLY_UNITS["starter"]["EUR"]
            tiers = (
                Tier(
                    Decimal(100_000),
                    (per_euro * Decimal("0.04")).quantize(Decimal("0.0001")),
                    int(per_euro * 500),
                ),
                Tier(None, (per_euro * Decimal("0.02")).quantize(Decimal("0.0001"))),
            )
            pricing = Pricing("graduated", tiers, Decimal(included))

            def act(
                work: Work, plan: str = plan, currency: str = currency, price: Pricing = pricing
            ) -> None:
                set_usage_price(work, world.plans[plan].id, CALLS, currency, price)

            desk.person(PLANNER, act)
