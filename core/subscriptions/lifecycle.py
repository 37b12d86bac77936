"""What the daily run does to one subscription: renew, end, resume, fall behind (SUB.6)."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from core.actions import action
from core.errors import NotNow
from core.invoices.models import Invoice
from core.plans.queries import plan_by_slug, price_on
from core.subscriptions.billing import open_period
from core.subscriptions.cancelling import end_now, lock_in_loss
from core.subscriptions.history import keep, locked, move, reprice, state_of
from core.subscriptions.models import Subscription
from core.work import Work

NEEDS = "saas.subscriptions.manage"
BEHIND = ("past_due", "grace_period", "read_only", "unpaid", "suspended")


@action("saas.subscription.renewed", needs=NEEDS, system=True)
def renew(work: Work, subscription_id: int) -> Invoice | None:
    """Open the next period and return its invoice, None when nothing is owed.

    Renewing what is not due yet changes nothing, so that the run is safe to repeat. A change
    that waited for the renewal takes effect; the list price in force is taken. After downtime
    every call renews one period, in order. Raises NotNow when the subscription does not renew.
    """
    subscription = locked(work, subscription_id)
    start = subscription.current_period_end
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id)
    if start is None or start > work.today:
        work.tell(due_on=str(start), renewed=False)
        return None
    if subscription.status not in ("active", "past_due") or not subscription.auto_renew:
        raise NotNow(f"A subscription that is {subscription.status} does not renew by itself")
    if subscription.cancel_at_period_end:
        raise NotNow("The subscription ends with its period")
    before = state_of(subscription)
    if subscription.next_plan_id is not None:
        _take_waiting_change(work, subscription, start)
    else:
        reprice(work, subscription, start)
    after = state_of(subscription)
    if after != before:
        kind = "plan_changed" if after.plan_id != before.plan_id else "amount_changed"
        keep(work, subscription, kind, before, effective_on=start, reason="at renewal")
    invoice = open_period(work, subscription, start, "renewal")
    work.tell(renewed=True, period_start=str(start), invoice_id=invoice.id if invoice else None)
    return invoice


@action("saas.subscription.trial_ended", needs=NEEDS, system=True)
def end_trial(work: Work, subscription_id: int, *, converts: bool) -> Invoice | None:
    """The trial is over: the first paid period begins, or the tenant falls to the default plan.

    The day the trial ends becomes the anchor. Returns the first invoice.
    """
    subscription = locked(work, subscription_id)
    if subscription.status != "trial":
        raise NotNow(f"The subscription is {subscription.status}, not on trial")
    before = state_of(subscription)
    move(subscription, "active")
    subscription.trial_ends_on, subscription.anchor_day = work.today, work.today.day
    if not converts:
        plan = plan_by_slug(work, work.settings.default_plan)
        price = price_on(work, plan.id, subscription.cycle, subscription.currency, work.today)
        subscription.plan_id, subscription.plan_price_id = plan.id, price.id
        subscription.amount_minor = price.amount_minor
    keep(
        work,
        subscription,
        "activated" if converts else "plan_changed",
        before,
        reason="trial ended",
    )
    invoice = open_period(work, subscription, work.today, "first")
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        converts=converts,
        invoice_id=invoice.id if invoice else None,
    )
    return invoice


@action("saas.subscription.resumed", needs=NEEDS, system=True)
def resume(work: Work, subscription_id: int) -> Subscription:
    """End a pause; when the paid period ran out meanwhile, a new one is due from today."""
    subscription = locked(work, subscription_id)
    if subscription.status != "paused":
        raise NotNow(f"The subscription is {subscription.status}, not paused")
    before = state_of(subscription)
    move(subscription, "active")
    _start_afresh_if_lapsed(work, subscription)
    keep(work, subscription, "resumed", before)
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id)
    return subscription


@action("saas.subscription.status_changed", needs=NEEDS, system=True)
def set_status(work: Work, subscription_id: int, status: str, *, why: str) -> Subscription:
    """Move along the table of allowed moves, as the ladder of a failed payment does."""
    subscription = locked(work, subscription_id)
    if status in ("cancelled", "paused", "trial"):
        raise NotNow(f"Becoming {status} is an action of its own")
    before = state_of(subscription)
    move(subscription, status)
    if status == "active":
        _start_afresh_if_lapsed(work, subscription)
    keep(work, subscription, "status_changed", before, reason=why)
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        before=before.status,
        after=status,
        why=why,
    )
    return subscription


@action("saas.subscription.ended", needs=NEEDS, system=True)
def end_period(work: Work, subscription_id: int) -> Subscription:
    """Carry out a cancellation that waited for the end of the period."""
    subscription = locked(work, subscription_id)
    ends = subscription.current_period_end
    if not subscription.cancel_at_period_end or ends is None or ends > work.today:
        raise NotNow("The subscription does not end today")
    end_now(work, subscription, "cancelled to the end of the period")
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id)
    return subscription


@action("saas.subscription.lapsed", needs=NEEDS, system=True)
def lapse(work: Work, subscription_id: int) -> Subscription:
    """Give up on a subscription that stayed unpaid after the grace period."""
    subscription = locked(work, subscription_id)
    if subscription.status not in BEHIND:
        raise NotNow(f"The subscription is {subscription.status}; it is not behind with payment")
    lock_in_loss(work, subscription, "payment_failed", "now", "unpaid after the grace period")
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id)
    return subscription


def fall_behind(work: Work, subscription_id: int, why: str) -> None:
    """Part of a failed charge: an active subscription becomes past due."""
    subscription = locked(work, subscription_id)
    if subscription.status == "active":
        before = state_of(subscription)
        move(subscription, "past_due")
        keep(work, subscription, "status_changed", before, reason=why)


def behind(work: Work, subscription_ids: Sequence[int]) -> list[int]:
    """Those of some subscriptions that are behind with payment."""
    if not subscription_ids:
        return []
    found = select(Subscription.id).where(
        Subscription.id.in_(subscription_ids), Subscription.status.in_(BEHIND)
    )
    return list(work.session.scalars(found))


def restore(work: Work, subscription_ids: set[int]) -> None:
    """Part of a payment: who owes nothing that is overdue any more is active again."""
    for subscription_id in sorted(subscription_ids):
        subscription = locked(work, subscription_id)
        if subscription.status not in BEHIND:
            continue
        before = state_of(subscription)
        move(subscription, "active")
        _start_afresh_if_lapsed(work, subscription)
        keep(work, subscription, "status_changed", before, reason="paid")


def _take_waiting_change(work: Work, subscription: Subscription, on: date) -> None:
    plan_id, cycle = subscription.next_plan_id, subscription.next_cycle
    amount = subscription.next_amount_minor
    assert plan_id is not None
    assert cycle is not None
    assert amount is not None
    price = price_on(work, plan_id, cycle, subscription.currency, on)
    subscription.plan_id, subscription.plan_price_id = plan_id, price.id
    subscription.cycle, subscription.amount_minor = cycle, amount
    subscription.next_plan_id = subscription.next_cycle = subscription.next_amount_minor = None


def _start_afresh_if_lapsed(work: Work, subscription: Subscription) -> None:
    """A period that ended while no service was given is not billed; the next starts today."""
    ended = subscription.current_period_end
    if ended is not None and ended < work.today:
        subscription.current_period_end = work.today
        subscription.anchor_day = work.today.day
