"""A child that is killed, as by kill -9, at a moment a test names."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Literal

from sqlalchemy import event
from sqlalchemy.orm import Session

from core.db import app_engine
from core.work import Office

Moment = Literal["before_commit", "after_commit", "statement"]
_FORK = multiprocessing.get_context("fork")


def survives(
    office: Office, url: str, act: Callable[[Office], object], moment: Moment, nth: int
) -> bool:
    """Do something in a child that dies at its nth moment; True when it never came to that."""
    child = _FORK.Process(target=_live, args=(office, url, act, moment, nth))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), f"the child failed with {child.exitcode}"
    return child.exitcode == 0


def _live(
    office: Office, url: str, act: Callable[[Office], object], moment: Moment, nth: int
) -> None:
    engine = app_engine(url)
    _arm(engine if moment == "statement" else Session, moment, nth)
    act(Office(engine, office.clock, office.settings))


def _arm(target: object, moment: Moment, nth: int) -> None:
    seen = 0

    def die(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(target, "before_cursor_execute" if moment == "statement" else moment, die)
