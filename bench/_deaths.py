"""A child that is killed, as by kill -9, at a moment somebody names."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from typing import Any, Literal

import psycopg
from sqlalchemy import event, make_url
from sqlalchemy.orm import Session

from core.db import app_engine
from core.gateways.simulator.in_process import InProcess
from core.work import Office

Moment = Literal["before_commit", "after_commit", "statement", "before_request", "after_request"]
"""`before_request` is before a gateway hears of it, `after_request` before we hear of its answer.
"""
_FORK = multiprocessing.get_context("fork")
DOOMED = "doomed"
"""What the connections of a child call themselves."""
_THERE = """
select from pg_stat_activity where datname = current_database() and application_name = %s
"""


def survives(
    office: Office, url: str, act: Callable[[Office], object], moment: Moment, nth: int
) -> bool:
    """Do something in a child that dies at its nth moment; True when it never came to that."""
    marked = make_url(url).update_query_dict({"application_name": DOOMED})
    named = marked.render_as_string(hide_password=False)
    child = _FORK.Process(target=_live, args=(office, named, act, moment, nth))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL), f"the child failed with {child.exitcode}"
    _await_its_end(url)
    return child.exitcode == 0


def _await_its_end(url: str) -> None:
    """Wait until the server has noticed that the child is gone, and let go what it held."""
    with psycopg.connect(url, autocommit=True) as db:
        while db.execute(_THERE, [DOOMED]).fetchall():
            db.execute("select pg_sleep(0.01)")


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

    if moment in ("before_request", "after_request"):
        InProcess.request = around_request(moment, die)  # type: ignore[method-assign]
    else:
        event.listen(target, "before_cursor_execute" if moment == "statement" else moment, die)


def around_request(moment: Moment, act: Callable[[], object]) -> Callable[..., Any]:
    """A request to the simulator with something done before it leaves or after it was done."""
    asked = InProcess.request

    def request(*given: Any, **more: Any) -> Any:
        if moment == "before_request":
            act()
        answer = asked(*given, **more)
        if moment == "after_request":
            act()
        return answer

    return request
