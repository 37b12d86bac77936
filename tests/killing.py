"""Children that are killed, as by kill -9, again and again until one ends."""

from collections.abc import Callable
from random import Random

from bench._deaths import Moment, around_request, survives
from core.work import Office

__all__ = ["Moment", "around_request", "killed_again_and_again", "survives"]
MOMENTS: tuple[Moment, ...] = ("before_commit", "after_commit", "statement")
MOST_BEFORE: dict[Moment, int] = {"before_commit": 5, "after_commit": 3, "statement": 90}
"""How many of its moments a child may live through that is killed again and again."""
MOST_KILLS = 400


def killed_again_and_again(
    office: Office, url: str, act: Callable[[Office], object], chance: Random
) -> int:
    """Do something in children that die sooner or later until one ends; how often that was.

    Each dies at a commit, before or after it, or at a statement of the work that others left.
    """
    for kills in range(MOST_KILLS):
        moment = chance.choice(MOMENTS)
        if survives(office, url, act, moment, chance.randint(1, MOST_BEFORE[moment])):
            return kills
    raise AssertionError("what was killed does not get on")
