"""Behind with payment, and back: what payments do to the subscriptions they are for (SUB.2)."""

from collections.abc import Sequence

from sqlalchemy import select

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
        start_afresh_if_lapsed(work, subscription)
        keep(work, subscription, "status_changed", before, reason="paid")


def start_afresh_if_lapsed(work: Work, subscription: Subscription) -> None:
    """Part of becoming active: a period without service is not billed, the next starts today."""
    ended = subscription.current_period_end
    if ended is not None and ended < work.today:
        subscription.current_period_end = work.today
        subscription.anchor_day = work.today.day
