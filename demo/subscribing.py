"""Sign-ups and the daily run of the subscriptions."""

from stdnum import iban as iban_numbers

from core.access.actions import create_user
from core.access.authority import system
from core.money import round_half_up
from core.plans.queries import price_on
from core.subscriptions.actions import assign
from core.subscriptions.lifecycle import (
    end_period,
    end_trial,
    lapse,
    renew,
    resume,
    set_status,
)
from core.subscriptions.models import Subscription
from core.subscriptions.queries import Due, behind_since, due
from core.tenants.actions import NewTenant, create_tenant
from core.work import Work
from demo.market import LANGUAGES, Profile
from demo.names import Names, address
from demo.people import PASSWORD, PEOPLE
from demo.world import Customer, World

GRACE_AFTER = 7
LAPSE_AFTER = 16
"""Days past due before the grace period, and days read-only before the end."""


def sign_up(world: World, names: Names, profile: Profile) -> None:
    """A new tenant with its trial or its first paid period."""
    name = names.draw(profile.country)
    tax_id = f"{profile.country}{world.rng.randrange(10**9):09d}"
    new = NewTenant(
        name, profile.country, profile.currency, LANGUAGES[profile.country], address(name), tax_id
    )
    tenant = world.desk.job("sign-up", lambda work: create_tenant(work, new))
    subscription = subscribe(world, tenant.id, profile, trial=profile.trial)
    customer = Customer(
        tenant.id,
        name,
        profile,
        subscription.id,
        profile.plan,
        "trial" if profile.trial else "paying",
        _account(world, profile.country),
    )
    world.customers[tenant.id] = customer
    world.by_subscription[subscription.id] = customer
    if len(world.customers) == 1:
        _add_tenant_users(world, tenant.id)


def subscribe(world: World, tenant_id: int, profile: Profile, *, trial: bool) -> Subscription:
    """Assign the plan a profile wants."""
    plan = world.plans[profile.plan]

    def act(work: Work) -> Subscription:
        amount = None
        if profile.discount_percent:
            listed = price_on(work, plan.id, profile.cycle, profile.currency, work.today)
            amount = discounted(listed.amount_minor, profile.discount_percent)
        return assign(
            work,
            tenant_id,
            plan.id,
            profile.cycle,
            collection=profile.collection,
            trial_days=work.settings.trial_days if trial else 0,
            amount_minor=amount,
        )

    world.invoiced = True
    return world.desk.job("sign-up", act)


def discounted(amount_minor: int, percent: int) -> int:
    """A list price less a negotiated discount."""
    return round_half_up(amount_minor * (100 - percent), 100)


def daily_run(world: World) -> None:
    """Everything that is due: trials, ends, resumptions, renewals; then who fell behind."""
    with world.desk.office.work(system("lifecycle")) as work:
        tasks = due(work, world.today)
        behind = behind_since(work) if _anyone_behind(world) else []
    for task in tasks:
        _carry_out(world, task)
    for subscription_id, status, since in behind:
        _move_down(world, subscription_id, status, (world.today - since).days)


def _carry_out(world: World, task: Due) -> None:
    customer, desk = world.customers[task.tenant_id], world.desk
    world.invoiced = True
    number = task.subscription_id
    if task.task == "end":
        desk.job("lifecycle", lambda work: end_period(work, number))
        customer.state, customer.left_on = "gone", world.today
    elif task.task == "end_trial":
        converts = customer.profile.converts
        desk.job("lifecycle", lambda work: end_trial(work, number, converts=converts))
        customer.state = "paying" if converts else "free"
        customer.plan = customer.plan if converts else "free"
    else:
        if task.task == "resume":
            desk.job("lifecycle", lambda work: resume(work, number))
            customer.state = "paying"
        desk.job("lifecycle", lambda work: renew(work, number))


def _move_down(world: World, subscription_id: int, status: str, days: int) -> None:
    desk, customer = world.desk, world.by_subscription[subscription_id]
    grace_days = desk.office.settings.grace_period_days
    if status == "past_due" and days >= GRACE_AFTER:
        desk.job(
            "lifecycle",
            lambda work: set_status(
                work, subscription_id, "grace_period", why=f"unpaid for {days} days"
            ),
        )
    elif status == "grace_period" and days >= grace_days:
        desk.job(
            "lifecycle",
            lambda work: set_status(
                work, subscription_id, "read_only", why="the grace period ended"
            ),
        )
    elif status == "read_only" and days >= LAPSE_AFTER:
        desk.job("lifecycle", lambda work: lapse(work, subscription_id))
        customer.state, customer.left_on = "gone", world.today


def _anyone_behind(world: World) -> bool:
    return any(each.state == "behind" for each in world.customers.values())


def _account(world: World, country: str) -> str:
    """A bank account in the shape of the country; its check digits are right where it has them."""
    number = world.rng.randrange(10**11)
    if country in ("US", "NG"):
        return f"{number:011d}"
    body = {
        "SE": f"5000{number:016d}",
        "DE": f"50010517{number % 10**10:010d}",
        "NO": f"{number:011d}",
        "FR": f"3000600001{number:011d}89",
    }[country]
    return country + iban_numbers.calc_check_digits(f"{country}00{body}") + body


def _add_tenant_users(world: World, tenant_id: int) -> None:
    for person in PEOPLE:
        if person.of_tenant:
            world.desk.job(
                "setup",
                lambda work, who=person: create_user(  # type: ignore[misc]
                    work,
                    who.email,
                    who.name,
                    PASSWORD,
                    who.roles,
                    tenant_id=tenant_id,
                    reason="first users of the tenant",
                ),
            )
