"""Tenants who pay ahead: recharges in time, late, or not at all until they notice."""

from datetime import date, timedelta

from sqlalchemy import select

from core.invoices.rules import tax_of
from core.money import round_half_up
from core.plans.queries import price_on
from core.subscriptions.run import Change
from core.wallets.actions import credit_wallet, recharge_wallet
from core.wallets.models import Wallet
from core.work import Work
from demo.cards import FEE_BP, FEE_FIXED
from demo.market import Profile
from demo.people import BOSS
from demo.world import Customer, World

GIFT_PER_MILLE = 4
LATE_PER_MILLE, FORGETFUL_PER_MILLE = 90, 35


def fill(world: World, tenant_id: int, profile: Profile, plan: str, periods: int = 1) -> None:
    """Recharge so that some periods of a plan can be paid, in round hundreds."""
    amount = -(-_price(world, profile, plan) * periods // 10_000) * 10_000 + 10_000
    recharge(world, tenant_id, profile, amount)


def _price(world: World, profile: Profile, plan: str) -> int:
    """A period of a plan with tax, in minor units."""

    def listed(work: Work) -> int:
        price = price_on(work, world.plans[plan].id, profile.cycle, profile.currency, work.today)
        return round_half_up(price.amount_minor * (100 + int(tax_of(profile.country).percent)), 100)

    return world.desk.job("prices", listed)


def recharge(world: World, tenant_id: int, profile: Profile, amount: int) -> None:
    """A recharge at the tenant's gateway, with its fee."""
    fee = round_half_up(amount * FEE_BP[profile.provider], 10_000) + FEE_FIXED[profile.currency]
    stamp = int(world.desk.clock.now().timestamp())
    reference = f"saas_recharge_{tenant_id}_{stamp}_{world.rng.randrange(16**8):08x}"
    world.desk.job(
        "gateways",
        lambda work: recharge_wallet(
            work,
            tenant_id,
            amount,
            profile.currency,
            reference,
            gateway=profile.provider,
            fee_minor=min(fee, amount),
        ),
    )
    world.will_pay_out(profile.provider, profile.currency)


def look_ahead(world: World, customer: Customer, period_end: date | None) -> None:
    """Plan the next recharge: days before the period ends, some days late, or weeks late."""
    if customer.profile.collection != "wallet" or period_end is None:
        return
    days = -world.rng.randint(1, 6)
    if customer is world.shown:
        pass
    elif world.chance(FORGETFUL_PER_MILLE):
        days = world.rng.randint(12, 40)
    elif world.chance(LATE_PER_MILLE):
        days = world.rng.randint(1, 6)
    day = max(period_end + timedelta(days=days), world.today + timedelta(days=1))
    world.errand(day, lambda: _recharge_for_next(world, customer))
    if world.chance(GIFT_PER_MILLE * 10):
        world.errand(world.today + timedelta(days=2), lambda: _gift(world, customer))


def follow(world: World, customer: Customer, change: Change) -> None:
    """What a step of the daily run means to a tenant who pays ahead."""
    if customer.profile.collection != "wallet":
        return
    if change.step in ("renew", "end_trial", "resume"):
        customer.state = "paying"
        look_ahead(world, customer, change.period_end)
    elif change.step in ("grace", "read_only"):
        customer.state = "behind"


def _recharge_for_next(world: World, customer: Customer) -> None:
    if customer is world.shown and _enough(world, customer):
        return
    if customer.state not in ("gone", "free"):
        periods = world.rng.choice((1, 1, 2, 3))
        fill(world, customer.tenant_id, customer.profile, customer.plan, periods)


def _enough(world: World, customer: Customer) -> bool:
    held = select(Wallet.balance_minor).where(Wallet.tenant_id == customer.tenant_id)
    balance = world.desk.job("wallets", lambda work: work.session.scalar(held)) or 0
    return balance >= _price(world, customer.profile, customer.plan)


def _gift(world: World, customer: Customer) -> None:
    """An administrator gives promotional credit for a bad week."""
    amount = world.rng.choice((5_000, 10_000, 20_000))
    world.desk.person(
        BOSS,
        lambda work: credit_wallet(
            work,
            customer.tenant_id,
            amount,
            customer.profile.currency,
            promotional=True,
            reason="Courtesy credit for two days of slow service",
        ),
    )
