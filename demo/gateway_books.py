"""What the gateways' own books have otherwise than the company's, and their daily comparison."""

import json
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import Connection, Engine, text

from core.clock import start_of_day
from core.gateways.models import PROVIDERS
from core.gateways.simulator.shapes import BALANCE_TRANSACTION
from core.reconciliation import history
from core.reconciliation.models import PULLS, GatewayPull
from core.reconciliation.run import run_reconcile
from core.work import Work
from demo.calendar import DAY
from demo.world import World

READ_DAYS = 62
"""How far back the gateways' ledgers are read."""
KEPT_DAYS = 30
"""Days of history that the company has of its reconciliation."""
_UNPAID = text("""
-- Charges at Stripe that wait for their payout, by currency, the oldest first.
select id, created, body from simulator.balance_transactions
where payout is null and body ->> 'type' = 'charge' and created < :before
order by body ->> 'currency', created, id
""")
_CHANGE = text("""
update simulator.balance_transactions set body = body || cast(:change as jsonb) where id = :id
""")
_FORGET = text("delete from simulator.balance_transactions where id = :id")
_ADD = text("""
insert into simulator.balance_transactions (id, created, body)
values (:id, :created, cast(:body as jsonb)) on conflict do nothing
""")
_IN_ANOTHER_CURRENCY = text("""
-- PayPal settled its newest payment in another currency than was asked for.
update simulator.sibling_objects
set body = jsonb_set(body, '{transaction_info,transaction_amount,currency_code}',
  to_jsonb(case body #>> '{transaction_info,transaction_amount,currency_code}'
    when 'EUR' then 'USD' else 'EUR' end))
where (provider, kind, id) = (
  select provider, kind, id from simulator.sibling_objects
  where provider = 'paypal' and kind = 'row' and created < :before
    and body #>> '{transaction_info,transaction_event_code}' = 'T0006'
  order by created desc, id limit 1
)
""")
Line = dict[str, Any]


def keep(world: World, engine: Engine) -> None:
    """Let the gateways differ a little from the books, read them, and keep the last weeks' days."""
    with engine.begin() as connection:
        _differ(connection, world.until)
    world.desk.job("reconcile", lambda work: _begin(work, world.until - READ_DAYS * DAY))
    run_reconcile(world.desk.office)
    world.desk.job("reconcile", lambda work: _look_back(work, world.until))


def _begin(work: Work, day: date) -> None:
    """Reading begins some months ago, when the company began to reconcile."""
    at = start_of_day(day, work.settings.billing_timezone)
    work.session.add_all(
        GatewayPull(
            provider=provider,
            kind=kind,
            since_at=at,
            reached_at=at,
            tried_at=work.now,
            changed_at=work.now,
        )
        for provider in PROVIDERS
        for kind in PULLS
    )


def _look_back(work: Work, until: date) -> None:
    for back in range(KEPT_DAYS, 0, -1):
        day = until - back * DAY
        history.note_day(work, day, history.clearing(work, day).totals)


def _differ(connection: Connection, until: date) -> None:
    """One difference of each kind, on lines that no payout has paid yet."""
    night = _second(until - DAY)
    unpaid = [dict(row._mapping) for row in connection.execute(_UNPAID, {"before": night})]
    acts = (_dearer, _more, _less, _twice, _gone)
    for line, act in zip(unpaid, acts, strict=False):
        act(connection, line)
    connection.execute(_IN_ANOTHER_CURRENCY, {"before": night})
    _add(connection, "txn_billing_fee", "fee", _second(until - 20 * DAY), -29_500, "sek")
    _add(connection, "txn_elsewhere", "charge", _second(until - 12 * DAY), 149_000, "sek", 2_415)
    _add(connection, "txn_evening", "charge", _second(until) + 11 * 3_600, 99_000, "sek", 1_665)


def _dearer(connection: Connection, line: Line) -> None:
    """A foreign card cost more than the usual fee."""
    _restate(connection, line, line["body"]["amount"], line["body"]["fee"] + 240)


def _more(connection: Connection, line: Line) -> None:
    _restate(connection, line, line["body"]["amount"] + 500, line["body"]["fee"])


def _less(connection: Connection, line: Line) -> None:
    _restate(connection, line, line["body"]["amount"] - 500, line["body"]["fee"])


def _twice(connection: Connection, line: Line) -> None:
    """The card was charged a second time."""
    number = f"{line['id']}_again"
    body = line["body"] | {"id": number}
    created = line["created"] + 60
    connection.execute(_ADD, {"id": number, "created": created, "body": json.dumps(body)})


def _gone(connection: Connection, line: Line) -> None:
    """The gateway knows nothing of a payment that the books have."""
    connection.execute(_FORGET, {"id": line["id"]})


def _restate(connection: Connection, line: Line, amount: int, fee: int) -> None:
    change = {"amount": amount, "fee": fee, "net": amount - fee}
    connection.execute(_CHANGE, {"id": line["id"], "change": json.dumps(change)})


def _add(
    connection: Connection,
    number: str,
    kind: str,
    created: int,
    amount: int,
    currency: str,
    fee: int = 0,
) -> None:
    body = dict(BALANCE_TRANSACTION.usual) | {
        "id": number,
        "object": "balance_transaction",
        "created": created,
        "amount": amount,
        "fee": fee,
        "net": amount - fee,
        "fee_details": [],
        "currency": currency,
        "available_on": created + 2 * 86_400,
        "status": "available",
        "reporting_category": kind,
        "type": "stripe_fee" if kind == "fee" else kind,
        "source": number.replace("txn_", "ch_") if kind == "charge" else None,
    }
    connection.execute(_ADD, {"id": number, "created": created, "body": json.dumps(body)})


def _second(day: date) -> int:
    return int(datetime.combine(day, time(9), UTC).timestamp())
