"""Faults on order: the next calls that match are slow, fail, or get no answer."""

import time
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection, text

from core.gateways.simulator.wire import Answer, Problem

Kind = Literal["delay", "error_before", "error_after", "lost_before", "lost_after", "too_many"]
LONGEST_DELAY_MS = 60_000
_NEXT = """
update simulator.faults set remaining = remaining - 1
where id = (
  select id from simulator.faults
  where remaining > 0
    and coalesce(method, :method) = :method
    and starts_with(:path, path)
  order by id
  limit 1
  for update
)
returning kind, delay_ms
"""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with a call."""

    kind: Kind
    delay_ms: int = 0

    def wait(self) -> None:
        """Take as long as the fault says."""
        time.sleep(min(self.delay_ms, LONGEST_DELAY_MS) / 1000)


class ConnectionLost(ConnectionAbortedError):
    """The connection breaks without an answer; a server closes it, in process it is raised."""


def order(
    connection: Connection,
    kind: Kind,
    *,
    calls: int = 1,
    method: str | None = None,
    path: str = "/",
    delay_ms: int = 0,
) -> None:
    """Have the next calls of a method, to paths that begin so, go wrong.

    `error_…` is a 500, `lost_…` no answer at all; `…_after` comes when the effect is kept. The
    500 after the effect is what the key then answers for ever; one before leaves the key unused.
    `too_many` is a 429 that asks to wait for the delay.
    """
    connection.execute(
        text(
            "insert into simulator.faults (kind, remaining, method, path, delay_ms) "
            "values (:kind, :calls, :method, :path, :delay_ms)"
        ),
        {"kind": kind, "calls": calls, "method": method, "path": path, "delay_ms": delay_ms},
    )


def forget(connection: Connection) -> None:
    """Let every call go well again."""
    connection.execute(text("delete from simulator.faults"))


def take(connection: Connection, method: str, path: str) -> Fault | None:
    """The fault of this call, used up by one."""
    found = connection.execute(text(_NEXT), {"method": method, "path": path}).one_or_none()
    return Fault(found.kind, found.delay_ms) if found else None


def too_many(fault: Fault) -> Answer:
    """A 429 as the gateway words it; the fault's delay is how long it asks to wait."""
    problem = Problem(429, "Too many requests hit the API too quickly.", code="rate_limit")
    wait = (("Retry-After", str(-(-fault.delay_ms // 1000))),)
    headers = (*wait, ("Stripe-Rate-Limited-Reason", "global-rate"))
    return replace(Answer.of(problem.body, problem.status), headers=headers)


def server_error() -> Answer:
    """A 500 as the gateway words it."""
    problem = Problem(500, "An unknown error occurred", type="api_error")
    return Answer.of(problem.body, problem.status)
