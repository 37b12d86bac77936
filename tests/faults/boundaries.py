"""Breaks an act at each of its boundaries, one after another, by kill -9 or by an injected failure.

The boundaries are those at which a process can be parted from what it did: before and after each
commit, before a request leaves for a gateway, and after the gateway did it, before its answer is
read.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal, get_args

import pytest
import stripe
from sqlalchemy import event
from sqlalchemy.orm import Session

from bench._truths import breaks
from core.errors import SaldoError
from core.gateways.simulator.in_process import InProcess
from core.work import Office
from tests.killing import Moment, around_request, survives

How = Literal["killed", "failing"]
COMMITS: tuple[Moment, ...] = ("before_commit", "after_commit")
REQUESTS: tuple[Moment, ...] = ("before_request", "after_request")
MOST_BOUNDARIES = 60
every_way = pytest.mark.parametrize("how", get_args(How))
at_every_boundary = pytest.mark.parametrize("moment", COMMITS + REQUESTS)
at_every_commit = pytest.mark.parametrize("moment", COMMITS)


class Injected(Exception):
    """What a defect or a broken connection raises, where nobody expects it."""


@dataclass
class Flow:
    """Something that moves money.

    `arrange` makes a case of its own for every attempt, `act` is what breaks, `restart` what a
    server does by itself afterwards, and `check` says what became of the case.
    """

    office: Office
    url: str
    arrange: Callable[[], Any]
    act: Callable[[Office, Any], object]
    restart: Callable[[], object]
    check: Callable[[Any], object]

    def broken_everywhere(self, how: How, moment: Moment) -> int:
        """Break it at its first boundary of a kind, its second, until it has no more.

        How many there were. Each time the restart must bring it to its end.
        """
        for nth in range(1, MOST_BOUNDARIES):
            case = self.arrange()
            whole = self._attempt(how, case, moment, nth)
            assert_holds(self.office, settled=False)
            self.restart()
            self.check(case)
            assert_holds(self.office)
            if whole:
                return nth - 1
        raise AssertionError("it does not come to an end")

    def _attempt(self, how: How, case: Any, moment: Moment, nth: int) -> bool:
        """Whether it came to its end before its nth boundary."""
        if how == "killed":
            return survives(self.office, self.url, lambda at: self.act(at, case), moment, nth)
        with failing(moment, nth) as reached:
            try:
                self.act(self.office, case)
            except (Injected, SaldoError):
                assert reached
        return not reached


def assert_holds(office: Office, *, settled: bool = True) -> None:
    """Nothing of what must be true is broken."""
    found = breaks(office, settled=settled)
    assert not found, "; ".join(found)


@contextmanager
def failing(moment: Moment, nth: int) -> Iterator[list[int]]:
    """Raise at the nth boundary; what is given is empty until then.

    A commit raises what nobody expects. The connection to the gateway breaks, and stays so.
    """
    seen, reached = [0], list[int]()

    def fail(*_: object) -> None:
        seen[0] += 1
        if seen[0] == nth or (seen[0] > nth and moment in REQUESTS):
            reached.append(seen[0])
            raise (_lost() if moment in REQUESTS else Injected)

    if moment in REQUESTS:
        was = InProcess.request
        InProcess.request = around_request(moment, fail)  # type: ignore[method-assign]
        try:
            yield reached
        finally:
            InProcess.request = was  # type: ignore[method-assign]
        return
    event.listen(Session, moment, fail)
    try:
        yield reached
    finally:
        event.remove(Session, moment, fail)


def _lost() -> Exception:
    return stripe.APIConnectionError(  # type: ignore[no-untyped-call]
        "The connection to the gateway was lost", should_retry=True
    )
