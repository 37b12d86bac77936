"""Reads of subscriptions for the daily run."""

from datetime import date

from sqlalchemy import func, select

from core.subscriptions.arrears import BEHIND
from core.subscriptions.models import PlanHistory, Subscription
from core.work import Work


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
