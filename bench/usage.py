"""How fast are usage events taken in against a bare COPY, and how long does a check take then?"""

import statistics
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from bench._company import Say, company
from core.access.authority import system
from core.clock import SystemClock
from core.db import app_engine
from core.office import share_evenly
from core.usage.checking import check
from core.usage.counting import UsageEvent
from core.usage.ingesting import MOST_EVENTS, ingest
from core.work import Office

EVENTS = 100_000
TENANTS = 50
CHECKS = 500
WRITERS = 4
ROUNDS = 5
MOST_TIMES_COPY = 5.0
MOST_CHECK_P99_MS = 300.0
METERS = ("max_shipments", "api_calls_daily", "max_users")
JOB = system("bench usage")
_LIMITS = """
insert into plan (id, slug, name, created_at) values (1000, 'free', 'Free', now());
insert into plan_limit (plan_id, name, quantity)
select id, unnest(array['max_shipments', 'max_users', 'api_calls_daily']), 1000000 from plan;
"""


def run(scale: float, say: Say) -> dict[str, Any]:
    """The time of taking events in over a bare COPY's, and the checks' 99th percentile."""
    share_evenly()
    with company(TENANTS, say) as made:
        office = Office(app_engine(made.url), SystemClock(), made.settings)
        with psycopg.connect(made.url) as db:
            tenants = [row[0] for row in db.execute("select id from tenant order by id")]
            db.execute(_LIMITS)
        count = max(int(EVENTS * scale), ROUNDS * MOST_EVENTS)
        say(f"Taking {count} events in, then a bare COPY of the same rows: {ROUNDS} times in turn")
        rounds = [_round(office, made.url, tenants, count // ROUNDS, n) for n in range(ROUNDS)]
        say(f"Checks while {WRITERS} threads take events in")
        waits, rate = _check_under_load(office, tenants, max(int(CHECKS * scale), 50))
        office.engine.dispose()
    ratio = statistics.median(took / copied for took, copied in rounds)
    took, copied = (sum(each) for each in zip(*rounds, strict=True))
    p99 = waits[len(waits) * 99 // 100] * 1_000
    return {
        "name": "usage",
        "ratio": round(ratio, 2),
        "rival": "a bare COPY of the same batches, a transaction each, into an identical table",
        "passed": ratio <= MOST_TIMES_COPY and p99 <= MOST_CHECK_P99_MS,
        "detail": {
            "events": count,
            "events_per_second": round(count / took),
            "copy_seconds": round(copied, 2),
            "ingest_seconds": round(took, 2),
            "check_p50_ms": round(waits[len(waits) // 2] * 1_000, 1),
            "check_p99_ms": round(p99, 1),
            "events_per_second_meanwhile": round(rate),
            "limits": {"ratio": MOST_TIMES_COPY, "check_p99_ms": MOST_CHECK_P99_MS},
        },
    }


def _round(
    office: Office, url: str, tenants: list[int], count: int, place: int
) -> tuple[float, float]:
    """Seconds to take events in, and to copy just them."""
    name = f"round-{place}"
    took = _ingest(office, _batches(tenants, count, name))
    with psycopg.connect(url) as db:
        return took, _copy(db, name)


def _batches(tenants: list[int], count: int, name: str) -> Iterator[list[UsageEvent]]:
    """Events of all tenants and meters over the last day, in batches."""
    now = datetime.now(UTC)
    for start in range(0, count, MOST_EVENTS):
        yield [
            UsageEvent(
                tenants[number % len(tenants)],
                f"{name}-{number:09d}",
                METERS[number % len(METERS)],
                now - timedelta(seconds=number % 86_400),
                Decimal(number % 1_000) / 100,
            )
            for number in range(start, min(start + MOST_EVENTS, count))
        ]


def _ingest(office: Office, batches: Iterator[list[UsageEvent]]) -> float:
    """Seconds of taking the batches in; making them up does not count."""
    took = 0.0
    for batch in batches:
        began = time.monotonic()
        with office.work(JOB) as work:
            ingest(work, batch)
        took += time.monotonic() - began
    return took


def _copy(db: psycopg.Connection, name: str) -> float:
    """Seconds to COPY a round's events, a batch a transaction, into a table of the same shape."""
    db.execute("create table if not exists copied_event (like usage_event including all)")
    own = "copy (select * from usage_event where event_id like %s) to stdout"
    with db.cursor().copy(own, (f"{name}-%",)) as out:
        rows = b"".join(bytes(block) for block in out).splitlines(keepends=True)
    db.commit()
    batches = [
        b"".join(rows[start : start + MOST_EVENTS]) for start in range(0, len(rows), MOST_EVENTS)
    ]
    began = time.monotonic()
    for batch in batches:
        with db.cursor().copy("copy copied_event from stdin") as into:
            into.write(batch)
        db.commit()
    return time.monotonic() - began


def _check_under_load(office: Office, tenants: list[int], checks: int) -> tuple[list[float], float]:
    """Sorted seconds of single checks, and the events a second taken in meanwhile."""
    stop = threading.Event()
    written = [0] * WRITERS

    def write(place: int) -> None:
        for turn in range(10**6):
            for batch in _batches(tenants, MOST_EVENTS, f"load-{place}-{turn}"):
                if stop.is_set():
                    return
                with office.work(JOB) as work:
                    ingest(work, batch)
                written[place] += len(batch)

    writers = [threading.Thread(target=write, args=(place,)) for place in range(WRITERS)]
    for writer in writers:
        writer.start()
    began, waits = time.monotonic(), []
    for number in range(checks):
        asked = time.monotonic()
        with office.work(JOB) as work:
            check(work, tenants[number % len(tenants)], METERS[number % len(METERS)])
        waits.append(time.monotonic() - asked)
    rate = sum(written) / (time.monotonic() - began)
    stop.set()
    for writer in writers:
        writer.join()
    return sorted(waits), rate
