"""Builds the simulated company: two years of its life, day by day, through the real actions."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from random import Random
from typing import Any

import psycopg
from sqlalchemy import Engine, create_engine, event, text

from core.access.actions import create_user
from core.access.authority import system
from core.clock import SetClock
from core.db import APP_ROLE, platform_connection
from core.gateways.simulator.adopting import adopt
from core.gateways.simulator.sibling_adopting import adopt as adopt_siblings
from core.ledger.recognition import recognise_revenue
from core.money import round_half_up
from core.plans.actions import NewPrice, create_plan, set_price
from core.plans.defaults import MONTHLY_UNITS, cycle_price, default_plans
from core.work import Office, Work
from demo import cards, decisions, dunning, gateway_books, gateway_news, metering, processors
from demo.calendar import DAY, days, months_before
from demo.inbox import use_credit
from demo.kept_cards import leave_cards
from demo.market import CYCLES, Profile, sign_ups
from demo.names import Names
from demo.people import BOSS, PASSWORD, PEOPLE
from demo.staff import PLANNER, Desk
from demo.subscribing import daily_run, show, sign_up
from demo.transfers import Bank
from demo.treasury import Treasury
from demo.world import Bill, World

PRICE_RISE_MONTH = 12
RISEN = ("growth", "pro")
RISE_PERCENT = 108
COUNTED = (
    "tenant",
    "subscription",
    "subscription_cancellation",
    "plan_history",
    "invoice",
    "payment",
    "refund",
    "dispute",
    "bank_transfer",
    "gateway_ledger_entry",
    "ledger_transaction",
    "accounting_entry",
    "audit_event",
    "fx_rate",
    "cost",
    "cash_balance",
)
FEE_COLLECTED_AFTER = 4
"""Days from the issue of the fee invoices to their collection."""
PREPARED = 1_000
"""Statements kept prepared: integers of each width make another statement."""
Progress = Callable[[int, int], None]
"""Called with days lived and days in all."""


@dataclass(frozen=True)
class Summary:
    """What the simulated company holds."""

    started_on: date
    until: date
    counts: dict[str, int]
    unmatched_open: int


def build(
    office: Office,
    *,
    until: date,
    tenants: int = 300,
    months: int = 24,
    seed: int = 1,
    progress: Progress | None = None,
    beside: bool = False,
) -> Summary:
    """Live the company's months up to and including the day `until`; the same for a seed.

    The office's database is migrated and holds no tenants yet. The simulation uses a clock and a
    connection of its own; `beside` says that the server is a process of this machine.
    """
    assert tenants >= 1
    assert months >= 1
    usual = gc.get_threshold()
    with processors.on_one(beside) as processor:
        engine = _quick_engine(office.engine, processor)
        try:
            _collect_less_often()
            clock = SetClock(datetime.combine(until, datetime.min.time(), UTC))
            own = Office(engine, clock, office.settings)
            return _live(own, until, tenants, months, seed, progress)
        finally:
            gc.set_threshold(*usual)
            gc.unfreeze()
            engine.dispose()


def _live(
    office: Office, until: date, tenants: int, months: int, seed: int, progress: Progress | None
) -> Summary:
    rng = Random(seed)
    start = months_before(until, months)
    world = World(Desk(office, Random(seed + 1)), rng, start, until)
    _open_the_company(world)
    arriving: dict[date, list[Profile]] = {}
    for profile in sign_ups(rng, tenants, start, until):
        arriving.setdefault(profile.signs_up_on, []).append(profile)
    names, bank = Names(rng), Bank(world, tenants)
    treasury = Treasury(world, bank, tenants)
    whole = (until - start).days + 1
    for lived, day in enumerate(days(start, until), start=1):
        world.today = day
        _day(world, bank, treasury, names, arriving.get(day, []))
        if progress is not None:
            progress(lived, whole)
    if world.shown is None:
        known = list(world.customers.values())
        paying = [each for each in known if each.state == "paying" and each.plan != "free"]
        show(world, (paying or known)[0])
    # The gateway's own books of the company's past, so that its payments can be refunded.
    with platform_connection(office.engine) as connection:
        adopt(connection)
        adopt_siblings(connection)
    leave_cards(world, office.engine)
    gateway_books.keep(world, office.engine)
    gateway_news.arrive(world, office.engine)
    return summary(office, start, until)


def _day(
    world: World, bank: Bank, treasury: Treasury, names: Names, profiles: list[Profile]
) -> None:
    desk, day = world.desk, world.today
    desk.open_at(day, 1)
    daily_run(world)
    dunning.sweep(world)
    if day.day == 1 and day > world.start:
        month = months_before(day, 1)
        desk.job("recognition", lambda work: recognise_revenue(work, month))
    decisions.platform_fees(world)
    desk.open_at(day, 6)
    _new_bills(world, bank)
    for job in world.jobs_today():
        job()
    cards.record(world)
    bank.day()
    cards.payouts(world)
    desk.open_at(day, 9, 30)
    for errand in world.errands_today():
        errand()
    if day == months_before(world.start, -PRICE_RISE_MONTH):
        _raise_prices(world)
    decisions.decide(world)
    metering.report(world)
    for profile in profiles:
        sign_up(world, names, profile)
    desk.open_at(day, 16, 15)
    world.rates.publish(desk, day, world.month)
    desk.open_at(day, 22)
    treasury.day()


def summary(office: Office, started_on: date, until: date) -> Summary:
    """Rows by table, and the transfers still waiting in the inbox."""
    with office.work(system("demo")) as work:
        counts = {
            table: work.session.scalar(text(f"select count(*) from {table}")) or 0
            for table in COUNTED
        }
        waiting = work.session.scalar(
            text("select count(*) from unmatched_bank_transfer where status = 'open'")
        )
    return Summary(started_on, until, counts, waiting or 0)


def _collect_less_often() -> None:
    """Spare the collector what the imports left, and most of its rounds: a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _quick_engine(given: Engine, processor: int | None = None) -> Engine:
    """The same database over one connection that does not wait for the disk at each commit."""
    engine = create_engine(
        given.url, pool_size=1, max_overflow=0, pool_reset_on_return=None, query_cache_size=2_000
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: psycopg.Connection[Any], _record: object) -> None:
        connection.prepare_threshold, connection.prepared_max = 2, PREPARED
        connection.execute(f"set role {APP_ROLE}")
        connection.execute("set timezone = 'UTC'")
        connection.execute("set synchronous_commit = off")
        connection.commit()
        processors.keep_on(connection.info.backend_pid, processor)

    return engine


def _open_the_company(world: World) -> None:
    """Users, plans, the first rates; on the evening before the first day."""
    desk = world.desk
    desk.open_at(world.start - DAY, 8)
    for person in PEOPLE:
        if not person.of_tenant:
            desk.job(
                "setup",
                lambda work, who=person: create_user(  # type: ignore[misc]
                    work, who.email, who.name, PASSWORD, who.roles, reason="first users"
                ),
            )
    for plan in default_plans():
        world.plans[plan.slug] = desk.person(BOSS, lambda work, new=plan: create_plan(work, new))  # type: ignore[misc]
    day = world.start - DAY
    while not world.rates.publish(desk, day, 0):
        day -= DAY


def _new_bills(world: World, bank: Bank) -> None:
    if not world.invoiced:
        return
    for bill in world.desk.job("bills", world.new_bills):
        customer = world.customers[bill.tenant_id]
        if customer.credits:
            world.errand(world.today, lambda one=bill: use_credit(world, one))  # type: ignore[misc]
        if customer.profile.collection == "send_invoice":
            bank.expect(bill, customer)
        else:
            _charge_soon(world, bill)
        decisions.watch_bad_debt(world, bill)


def _charge_soon(world: World, bill: Bill) -> None:
    """Subscriptions are charged at once, platform fees some days later."""
    wait = 0 if bill.subscription_id is not None else FEE_COLLECTED_AFTER
    world.later(world.today + wait * DAY, lambda: cards.charge(world, bill))


def _raise_prices(world: World) -> None:
    """The middle plans cost more from today; running periods keep their price."""
    for slug in RISEN:
        for currency, units in MONTHLY_UNITS[slug].items():
            for cycle in CYCLES:
                amount = round_half_up(cycle_price(units, cycle) * RISE_PERCENT, 100)
                price = NewPrice(cycle, currency, amount)

                def act(work: Work, slug: str = slug, price: NewPrice = price) -> None:
                    set_price(work, world.plans[slug].id, price)

                world.desk.person(PLANNER, act)
