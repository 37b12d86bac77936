"""Sign-ups and the daily run of the subscriptions."""

from datetime import date
from random import Random

from stdnum import iban as iban_numbers

from core.access.actions import create_user
from core.money import round_half_up
from core.plans.queries import price_on
from core.subscriptions.actions import assign
from core.subscriptions.lifecycle import end_trial, lapse
from core.subscriptions.models import Subscription
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
        subscription.trial_ends_on,
    )
    world.customers[tenant.id] = customer
    world.by_subscription[subscription.id] = customer
    if world.shown is None and _worth_showing(profile):
        show(world, customer)
    if profile.converts:
        wallets.look_ahead(world, customer, subscription.current_period_end)


def _worth_showing(profile: Profile) -> bool:
    """Whether the tenant's own pages will have something of everything on them."""
    by_wallet = profile.collection == "wallet" and profile.provider == "stripe"
    return by_wallet and profile.converts and profile.cycle == "monthly" and profile.plan != "free"


def show(world: World, customer: Customer) -> None:
    """Give a customer the users of the demo."""
    world.shown = customer
    _add_tenant_users(world, customer.tenant_id)


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
    """Trials whose tenants do not want to pay, then the lifecycle run."""
    for customer in world.customers.values():
        if customer.state == "trial" and not customer.profile.converts:
            _leave_trial(world, customer)
    for change in run_lifecycle(world.desk.office).changes:
        assert change.outcome == "done", change
        world.invoiced = True
        _remember(world, change)


def give_up(world: World, behind: list[tuple[int, str, date]]) -> None:
    """End what was read-only or suspended for too long, unless it ends by itself.

    `behind` names subscriptions with their status and the day on which it began.
    """
    for number, status, since in behind:
        customer = world.by_subscription[number]
        days = (world.today - since).days
        if status in LAPSE_AFTER and days >= LAPSE_AFTER[status] and customer.state == "behind":
            world.desk.job("lifecycle", lambda work, one=number: lapse(work, one))  # type: ignore[misc]
            customer.state, customer.left_on = "gone", world.today


def _leave_trial(world: World, customer: Customer) -> None:
    """A tenant that does not convert falls to the free plan when its trial is over."""
    if customer.trial_ends_on is not None and customer.trial_ends_on <= world.today:
        number = customer.subscription_id
        world.desk.job("lifecycle", lambda work: end_trial(work, number, converts=False))
        customer.state, customer.plan = "free", "free"


def _remember(world: World, change: Change) -> None:
    customer = world.by_subscription[change.subscription_id]
    if change.step == "end":
        customer.state, customer.left_on = "gone", world.today
    elif change.step in ("end_trial", "resume"):
        customer.state = "paying"
    wallets.follow(world, customer, change)


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
