"""How often one caller may ask: a bucket of requests that fills up again by the minute."""

import hashlib
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import too_often
from api.gate import is_door
from api.requests import client_ip, session_token

ADDRESS_FACTOR = 4
"""An address may ask so many times as often as a caller, since offices share one."""
PROOFS = ("/login", "/confirm")
PROOFS_PER_MINUTE = 120
"""Passwords that an address may have judged; each costs much time by design."""
MOST_KEPT = 20_000
"""Callers remembered at a time; of more, those that were heard of longest ago are forgotten."""


@dataclass
class Bucket:
    """What a caller has left, and when that was so; requests and seconds."""

    left: float
    at: float


class Buckets:
    """What callers have left of so many requests a minute, all of which may come at once."""

    def __init__(self, per_minute: int, clock: Callable[[], float]) -> None:
        self._most, self._clock = per_minute, clock
        self._kept: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, name: str) -> int:
        """Take one request; 0, or the whole seconds until there is one."""
        now = self._clock()
        kept = self._kept.pop(name, None) or Bucket(self._most, now)
        left = min(self._most, kept.left + (now - kept.at) * self._most / 60)
        self._kept[name] = Bucket(left - 1 if left >= 1 else left, now)
        if len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)
        return 0 if left >= 1 else math.ceil((1 - left) * 60 / self._most)


class Paced:
    """Pure ASGI around the doors that answer without a page: sign-in, prices and the HTTP API."""

    def __init__(
        self, app: ASGIApp, *, per_minute: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.app = app
        self._callers = Buckets(per_minute, clock)
        self._addresses = Buckets(per_minute * ADDRESS_FACTOR, clock)
        self._proofs = Buckets(PROOFS_PER_MINUTE, clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or answer 429 with the seconds to wait."""
        if scope["type"] != "http" or not is_door(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        address = client_ip(request) or "unknown"
        # Whoever makes up a new key for each request is still at one address.
        wait = self._addresses.take(address) or self._callers.take(_caller(request) or address)
        if not wait and request.method == "POST" and scope["path"] in PROOFS:
            wait = self._proofs.take(address)
        await (too_often(wait) if wait else self.app)(scope, receive, send)


def _caller(request: Request) -> str | None:
    """A name for the key or session that was given, true or not; None without one."""
    given = request.headers.get("authorization") or session_token(request.scope)
    return hashlib.sha256(given.encode()).hexdigest() if given else None
