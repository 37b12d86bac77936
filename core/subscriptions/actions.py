"""What people do to subscriptions: assign, change plan, pause, cancel, extend a trial (SUB.2–3)."""

from datetime import date, timedelta

from sqlalchemy import select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.plans.models import CYCLES, Plan, PlanPrice
from core.plans.queries import assignable_plan, price_on
from core.subscriptions.billing import bill_change, creditable, open_period
from core.subscriptions.cancelling import lock_in_loss
from core.subscriptions.history import keep, locked, move, state_of
from core.subscriptions.models import COLLECTION, Subscription
from core.subscriptions.rules import (
    DEFAULT_POLICY,
    Proration,
    monthly_minor,
    period_end,
    prorate,
)
from core.tenants.models import Tenant
from core.work import Work

LONGEST_TRIAL_EXTENSION = 30
"""Days, in total over all extensions (SUB.3)."""


@action("saas.subscription.assigned", needs="saas.subscriptions.manage", system=True)
def assign(
    work: Work,
    tenant_id: int,
    plan_id: int,
    cycle: str,
    *,
    collection: str,
    trial_days: int = 0,
    amount_minor: int | None = None,
    key: str | None = None,
) -> Subscription:
    """A subscription from today: a trial, or a first period that is invoiced at once.

    `amount_minor` is a negotiated amount per cycle; the list price of the day otherwise. A tenant
    has one subscription that is not cancelled. Raises NotFound, NotNow, BadInput.
    """
    if cycle not in CYCLES or collection not in COLLECTION or trial_days < 0:
        raise BadInput("Unknown cycle or collection method, or a trial of negative length")
    tenant = _free_tenant(work, tenant_id)
    plan = assignable_plan(work, plan_id)
    price = price_on(work, plan.id, cycle, tenant.currency, work.today)
    amount = price.amount_minor if amount_minor is None else amount_minor
    subscription = _new(work, tenant, price, amount, collection)
    if trial_days:
        subscription.status = "trial"
        subscription.trial_ends_on = work.today + timedelta(days=trial_days)
        subscription.current_period_start = work.today
        subscription.current_period_end = subscription.trial_ends_on
    work.session.add(subscription)
    work.session.flush()
    keep(work, subscription, "created", None)
    invoice = None if trial_days else open_period(work, subscription, work.today, "first")
    first = invoice.id if invoice else None
    _tell(work, subscription, plan=plan.slug, cycle=cycle, trial_days=trial_days, invoice_id=first)
    return subscription


@action("saas.subscription.plan_changed", needs="sys_finance", fresh=True)
def change_plan(
    work: Work,
    subscription_id: int,
    plan_id: int,
    *,
    cycle: str | None = None,
    amount_minor: int | None = None,
    at_renewal: bool = False,
    policy: str = DEFAULT_POLICY,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """Another plan, cycle or amount: now with prorated lines, or at the next renewal (SUB.3).

    Another cycle restarts the period today with its full price. A change now that would credit
    more than it charges is refused: it waits for the renewal. Raises NotFound, NotNow,
    ChangedMeanwhile.
    """
    subscription = locked(work, subscription_id, version)
    if subscription.status not in ("trial", "active", "past_due"):
        raise NotNow(f"A subscription that is {subscription.status} does not change its plan")
    chosen = cycle or subscription.cycle
    plan = assignable_plan(work, plan_id)
    price = price_on(work, plan.id, chosen, subscription.currency, work.today)
    amount = price.amount_minor if amount_minor is None else amount_minor
    moved = {"from_plan_id": subscription.plan_id, "plan": plan.slug, "cycle": chosen}
    sums = {"before_minor": subscription.amount_minor, "after_minor": amount}
    _tell(work, subscription, **moved, **sums, at_renewal=at_renewal)
    if at_renewal and subscription.status != "trial":
        subscription.next_plan_id, subscription.next_cycle = plan.id, chosen
        subscription.next_amount_minor = amount
        return subscription
    _change_now(work, subscription, plan, price.id, chosen, amount, policy, reason)
    return subscription


@action("saas.subscription.paused", needs="sys_finance", fresh=True)
def pause(work: Work, subscription_id: int, until: date, *, reason: str) -> Subscription:
    """Stop service and renewals until a day, on which it resumes by itself (SUB.3).

    The paid period runs out; nothing is credited, and resuming after it starts a new period.
    """
    if until <= work.today:
        raise BadInput("A pause ends on a later day")
    subscription = locked(work, subscription_id)
    before = state_of(subscription)
    move(subscription, "paused")
    subscription.paused_until = until
    keep(work, subscription, "paused", before, reason=reason)
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id, until=str(until))
    return subscription


@action("saas.subscription.cancelled", needs="sys_finance", fresh=True)
def cancel(
    work: Work, subscription_id: int, reason_code: str, *, mode: str = "period_end", reason: str
) -> Subscription:
    """End a subscription now or with its period; nothing is credited (SUB.3, CHN).

    The monthly revenue lost is locked in EUR at the rate of today.
    """
    subscription = locked(work, subscription_id)
    lock_in_loss(work, subscription, reason_code, mode, reason)
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        mode=mode,
        reason_code=reason_code,
        mrr_minor=monthly_minor(subscription.amount_minor, subscription.cycle),
    )
    return subscription


@action("saas.subscription.trial_extended", needs="sys_finance", fresh=True)
def extend_trial(work: Work, subscription_id: int, days: int, *, reason: str) -> Subscription:
    """A longer trial: at most 30 days more in total (SUB.3)."""
    subscription = locked(work, subscription_id)
    if subscription.status != "trial" or subscription.trial_ends_on is None:
        raise NotNow(f"The subscription is {subscription.status}, not on trial")
    usual = subscription.started_on + timedelta(days=work.settings.trial_days)
    ends = subscription.trial_ends_on + timedelta(days=days)
    if days < 1 or (ends - usual).days > LONGEST_TRIAL_EXTENSION:
        raise BadInput(f"A trial is extended by {LONGEST_TRIAL_EXTENSION} days at most, in total")
    before = state_of(subscription)
    subscription.trial_ends_on = subscription.current_period_end = ends
    keep(work, subscription, "trial_extended", before, reason=reason)
    work.tell(
        tenant_id=subscription.tenant_id, subscription_id=subscription.id, trial_ends_on=str(ends)
    )
    return subscription


def _tell(work: Work, subscription: Subscription, **facts: object) -> None:
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id, **facts)


def _free_tenant(work: Work, tenant_id: int) -> Tenant:
    """A tenant without a running subscription, locked, so that two people do not assign two."""
    tenant = work.session.get(Tenant, tenant_id, with_for_update=True)
    if tenant is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    running = select(Subscription.id).where(
        Subscription.tenant_id == tenant_id, Subscription.status != "cancelled"
    )
    if work.session.scalar(running.limit(1)) is not None:
        raise NotNow("The tenant has a subscription; change its plan, or cancel it first")
    return tenant


def _new(
    work: Work, tenant: Tenant, price: PlanPrice, amount_minor: int, collection: str
) -> Subscription:
    return Subscription(
        tenant_id=tenant.id,
        plan_id=price.plan_id,
        plan_price_id=price.id,
        cycle=price.cycle,
        status="active",
        currency=tenant.currency,
        amount_minor=amount_minor,
        collection=collection,
        auto_renew=True,
        started_on=work.today,
        anchor_day=work.today.day,
        cancel_at_period_end=False,
        created_at=work.now,
    )


def _change_now(
    work: Work,
    subscription: Subscription,
    plan: Plan,
    price_id: int,
    cycle: str,
    amount: int,
    policy: str,
    reason: str,
) -> None:
    before = state_of(subscription)
    proration = None
    if subscription.status != "trial" and subscription.current_period_end is not None:
        proration = _bill_now(work, subscription, plan, cycle, amount, policy)
    subscription.plan_id, subscription.plan_price_id = plan.id, price_id
    subscription.cycle, subscription.amount_minor = cycle, amount
    subscription.next_plan_id = subscription.next_cycle = subscription.next_amount_minor = None
    keep(work, subscription, "plan_changed", before, reason=reason, proration=proration)


def _bill_now(
    work: Work, subscription: Subscription, plan: Plan, cycle: str, amount: int, policy: str
) -> Proration:
    start, end = subscription.current_period_start, subscription.current_period_end
    assert start is not None
    assert end is not None
    if not start <= work.today < end:
        raise NotNow("The period has ended; renew it first")
    restart = cycle != subscription.cycle
    proration = prorate(
        subscription.amount_minor,
        0 if restart else amount,
        start,
        end,
        work.today,
        policy=policy,
        creditable_minor=creditable(work, subscription),
    )
    new_end = end
    if restart:
        new_end = period_end(work.today, cycle, work.today.day, fixed_days=plan.fixed_days)
        proration = Proration(proration.credit_minor, amount, proration.policy, proration.basis)
    if proration.net_minor < 0:
        raise NotNow("This would credit more than it charges; let it take effect at renewal")
    old_plan = work.session.get_one(Plan, subscription.plan_id)
    if restart:
        subscription.anchor_day = work.today.day
        subscription.current_period_start, subscription.current_period_end = work.today, new_end
    bill_change(work, subscription, old_plan, plan, proration, (work.today, new_end), end)
    return proration
