"""The nightly sweep of overdue invoices, and what it means to the customers."""

from core.dunning.run import run_dunning
from core.subscriptions.queries import behind_since
from demo.subscribing import give_up
from demo.world import World


def sweep(world: World) -> None:
    """Remind, restrict and suspend; then learn who is behind and who works again."""
    desk = world.desk
    for change in run_dunning(desk.office).changes:
        assert change.outcome == "done", change
    behind = desk.job("dunning", behind_since)
    numbers = {number for number, _, _ in behind}
    for number, customer in world.by_subscription.items():
        if number != customer.subscription_id:
            continue
        if customer.state == "paying" and number in numbers:
            customer.state = "behind"
        elif customer.state == "behind" and number not in numbers:
            customer.state = "paying"
    give_up(world, behind)
