"""Previews of writes on subscriptions, at one instant (SUB.3)."""

from collections.abc import Callable

from core.access.authority import Actor
from core.clock import SetClock
from core.rehearsal import Preview, rehearse
from core.work import Office, Work


def preview_of(
    office: Office,
    actor: Actor,
    do: Callable[[Work], object],
    subscription_id: int | None = None,
) -> Preview:
    """What an action would write now, with the clock stopped while it is rehearsed.

    What was written is told from what was there by the instant it was made at, which has to be
    the same for all of it. Raises what the action raises.
    """
    still = Office(office.engine, SetClock(office.clock.now()), office.settings)
    return rehearse(still, actor, do, subscription_id=subscription_id)
