"""What the daily run does to one subscription: renew, end, fall behind (SUB.6)."""

from datetime import date, timedelta

from core.actions import action
from core.errors import BadInput, NotNow
from core.invoices.models import Invoice
from core.plans.queries import plan_by_slug, price_on
from core.subscriptions.arrears import BEHIND, start_afresh_if_lapsed
from core.subscriptions.billing import open_period
from core.subscriptions.cancelling import end_now, lock_in_loss
from core.subscriptions.history import State, keep, locked, move, state_of
from core.subscriptions.models import Subscription
from core.subscriptions.rules import MOVES
from core.subscriptions.terms import take, terms_on
from core.work import Work

NEEDS = "saas.subscriptions.manage"
RENEWAL = "at renewal"
UNFUNDED = ("grace_period", "read_only")
RENEWING = ("active", "past_due", *UNFUNDED)


@action("saas.subscription.renewed", needs=NEEDS, system=True)
def renew(work: Work, subscription_id: int) -> Invoice | None:
    """Open the next period and return its invoice, None when nothing is owed.

    Renewing what is not due yet changes nothing, so that the run is safe to repeat. A change
    that waited for the renewal takes effect; the list price in force is taken. After downtime
    every call renews one period, in order. One that fell into grace or became read-only for want
    of money in its wallet is active again. Raises NotNow when the subscription does not renew,
    InsufficientBalance when its wallet is short.
    """
    subscription = locked(work, subscription_id)
    work.tell(tenant_id=subscription.tenant_id, subscription_id=subscription.id)
    due_on = subscription.current_period_end
    if due_on is None or due_on > work.today:
        work.tell(due_on=str(due_on), renewed=False)
        return None
    if subscription.status not in RENEWING or not subscription.auto_renew:
        raise NotNow(f"A subscription that is {subscription.status} does not renew by itself")
    if subscription.cancel_at_period_end:
        raise NotNow("The subscription ends with its period")
    before = state_of(subscription)
    if subscription.status in UNFUNDED:
        _come_back(subscription, work.today)
    start = subscription.current_period_end
    assert start is not None
    take(work, subscription, terms_on(work, subscription, start))
    after = state_of(subscription)
    if after != before:
        keep(work, subscription, _kind(before, after), before, effective_on=start, reason=RENEWAL)
    invoice = open_period(work, subscription, start, "renewal")
    work.tell(renewed=True, period_start=str(start), invoice_id=invoice.id if invoice else None)
    return invoice


@action("saas.subscription.grace_period", needs=None, system=True)
def enter_grace(work: Work, subscription_id: int, why: str) -> Subscription:
    """A period that ended without money for the next: full access for the days of grace."""
    subscription = locked(work, subscription_id)
    before = state_of(subscription)
    began = _grace_began(work, subscription)
    move(subscription, "grace_period")
    subscription.grace_ends_on = began + timedelta(days=work.settings.grace_period_days)
    keep(work, subscription, "status_changed", before, reason=why)
    _tell_move(work, subscription, before.status, why, grace_ends_on=subscription.grace_ends_on)
    return subscription


@action("saas.subscription.read_only", needs=None, system=True)
def enter_read_only(work: Work, subscription_id: int, why: str) -> Subscription:
    """The grace period is over: reads only until something is paid."""
    subscription = locked(work, subscription_id)
    ends = subscription.grace_ends_on
    if subscription.status != "grace_period" or (ends is not None and ends > work.today):
        raise NotNow(f"The subscription is {subscription.status}; its grace ends on {ends}")
    before = state_of(subscription)
    move(subscription, "read_only")
    keep(work, subscription, "status_changed", before, reason=why)
    _tell_move(work, subscription, before.status, why)
    return subscription


@action("saas.subscription.trial_ended", needs=NEEDS, system=True)
def end_trial(work: Work, subscription_id: int, *, converts: bool) -> Invoice | None:
    """The trial is over: the first paid period begins, or the tenant falls to the default plan.

    The day the trial ends becomes the anchor, and the price is that of the day. Returns the first
    invoice.
    """
    subscription = locked(work, subscription_id)
    if subscription.status != "trial":
        raise NotNow(f"The subscription is {subscription.status}, not on trial")
    before = state_of(subscription)
    move(subscription, "active")
    start = min(subscription.trial_ends_on or work.today, work.today)
    subscription.trial_ends_on, subscription.anchor_day = start, start.day
    if converts:
        take(work, subscription, terms_on(work, subscription, start))
    else:
        plan = plan_by_slug(work, work.settings.default_plan)
        price = price_on(work, plan.id, subscription.cycle, subscription.currency, work.today)
        subscription.plan_id, subscription.plan_price_id = plan.id, price.id
        subscription.amount_minor = price.amount_minor
    keep(
        work,
        subscription,
        "activated" if converts else "plan_changed",
        before,
        effective_on=start,
        reason="trial ended",
    )
    invoice = open_period(work, subscription, start, "first")
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        converts=converts,
        invoice_id=invoice.id if invoice else None,
    )
    return invoice


@action("saas.subscription.status_changed", needs=NEEDS, reason=True, system=True)
def set_status(
    work: Work,
    subscription_id: int,
    status: str,
    *,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> Subscription:
    """Move along the table of allowed moves, as the ladder of a failed payment does (SUB.2).

    Raises BadInput, NotFound, NotNow, ChangedMeanwhile.
    """
    subscription = locked(work, subscription_id, version)
    if status not in MOVES:
        raise BadInput(f"There is no status {status!r}; there are {', '.join(MOVES)}")
    if status in ("cancelled", "paused", "trial"):
        raise NotNow(f"Becoming {status} is an action of its own")
    if (subscription.status, status) == ("paused", "active"):
        raise NotNow("A pause ends by resuming")
    before = state_of(subscription)
    move(subscription, status)
    if status == "active":
        start_afresh_if_lapsed(work, subscription)
    if status == "grace_period":
        days = work.settings.grace_period_days
        subscription.grace_ends_on = work.today + timedelta(days=days)
    keep(work, subscription, "status_changed", before, reason=reason)
    _tell_move(work, subscription, before.status, reason)
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


def _kind(before: State, after: State) -> str:
    """What a renewal changed, for the plan history."""
    if after.status != before.status:
        return "activated"
    return "plan_changed" if after.plan_id != before.plan_id else "amount_changed"


def _come_back(subscription: Subscription, today: date) -> None:
    """Days of grace were served and are billed; read-only ones were not."""
    was_served = subscription.status == "grace_period"
    move(subscription, "active")
    if not was_served:
        subscription.current_period_end, subscription.anchor_day = today, today.day


def _grace_began(work: Work, subscription: Subscription) -> date:
    """The day the period ended; today for one that is behind with payment within its period."""
    ended = subscription.current_period_end
    return min(ended, work.today) if ended else work.today


def _tell_move(
    work: Work, subscription: Subscription, before: str, why: str, **facts: object
) -> None:
    work.tell(
        tenant_id=subscription.tenant_id,
        subscription_id=subscription.id,
        before=before,
        after=subscription.status,
        why=why,
        **{name: str(fact) for name, fact in facts.items()},
    )
