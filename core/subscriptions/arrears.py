"""Behind with payment, and back: what payments do to the subscriptions they are for (SUB.2)."""

from core.subscriptions.history import keep, locked, move, state_of
from core.subscriptions.models import Subscription
from core.work import Work

BEHIND = ("past_due", "grace_period", "read_only", "unpaid", "suspended")


def fall_behind(work: Work, subscription_id: int, why: str) -> None:
    """Part of a failed charge: an active subscription becomes past due."""
    subscription = locked(work, subscription_id)
    if subscription.status == "active":
        before = state_of(subscription)
        move(subscription, "past_due")
        keep(work, subscription, "status_changed", before, reason=why)


def start_afresh_if_lapsed(work: Work, subscription: Subscription) -> None:
    """Part of becoming active: a period without service is not billed, the next starts today."""
    ended = subscription.current_period_end
    if ended is not None and ended < work.today:
        subscription.current_period_end = work.today
        subscription.anchor_day = work.today.day
