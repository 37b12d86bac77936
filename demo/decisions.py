"""What customers decide, and what the company's people then do: upgrades, pauses, cancellations."""

from dataclasses import replace
from datetime import timedelta

from core.invoices.actions import Fee, issue_platform_fees, write_off
from core.money import round_half_up
from core.plans.defaults import MONTHLY_UNITS, cycle_price
from core.plans.queries import price_on
from core.subscriptions.actions import cancel, change_plan, extend_trial
from core.subscriptions.items import add_item
from core.subscriptions.pausing import pause
from core.work import Work
from demo import wallets
from demo.calendar import is_banking_day, months_before
from demo.market import (
    BAD_QUARTER,
    BAD_QUARTER_REASONS,
    REASONS,
    WORDS,
    churn_per_mille,
    pick,
)
from demo.staff import FINANCE
from demo.subscribing import discounted, subscribe
from demo.world import Bill, Customer, World

LADDER = ("free", "starter", "growth", "pro", "enterprise")
OFFICE_DAYS = 21
"""Banking days of a month, by which monthly chances are divided."""
UPGRADE, DOWNGRADE, PAUSE, FREE_UPGRADE, RETURN = 36, 7, 5, 26, 30
"""Chances within a month, in thousandths."""
RAREST = 400
"""Above the sum of all chances of a day nothing is decided."""
FEE_BP = {"growth": 80, "pro": 60, "enterprise": 40}
"""The platform's share of what a tenant sells through it."""
BAD_DEBT_AFTER = 75


def decide(world: World) -> None:
    """Go through the customers on a banking day."""
    if not is_banking_day(world.today):
        return
    for customer in list(world.customers.values()):
        if customer is world.shown:
            continue
        if customer.changed_on is None or (world.today - customer.changed_on).days > 20:
            _decide(world, customer)


def _decide(world: World, customer: Customer) -> None:
    state, roll = customer.state, int(world.rng.random() * 1000 * OFFICE_DAYS)
    if roll > RAREST:
        return
    if state == "paying":
        churn = churn_per_mille(customer.plan, world.month)
        bounds = [churn, UPGRADE, DOWNGRADE, PAUSE]
        acts = [_leave, _upgrade, _downgrade, _pause]
    elif state == "free":
        bounds, acts = [churn_per_mille("free", world.month), FREE_UPGRADE], [_leave, _upgrade]
    elif state == "trial" and not customer.profile.converts:
        bounds, acts = [220, 120], [_leave, _more_trial]
    elif state == "gone" and customer.left_on and (world.today - customer.left_on).days < 200:
        bounds, acts = [RETURN], [_return]
    else:
        return
    for bound, act in zip(bounds, acts, strict=True):
        if roll < bound:
            customer.changed_on = world.today
            act(world, customer)
            return
        roll -= bound


def _leave(world: World, customer: Customer) -> None:
    bad = world.month in BAD_QUARTER
    code = pick(world.rng, BAD_QUARTER_REASONS if bad else REASONS)
    later = customer.state == "paying" and world.chance(740)
    mode = "period_end" if later else "now"
    world.desk.person(
        FINANCE,
        lambda work: cancel(work, customer.subscription_id, code, mode=mode, reason=WORDS[code]),
    )
    if later:
        customer.state = "ending"
    else:
        customer.state, customer.left_on = "gone", world.today


def _upgrade(world: World, customer: Customer) -> None:
    if world.open_bills(customer.tenant_id):
        return
    place = LADDER.index(customer.plan)
    if customer.plan == "enterprise":
        _more_seats(world, customer)
        return
    if customer.plan in ("growth", "pro") and world.chance(300):
        _add_branch(world, customer)
        return
    step = 2 if customer.plan == "free" and world.chance(300) else 1
    plan = LADDER[place + step]
    reason = f"The customer asked for {plan} by mail, more room needed"
    _change(world, customer, plan, reason)
    customer.state = "paying"


def _more_seats(world: World, customer: Customer) -> None:
    percent = world.rng.choice((108, 112, 120))

    def act(work: Work) -> None:
        from_plan = world.plans["enterprise"]
        listed = price_on(
            work, from_plan.id, customer.profile.cycle, customer.profile.currency, work.today
        )
        change_plan(
            work,
            customer.subscription_id,
            from_plan.id,
            amount_minor=round_half_up(listed.amount_minor * percent, 100),
            reason="More volume agreed with the account manager",
        )

    if not customer.profile.discount_percent:
        _pay_ahead(world, customer, "enterprise")
        world.desk.person(FINANCE, act)
        world.invoiced = True
        customer.profile = replace(customer.profile, discount_percent=100 - percent)


def _downgrade(world: World, customer: Customer) -> None:
    place = LADDER.index(customer.plan)
    if place > 1 and customer.profile.discount_percent >= 0:
        reason = "The customer needs less and asked for the smaller plan"
        _change(world, customer, LADDER[place - 1], reason, at_renewal=not world.chance(350))


def _change(
    world: World, customer: Customer, plan: str, reason: str, *, at_renewal: bool = False
) -> None:
    profile = customer.profile

    def act(work: Work) -> None:
        amount = None
        if profile.discount_percent:
            listed = price_on(
                work, world.plans[plan].id, profile.cycle, profile.currency, work.today
            )
            amount = discounted(listed.amount_minor, profile.discount_percent)
        change_plan(
            work,
            customer.subscription_id,
            world.plans[plan].id,
            amount_minor=amount,
            at_renewal=at_renewal,
            reason=reason,
        )

    if not at_renewal:
        _pay_ahead(world, customer, plan)
    world.desk.person(FINANCE, act)
    customer.plan, world.invoiced = plan, True


def _pay_ahead(world: World, customer: Customer, plan: str) -> None:
    if customer.profile.collection == "wallet" and plan != "free":
        wallets.fill(world, customer.tenant_id, customer.profile, plan)


def _add_branch(world: World, customer: Customer) -> None:
    """An extra branch on top of the plan."""
    _pay_ahead(world, customer, customer.plan)
    units = MONTHLY_UNITS["starter"][customer.profile.currency]
    price = round_half_up(cycle_price(units, customer.profile.cycle) * 60, 100)
    world.desk.person(
        FINANCE,
        lambda work: add_item(
            work,
            customer.subscription_id,
            "Extra branch",
            price,
            world.rng.randint(1, 3),
            reason="The customer opened a branch and asked for it",
        ),
    )
    world.invoiced = True


def _pause(world: World, customer: Customer) -> None:
    until = world.today + timedelta(days=world.rng.randint(28, 75))
    world.desk.person(
        FINANCE,
        lambda work: pause(
            work, customer.subscription_id, until, reason="Seasonal business, agreed pause"
        ),
    )
    customer.state = "paused"


def _more_trial(world: World, customer: Customer) -> None:
    days = world.rng.choice((7, 10, 14))
    subscription = world.desk.person(
        FINANCE,
        lambda work: extend_trial(
            work, customer.subscription_id, days, reason="More time asked to test the import"
        ),
    )
    customer.trial_ends_on = subscription.trial_ends_on


def _return(world: World, customer: Customer) -> None:
    if world.open_bills(customer.tenant_id):
        return
    plan = customer.plan if customer.plan != "free" else "starter"
    customer.plan = plan
    customer.profile = replace(customer.profile, plan=plan, discount_percent=0)
    _pay_ahead(world, customer, plan)
    subscription = subscribe(world, customer.tenant_id, customer.profile, trial=False)
    customer.subscription_id, customer.state, customer.left_on = subscription.id, "paying", None
    world.by_subscription[subscription.id] = customer


def platform_fees(world: World) -> None:
    """On the first of a month: a share of what tenants on growth and above sold in the last one."""
    if world.today.day != 1:
        return
    fees = []
    for customer in world.customers.values():
        share = FEE_BP.get(customer.plan)
        if share is None or customer.state not in ("paying", "behind", "ending"):
            continue
        rated = world.rates.from_eur(customer.profile.sales_units * 100, customer.profile.currency)
        sales = rated * world.rng.randint(70, 140) // 100
        fees.append(Fee(customer.tenant_id, sales, round_half_up(sales * share, 10_000)))
    if fees:
        world.invoiced = True
        month = months_before(world.today, 1)
        world.desk.job("fees", lambda work: issue_platform_fees(work, month, tuple(fees)))


def watch_bad_debt(world: World, bill: Bill) -> None:
    """Finance gives a bill up long after its due date, and ends what is still running."""
    world.errand(
        bill.due_on + timedelta(days=BAD_DEBT_AFTER + world.rng.randrange(10)),
        lambda: _give_up(world, bill),
    )


def _give_up(world: World, bill: Bill) -> None:
    if not world.open_minor.get(bill.invoice_id):
        return
    customer = world.customers[bill.tenant_id]
    world.desk.person(
        FINANCE,
        lambda work: write_off(
            work, bill.invoice_id, reason="No payment after three reminders and a collection letter"
        ),
    )
    world.open_minor.pop(bill.invoice_id)
    world.bills.pop(bill.invoice_id)
    if customer.state == "paying" and bill.subscription_id == customer.subscription_id:
        world.desk.person(
            FINANCE,
            lambda work: cancel(
                work,
                customer.subscription_id,
                "payment_failed",
                mode="now",
                reason="Unpaid for months; service ended after the last letter",
            ),
        )
        customer.state, customer.left_on = "gone", world.today
