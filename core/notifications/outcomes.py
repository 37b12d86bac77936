"""How an attempt to deliver ended, and when the next one is due (NTF)."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

LONGEST_WAIT = timedelta(hours=6)
LONGEST_PROBLEM = 500

About = Callable[[], None]
"""Called right before the step of a sending that cannot be taken back."""


@dataclass(frozen=True)
class Sent:
    """The receiver took it."""


@dataclass(frozen=True)
class Later:
    """Not now; `whole_channel` when nobody else on this channel can be reached either."""

    why: str
    whole_channel: bool = False


@dataclass(frozen=True)
class Never:
    """The receiver will not take it; `gone` when it asked to be left alone from now on."""

    why: str
    gone: bool = False


@dataclass(frozen=True)
class Unclear:
    """The connection broke when the message may have been taken already."""

    why: str


Outcome = Sent | Later | Never | Unclear


class LostClaim(Exception):
    """Another runner has taken the delivery over."""


def wait_after(attempts: int, first: timedelta, delivery_id: int) -> timedelta:
    """The wait after a number of attempts: doubling, up to six hours, spread by a quarter.

    The spread comes from the delivery itself, so that those that failed together part.
    """
    doubled = first * (1 << min(attempts - 1, 30))
    digest = hashlib.sha256(f"{delivery_id}|{attempts}".encode()).digest()
    spread = int.from_bytes(digest[:2]) / 0xFFFF
    return min(doubled, LONGEST_WAIT) * (0.75 + spread / 2)
