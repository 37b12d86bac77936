"""What people do to subscriptions: assign, change, cancel, extend a trial (SUB.2–3)."""

from datetime import datetime, timedelta

from sqlalchemy import select

from core.actions import action
from core.errors import BadInput, NotFound, NotNow
from core.plans.models import CYCLES, Plan, PlanPrice
from core.plans.queries import assignable_plan, price_on
from core.subscriptions.billing import open_period
from core.subscriptions.cancelling import lock_in_loss
from core.subscriptions.changing import change_now, credit_rest
from core.subscriptions.history import keep, locked, state_of
from core.subscriptions.models import COLLECTION, Subscription
from core.subscriptions.own import switch_renewal
from core.subscriptions.rules import monthly_minor
from core.subscriptions.terms import Terms
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
    policy: str | None = None,
    at: datetime | None = None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """Another plan, cycle or amount: now with prorated lines, or at the next renewal (SUB.3).

    Another cycle restarts the period today with its full price. What a change gives back beyond
    what it asks is a credit note, used on the next invoices. `policy` is one of POLICIES, the
    setting's unless said; `at` the instant of the preview where seconds count. Raises BadInput,
    NotFound, NotNow, ChangedMeanwhile, InsufficientBalance.
    """
    subscription = locked(work, subscription_id, version)
    if subscription.status not in ("trial", "active", "past_due"):
        raise NotNow(f"A subscription that is {subscription.status} does not change its plan")
    chosen = cycle or subscription.cycle
    if chosen not in CYCLES or (amount_minor is not None and amount_minor < 0):
        raise BadInput("Unknown cycle, or an amount below zero")
    plan = _next_plan(work, subscription, plan_id)
    price = price_on(work, plan.id, chosen, subscription.currency, work.today)
    amount = price.amount_minor if amount_minor is None else amount_minor
    moved = {"from_plan_id": subscription.plan_id, "plan": plan.slug, "cycle": chosen}
    sums = {"before_minor": subscription.amount_minor, "after_minor": amount}
    _tell(work, subscription, **moved, **sums, at_renewal=at_renewal)
    if at_renewal and subscription.status != "trial":
        subscription.next_plan_id, subscription.next_cycle = plan.id, chosen
        subscription.next_amount_minor = amount
        return subscription
    change_now(
        work,
        subscription,
        Terms(plan.id, price.id, chosen, amount),
        policy=policy or work.settings.proration_policy,
        at=at,
        reason=reason,
    )
    return subscription


@action("saas.subscription.cancelled", needs="sys_finance", fresh=True)
def cancel(
    work: Work,
    subscription_id: int,
    reason_code: str,
    *,
    mode: str = "period_end",
    credit_unused: bool = False,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """End a subscription now or with its period (SUB.3, CHN).

    Nothing is given back unless `credit_unused` asks for the days left of a period that was paid.
    The monthly revenue lost is locked in EUR at the rate of today.
    """
    subscription = locked(work, subscription_id, version)
    if credit_unused and mode != "now":
        raise BadInput("A cancellation at the end of the period leaves no days to give back")
    if credit_unused and subscription.status in ("active", "past_due"):
        credit_rest(work, subscription)
    lock_in_loss(work, subscription, reason_code, mode, reason)
    _tell(
        work,
        subscription,
        mode=mode,
        reason_code=reason_code,
        credit_unused=credit_unused,
        mrr_minor=monthly_minor(subscription.total_minor, subscription.cycle),
    )
    return subscription


@action("saas.subscription.trial_extended", needs="sys_finance", fresh=True)
def extend_trial(
    work: Work,
    subscription_id: int,
    days: int,
    *,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """A longer trial: at most 30 days more in total (SUB.3)."""
    subscription = locked(work, subscription_id, version)
    if subscription.status != "trial" or subscription.trial_ends_on is None:
        raise NotNow(f"The subscription is {subscription.status}, not on trial")
    left = LONGEST_TRIAL_EXTENSION - subscription.trial_extended_days
    if not 1 <= days <= left:
        raise BadInput(
            f"A trial is extended by {LONGEST_TRIAL_EXTENSION} days at most, in total; "
            f"{left} are left"
        )
    before = state_of(subscription)
    ends = subscription.trial_ends_on + timedelta(days=days)
    subscription.trial_ends_on = subscription.current_period_end = ends
    subscription.trial_extended_days += days
    keep(work, subscription, "trial_extended", before, reason=reason)
    work.tell(
        tenant_id=subscription.tenant_id, subscription_id=subscription.id, trial_ends_on=str(ends)
    )
    return subscription


@action("saas.subscription.renewal_set", needs="sys_finance", fresh=True)
def set_auto_renew(
    work: Work,
    subscription_id: int,
    auto_renew: bool,
    *,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """Switch renewing by itself on or off; off, it runs into the grace period (SUB.3)."""
    subscription = locked(work, subscription_id, version)
    switch_renewal(work, subscription, auto_renew, reason)
    return subscription


@action("saas.subscription.collection_set", needs="saas.subscriptions.manage")
def set_collection(
    work: Work,
    subscription_id: int,
    collection: str,
    *,
    version: int | None = None,
    reason: str = "",
    key: str | None = None,
) -> Subscription:
    """Collect from the wallet, by charge or by invoice from the next invoice on (SUB.7)."""
    subscription = locked(work, subscription_id, version)
    if collection not in COLLECTION:
        raise BadInput(f"Collected is by {', '.join(COLLECTION)}")
    if subscription.status == "cancelled":
        raise NotNow("The subscription is cancelled")
    _tell(work, subscription, before=subscription.collection, after=collection)
    subscription.collection = collection
    return subscription


def _next_plan(work: Work, subscription: Subscription, plan_id: int) -> Plan:
    """The plan of a change; who is on one that was switched off may stay on it."""
    plan = work.session.get(Plan, subscription.plan_id)
    return plan if plan and plan.id == plan_id else assignable_plan(work, plan_id)


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
