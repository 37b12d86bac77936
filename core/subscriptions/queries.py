"""Reads of subscriptions for the daily run."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_, select

from core.subscriptions.lifecycle import BEHIND
from core.subscriptions.models import PlanHistory, Subscription
from core.work import Work


@dataclass(frozen=True)
class Due:
    """A subscription for which the day asks something: `task` is the action of the lifecycle."""

    subscription_id: int
    tenant_id: int
    task: str


def due(work: Work, today: date) -> list[Due]:
    """Renewals, ends of trials and pauses, and cancellations that are due, in the order of ids."""
    found = work.session.scalars(
        select(Subscription)
        .where(
            or_(
                (Subscription.current_period_end <= today)
                & Subscription.status.in_(("trial", "active", "past_due")),
                (Subscription.current_period_end <= today)
                & Subscription.cancel_at_period_end
                & (Subscription.status != "cancelled"),
                (Subscription.status == "paused") & (Subscription.paused_until <= today),
            )
        )
        .order_by(Subscription.id)
    )
    return [Due(each.id, each.tenant_id, _task(each)) for each in found]


def behind_since(work: Work) -> list[tuple[int, str, date]]:
    """Subscriptions behind with payment: id, status, and the day on which it began."""
    rows = work.session.execute(
        select(Subscription.id, Subscription.status, func.max(PlanHistory.effective_on))
        .join(PlanHistory, PlanHistory.subscription_id == Subscription.id)
        .where(
            Subscription.status.in_(BEHIND),
            PlanHistory.status == Subscription.status,
            PlanHistory.kind == "status_changed",
        )
        .group_by(Subscription.id, Subscription.status)
        .order_by(Subscription.id)
    )
    return [(number, status, since) for number, status, since in rows]


def _task(subscription: Subscription) -> str:
    if subscription.cancel_at_period_end:
        return "end"
    return {"trial": "end_trial", "paused": "resume"}.get(subscription.status, "renew")
