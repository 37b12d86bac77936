"""Several transfers decided at once, each in a transaction of its own (UNM.3).

Cut short anywhere, each transfer is decided wholly or not at all; the same key again decides the
rest and repeats nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from core.access.authority import Actor
from core.errors import BadInput, ChangedMeanwhile, NotFound, NotNow
from core.inbox.deciding import Share, assign_transfer
from core.inbox.undoing import undo_decision
from core.work import Office, Work

MOST_AT_ONCE = 500
"""Transfers that one request decides at most."""


@dataclass(frozen=True)
class Several:
    """The transfers that were decided, and why each of the others was left as it is."""

    done: tuple[int, ...]
    left: dict[int, str]


def assign_several(
    office: Office,
    actor: Actor,
    wanted: Sequence[tuple[int, tuple[Share, ...]]],
    *,
    reason: str,
    key: str | None = None,
) -> Several:
    """Put each transfer on its invoices. Raises BadInput beyond MOST_AT_ONCE.

    A missing right, fresh sign-in or reason refuses all of them.
    """
    shares = dict(wanted)
    return _each(
        office,
        actor,
        shares,
        lambda work, number: assign_transfer(
            work, number, shares[number], reason=reason, key=_key(key, number)
        ),
    )


def undo_several(
    office: Office,
    actor: Actor,
    unmatched_ids: Sequence[int],
    *,
    reason: str,
    key: str | None = None,
) -> Several:
    """Take each decision back: the transfers wait again. Raises as `assign_several` does."""
    return _each(
        office,
        actor,
        dict.fromkeys(unmatched_ids),
        lambda work, number: undo_decision(work, number, reason=reason, key=_key(key, number)),
    )


def _each(
    office: Office,
    actor: Actor,
    unmatched_ids: Iterable[int],
    decide: Callable[[Work, int], object],
) -> Several:
    numbers = list(unmatched_ids)
    if not 1 <= len(numbers) <= MOST_AT_ONCE:
        raise BadInput(f"One to {MOST_AT_ONCE} transfers are decided at once")
    done, left = [], {}
    for number in numbers:
        try:
            with office.work(actor) as work:
                decide(work, number)
        except (BadInput, ChangedMeanwhile, NotFound, NotNow) as problem:
            left[number] = str(problem)
        else:
            done.append(number)
    return Several(tuple(done), left)


def _key(key: str | None, number: int) -> str | None:
    return f"{key}-{number}" if key else None
