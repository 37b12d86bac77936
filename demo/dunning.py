"""The nightly sweep of overdue invoices, and what it means to the customers."""

from sqlalchemy import select

from core.dunning.run import run_dunning
from core.subscriptions.arrears import BEHIND
from core.subscriptions.models import Subscription
from core.work import Work
from demo.world import World


def sweep(world: World) -> None:
    """Remind, restrict and suspend; then learn who is behind and who works again."""
    desk = world.desk
    for change in run_dunning(desk.office).changes:
        assert change.outcome == "done", change
    behind = desk.job("dunning", _behind)
    for number, customer in world.by_subscription.items():
        if number != customer.subscription_id:
            continue
        if customer.state == "paying" and number in behind:
            customer.state = "behind"
        elif customer.state == "behind" and number not in behind:
            customer.state = "paying"


def _behind(work: Work) -> set[int]:
    return set(work.session.scalars(select(Subscription.id).where(Subscription.status.in_(BEHIND))))
