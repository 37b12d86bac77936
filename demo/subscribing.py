"""Sign-ups and the daily run of the subscriptions."""

from random import Random

from sqlalchemy import select
from stdnum import iban as iban_numbers

from core.access.actions import create_user
from core.access.authority import system
from core.money import round_half_up
from core.plans.queries import price_on
from core.subscriptions.actions import assign
from core.subscriptions.lifecycle import end_trial, lapse
from core.subscriptions.models import Subscription
from core.subscriptions.queries import behind_since
from core.subscriptions.run import Change, run_lifecycle
from core.tenants.actions import NewTenant, create_tenant
from core.work import Work
from demo import wallets
from demo.market import LANGUAGES, Profile
from demo.names import Names, address
from demo.people import PASSWORD, PEOPLE
from demo.world import Customer, World

LAPSE_AFTER = {"read_only": 16, "suspended": 31}
"""Days without full service before a subscription is given up."""


def sign_up(world: World, names: Names, profile: Profile) -> None:
    """A new tenant with its trial or its first paid period."""
    name = names.draw(profile.country)
    tax_id = f"{profile.country}{world.rng.randrange(10**9):09d}"
    new = NewTenant(
        name, profile.country, profile.currency, LANGUAGES[profile.country], address(name), tax_id
    )
    tenant = world.desk.job("sign-up", lambda work: create_tenant(work, new))
    if profile.collection == "wallet" and not profile.trial:
        wallets.fill(world, tenant.id, profile, profile.plan)
    subscription = subscribe(world, tenant.id, profile, trial=profile.trial)
    customer = Customer(
        tenant.id,
        name,
        profile,
        subscription.id,
        profile.plan,
        "trial" if profile.trial else "paying",
        bank_account(world.rng, profile.country),
    )
    world.customers[tenant.id] = customer
    world.by_subscription[subscription.id] = customer
    if profile.converts:
        wallets.look_ahead(world, customer, subscription.current_period_end)
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
    """Trials whose tenants do not want to pay, then the lifecycle run, then who is given up."""
    desk = world.desk
    if any(each.state == "trial" for each in world.customers.values()):
        with desk.office.work(system("lifecycle")) as work:
            over = _trials_over(work)
        for subscription_id in over:
            _leave_trial(world, subscription_id)
    for change in run_lifecycle(desk.office).changes:
        assert change.outcome == "done", change
        world.invoiced = True
        _remember(world, change)
    for subscription_id in _given_up(world):
        desk.job("lifecycle", lambda work, number=subscription_id: lapse(work, number))  # type: ignore[misc]
        customer = world.by_subscription[subscription_id]
        customer.state, customer.left_on = "gone", world.today


def _trials_over(work: Work) -> list[int]:
    found = select(Subscription.id).where(
        Subscription.status == "trial", Subscription.trial_ends_on <= work.today
    )
    return list(work.session.scalars(found.order_by(Subscription.id)))


def _leave_trial(world: World, subscription_id: int) -> None:
    """A tenant that does not convert falls to the free plan."""
    customer = world.by_subscription[subscription_id]
    if not customer.profile.converts:
        world.desk.job("lifecycle", lambda work: end_trial(work, subscription_id, converts=False))
        customer.state, customer.plan = "free", "free"


def _remember(world: World, change: Change) -> None:
    customer = world.by_subscription[change.subscription_id]
    if change.step == "end":
        customer.state, customer.left_on = "gone", world.today
    elif change.step in ("end_trial", "resume"):
        customer.state = "paying"
    wallets.follow(world, customer, change)


def _given_up(world: World) -> list[int]:
    """Read-only or suspended for too long, unless they end by themselves."""
    if not _anyone_behind(world):
        return []
    with world.desk.office.work(system("lifecycle")) as work:
        behind = behind_since(work)
    return [
        number
        for number, status, since in behind
        if status in LAPSE_AFTER
        and (world.today - since).days >= LAPSE_AFTER[status]
        and world.by_subscription[number].state == "behind"
    ]


def _anyone_behind(world: World) -> bool:
    return any(each.state == "behind" for each in world.customers.values())


def bank_account(rng: Random, country: str) -> str:
    """A bank account in the shape of the country; its check digits are right where it has them."""
    number = rng.randrange(10**11)
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
