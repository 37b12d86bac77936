"""Events on their way to our webhooks: signed, late, twice or out of order when so ordered."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import stripe
from sqlalchemy import Connection, Engine, text

from core.gateways.simulator.shapes import EVENT

Send = Callable[[str, Mapping[str, str], bytes], int]
"""Sends headers and body to an address; returns the HTTP status, 0 when nobody answered."""
MOST_AT_ONCE = 200
PAUSES = (60, 300, 1_800, 7_200, 18_000, 36_000, 36_000, 43_200, 43_200, 43_200)
"""Seconds between the attempts; after the last one the gateway gives up."""
_TAKE = """
-- Which deliveries are due? One row per delivery, put off until after the next pause.
with due as (
  select id, deliver_at as was_at from simulator.deliveries
  where deliver_at <= :now and not (select stopped from simulator.chaos)
  order by deliver_at, id
  limit :most
  for update skip locked
)
update simulator.deliveries d
set attempts = attempts + 1,
  deliver_at = cast(:now as bigint) + (cast(:pauses as bigint[]))[attempts + 1]
from due, simulator.webhook_endpoints e, simulator.events v
where d.id = due.id and e.id = d.endpoint_id and v.id = d.event_id
returning d.id, e.url, e.secret, v.body, due.was_at
"""


@dataclass(frozen=True)
class _Delivery:
    id: int
    url: str
    secret: str
    raw: bytes


def listen(connection: Connection, url: str, secret: str) -> None:
    """Have every event from now on delivered to an address, signed with a secret."""
    connection.execute(
        text(
            "insert into simulator.webhook_endpoints (url, secret) values (:url, :secret) "
            "on conflict (url) do update set secret = excluded.secret"
        ),
        {"url": url, "secret": secret},
    )


def disturb(
    connection: Connection,
    *,
    delay_s: int = 0,
    reorder_s: int = 0,
    duplicate_percent: int = 0,
    stopped: bool = False,
) -> None:
    """Deliver the events to come late, within a span out of order, some twice; or stop.

    Which ones is decided by the simulator's seed. Without arguments all is well again.
    """
    connection.execute(
        text(
            "update simulator.chaos set delay_s = :delay_s, reorder_s = :reorder_s, "
            "duplicate_percent = :duplicate_percent, stopped = :stopped"
        ),
        {
            "delay_s": delay_s,
            "reorder_s": reorder_s,
            "duplicate_percent": duplicate_percent,
            "stopped": stopped,
        },
    )


def queue(connection: Connection, event_id: str, now: int, seed: int) -> int:
    """Have an event delivered to every endpoint; returns how many deliveries wait."""
    rows = connection.execute(
        text(
            "select e.id, c.delay_s, c.reorder_s, c.duplicate_percent "
            "from simulator.webhook_endpoints e, simulator.chaos c order by e.id"
        )
    ).all()
    waiting = [
        {
            "endpoint": row.id,
            "event": event_id,
            "at": now + row.delay_s + _chance(seed, event_id, row.id, turn) % (row.reorder_s + 1),
        }
        for row in rows
        for turn in range(1 + (_chance(seed, event_id, row.id, -1) % 100 < row.duplicate_percent))
    ]
    if waiting:
        connection.execute(
            text(
                "insert into simulator.deliveries (endpoint_id, event_id, deliver_at) "
                "values (:endpoint, :event, :at)"
            ),
            waiting,
        )
    return len(waiting)


def deliver(engine: Engine, send: Send, now: datetime) -> int:
    """Send what is due, each signed at `now`; returns how many were sent.

    What is not answered with a 2xx comes again after a pause, the last time three days later.
    The pause is written before anything is sent: a crash repeats a delivery, and loses none.
    """
    second = int(now.timestamp())
    with engine.begin() as connection:
        due = _due(connection, second)
    for each in due:
        answered = send(each.url, _headers(each, second), each.raw)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "update simulator.deliveries set answered = :answered, deliver_at = "
                    "case when :answered between 200 and 299 then null else deliver_at end "
                    "where id = :id"
                ),
                {"id": each.id, "answered": answered},
            )
    return len(due)


def _due(connection: Connection, now: int) -> list[_Delivery]:
    rows = connection.execute(
        text(_TAKE), {"now": now, "most": MOST_AT_ONCE, "pauses": list(PAUSES)}
    ).all()
    return [
        _Delivery(row.id, row.url, row.secret, json.dumps(EVENT.whole(row.body), indent=2).encode())
        for row in sorted(rows, key=lambda row: (row.was_at, row.id))
    ]


def _headers(delivery: _Delivery, now: int) -> dict[str, str]:
    signature = stripe.WebhookSignature.generate_signature_header(
        delivery.raw.decode(), delivery.secret, now
    )
    return {
        "content-type": "application/json; charset=utf-8",
        "stripe-signature": signature,
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }


def _chance(*given: object) -> int:
    """A number that looks random and is the same for the same things."""
    return int.from_bytes(hashlib.sha256(repr(given).encode()).digest()[:4], "big")
