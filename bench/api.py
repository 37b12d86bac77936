"""How long do answers of the API take for eight clients, and is a refund replayed by all but one?

A client alone has the whole web process. Eight that ask without a pause wait for each other, so
that eight times as long is what fair turns cost; what takes longer queues for something else.
"""

import http.client
import json
import math
import multiprocessing
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from bench._company import Say
from bench._served import MONTHS, demo_served, signed_in
from etl.days import months_back

CLIENTS = 8
MOST_TIMES_ALONE = 8.0
ROUNDS = 40
"""Times that each client asks for every route."""
REFUNDS = 25
AMOUNT_MINOR = 100
MOST_A_MINUTE = "1000000"
"""Requests of one caller; the pace of the API is not what is measured."""
READS = (
    "/sys/billing/metrics?month={month}-01&months=6",
    "/sys/billing/movements?from={first}&to={yesterday}",
    "/sys/billing/ar-ageing",
    "/sys/billing/cohorts?from={first}&to={yesterday}",
    "/sys/invoices?limit=50",
    "/sys/payments?limit=50",
    "/sys/subscriptions?limit=50",
    "/sys/tenants?limit=50",
    "/sys/payments/unmatched?limit=50",
    "/sys/billing/reconciliation?from={month}-01&to={yesterday}",
    "/admin/billing/plans",
    "/v1/plans",
)
_FORK = multiprocessing.get_context("fork")
Timed = list[tuple[str, int, float]]
"""Route, status and seconds of each request."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a client asks, as whom."""

    netloc: str
    cookie: str

    def ask(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
        key: str = "",
        kept: http.client.HTTPConnection | None = None,
    ) -> tuple[int, Any]:
        """Status and answer of a request; None where the answer is empty."""
        connection = kept or http.client.HTTPConnection(self.netloc, timeout=120)
        headers = {"Cookie": self.cookie, "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None


def run(scale: float, say: Say) -> dict[str, Any]:
    """Slowest hundredth of reads with one client and with eight; refunds made for each key."""
    rounds = max(int(ROUNDS * scale), 2)
    with demo_served(say, SALDO_REQUESTS_PER_MINUTE=MOST_A_MINUTE) as address:
        door = Door(urlsplit(address).netloc, signed_in(address, "super_admin"))
        _reads(door, 2)
        say("One client reads")
        alone = _reads(door, rounds)
        say(f"{CLIENTS} clients read")
        together = _by_all(_reads, door, rounds)
        say("A refund, replayed by all clients at once")
        replays, made = _refunds(door, max(int(REFUNDS * scale), 2), say)
    errors = [row for row in alone + together + replays if row[1] >= 400]
    ratio = _percentile(together, 99) / _percentile(alone, 99)
    return {
        "name": "api",
        "ratio": round(ratio, 2),
        "rival": "the slowest hundredth of one client alone",
        "passed": ratio <= MOST_TIMES_ALONE and not errors and set(made) == {1},
        "detail": {
            "clients": CLIENTS,
            "requests": len(alone) + len(together) + len(replays),
            "errors": len(errors),
            "first_errors": [f"{path}: {status}" for path, status, _ in errors[:10]],
            "alone_ms": _summary(alone),
            "together_ms": _summary(together),
            "replays_ms": _summary(replays),
            "slowest_routes_p99_ms": _slowest(together),
            "refund_keys": len(made),
            "refunds_per_key": sorted(set(made)),
            "limits": {"ratio": MOST_TIMES_ALONE, "errors": 0, "refunds_per_key": 1},
        },
    }


def _paths() -> list[str]:
    """The routes, asked of the months and days that the company has."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    first = months_back(yesterday.replace(day=1), MONTHS - 1)
    given = {"month": f"{yesterday:%Y-%m}", "first": first, "yesterday": yesterday}
    return [path.format(**given) for path in READS]


def _reads(door: Door, rounds: int) -> Timed:
    kept = http.client.HTTPConnection(door.netloc, timeout=120)
    found: Timed = []
    for _ in range(rounds):
        for path in _paths():
            began = time.monotonic()
            status, _answer = door.ask("GET", path, kept=kept)
            found.append((path, status, time.monotonic() - began))
    kept.close()
    return found


def _by_all(act: Any, *given: Any) -> Timed:
    """What every client found that acts at the same time as the others, in a process of its own."""
    with _FORK.Pool(CLIENTS) as pool:
        running = [pool.apply_async(act, given) for _ in range(CLIENTS)]
        return [row for each in running for row in each.get()]


def _refunds(door: Door, count: int, say: Say) -> tuple[Timed, list[int]]:
    """Replay a refund of each of some payments; the refunds that each has more afterwards."""
    chosen = _refundable(door, count)
    say(f"{len(chosen)} payments")
    before = {payment: _refunds_of(door, payment) for payment in chosen}
    replays = _by_all(_replay, door, chosen)
    return replays, [_refunds_of(door, payment) - before[payment] for payment in chosen]


def _refundable(door: Door, count: int) -> list[int]:
    _, found = door.ask("GET", "/sys/payments?status=captured&limit=200")
    chosen: list[int] = []
    for row in found["rows"]:
        path = f"/sys/payments/{row['id']}/refund/preview"
        status, _preview = door.ask("POST", path, {"amount_minor": AMOUNT_MINOR})
        if status == http.client.OK:
            chosen.append(row["id"])
        if len(chosen) == count:
            break
    assert chosen, "no payment of the company can be refunded"
    return chosen


def _refunds_of(door: Door, payment: int) -> int:
    _, found = door.ask("GET", f"/sys/payments/{payment}")
    return len(found["refunds"])


def _replay(door: Door, payments: list[int]) -> Timed:
    found: Timed = []
    for payment in payments:
        body = {"amount_minor": AMOUNT_MINOR, "reason": "a benchmark gives it back"}
        path = f"/sys/payments/{payment}/refund"
        began = time.monotonic()
        status, _answer = door.ask("POST", path, body, key=f"bench-refund-{payment}")
        found.append(("refund", status, time.monotonic() - began))
    return found


def _percentile(timed: Timed, share: int) -> float:
    """Seconds within which so many of a hundred requests were answered."""
    seconds = sorted(row[2] for row in timed)
    return seconds[math.ceil(share / 100 * len(seconds)) - 1]


def _summary(timed: Timed) -> dict[str, float]:
    return {f"p{share}": round(1_000 * _percentile(timed, share), 1) for share in (50, 99)}


def _slowest(timed: Timed) -> dict[str, float]:
    by_route = {path: [row for row in timed if row[0] == path] for path in _paths()}
    slow = {path: round(1_000 * _percentile(rows, 99), 1) for path, rows in by_route.items()}
    return dict(sorted(slow.items(), key=lambda each: -each[1])[:4])
