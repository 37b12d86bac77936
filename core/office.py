"""The office of this process: database, clock and settings, opened once."""

import sys
from functools import lru_cache

import core.models  # noqa: F401 (a write must know every table its foreign keys name)
from core.clock import Clock, SystemClock
from core.db import app_engine
from core.schema import ready_url
from core.settings import Settings, settings
from core.work import Office

SWITCH_SECONDS = 0.001
"""How long a thread keeps the interpreter while others wait for it."""


def open_office(chosen: Settings, clock: Clock | None = None) -> Office:
    """An office on the database the settings name; starts the embedded one when needed."""
    return Office(app_engine(ready_url(chosen)), clock or SystemClock(), chosen)


@lru_cache
def office() -> Office:
    """The office of this process."""
    return open_office(settings())


def share_evenly() -> None:
    """Let a short answer wait less for threads that compute, as in a process that serves many."""
    sys.setswitchinterval(SWITCH_SECONDS)
