"""The simulated gateways pay out all they hold, what becomes available later a week later."""

from datetime import date
from random import Random
from types import SimpleNamespace
from typing import Any, cast

from core.gateways.actions import Payout
from demo.calendar import DAY
from demo.cards import payouts
from demo.staff import Desk
from demo.world import World

MONDAY = date(2026, 11, 2)


def test_what_was_captured_on_a_sunday_is_paid_out_on_the_second_monday() -> None:
    paid_out: list[date] = []

    def job(_name: str, _act: object) -> Payout:
        paid_out.append(world.today)
        return Payout("stripe", "po_1", "EUR", 100)

    desk: Any = SimpleNamespace(job=job)
    world = World(cast("Desk", desk), Random(1), MONDAY - 30 * DAY, MONDAY + 30 * DAY)  # noqa: S311
    world.today = MONDAY - DAY
    world.will_pay_out("stripe", "EUR")
    for _ in range(30):
        world.today += DAY
        payouts(world)
    # The first holds what came before; the rest becomes available on a Tuesday.
    assert paid_out == [MONDAY, MONDAY + 7 * DAY]
