"""Every change of a subscription goes through here, so that each leaves a plan-history row."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select

from core.errors import ChangedMeanwhile, NotFound
from core.subscriptions.models import PlanHistory, Subscription
from core.subscriptions.rules import Proration, check_move
from core.work import Work

LOCKING = (
    select(Subscription).where(Subscription.id == bindparam("subscription_id")).with_for_update()
)


@dataclass(frozen=True)
class State:
    """What the plan history keeps of a subscription; the amount counts added items."""

    status: str
    plan_id: int
    cycle: str
    amount_minor: int


def state_of(subscription: Subscription) -> State:
    """The present state, to be kept before a change."""
    return State(
        subscription.status, subscription.plan_id, subscription.cycle, subscription.total_minor
    )


def locked(work: Work, subscription_id: int, version: int | None = None) -> Subscription:
    """A subscription, locked to the end of the transaction; locked before, it is not asked again.

    Raises NotFound, and ChangedMeanwhile when it is no longer in the version the caller saw.
    """
    found: Subscription | None = work.kept.get((Subscription, subscription_id))
    if found is None:
        found = work.session.scalar(LOCKING, {"subscription_id": subscription_id})
    if found is None:
        raise NotFound(f"There is no subscription {subscription_id}")
    # A savepoint that is undone gives up the locks taken within it.
    if not work.session.in_nested_transaction():
        work.kept[Subscription, subscription_id] = found
    if version is not None and found.version != version:
        raise ChangedMeanwhile
    return found


def move(subscription: Subscription, status: str) -> None:
    """Change the status along the table of allowed moves. Raises NotNow."""
    check_move(subscription.status, status)
    subscription.status = status
    subscription.paused_until = subscription.grace_ends_on = None


def keep(
    work: Work,
    subscription: Subscription,
    kind: str,
    before: State | None,
    *,
    effective_on: date | None = None,
    reason: str = "",
    proration: Proration | None = None,
) -> None:
    """Add the history row of a change that takes effect today unless a day is given (SUB.1)."""
    work.session.add(
        PlanHistory(
            subscription_id=subscription.id,
            tenant_id=subscription.tenant_id,
            kind=kind,
            effective_on=effective_on or work.today,
            status=subscription.status,
            previous_status=before.status if before else None,
            plan_id=subscription.plan_id,
            previous_plan_id=before.plan_id if before else None,
            cycle=subscription.cycle,
            currency=subscription.currency,
            amount_minor=subscription.total_minor,
            previous_amount_minor=before.amount_minor if before else None,
            proration_policy=proration.policy if proration else None,
            proration_basis=proration.basis if proration else None,
            reason=reason,
            actor_type=work.actor.kind,
            actor_id=work.actor.user_id,
            created_at=work.now,
        )
    )


def later_days(work: Work, subscription_id: int, on: date) -> list[date]:
    """The days after one for which a file announced a change, such as the end of a trial.

    History is only added to: whoever ends a subscription before says of each that it has ended.
    """
    found = (
        select(PlanHistory.effective_on)
        .where(PlanHistory.subscription_id == subscription_id, PlanHistory.effective_on > on)
        .distinct()
        .order_by(PlanHistory.effective_on)
    )
    return list(work.session.scalars(found))
