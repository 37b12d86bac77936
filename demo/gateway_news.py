"""What the gateways told of the company's last days: signed events, received as all are."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta

import stripe
from sqlalchemy import Connection, Engine, text

from core.charging.events import MOST_ATTEMPTS, handle, receive
from core.errors import SaldoError
from core.gateways.registry import SIMULATOR_SECRET
from core.gateways.simulator import paypal_money, paystack_money, sibling
from core.gateways.simulator.control import opened
from core.gateways.simulator.shapes import EVENT
from core.work import Office
from demo.world import World

Sent = tuple[str, Mapping[str, str], bytes]
TOLD = (
    ("refund.updated", "refunds", 2),
    ("charge.dispute.closed", "disputes", 1),
    ("payout.paid", "payouts", 2),
    ("radar.early_fraud_warning.created", "charges", 1),
)
"""Kinds of events at Stripe, what they are about, and how many of the newest; the last is unknown
to Saldo.
"""
SIBLINGS_TOLD = (
    ("paypal", "refund", "PAYMENT.CAPTURE.REFUNDED"),
    ("paypal", "capture", "PAYMENT.CAPTURE.COMPLETED"),
    ("paystack", "refund", "refund.processed"),
    ("paystack", "transaction", "charge.success"),
)
ATTACHED = "payment_method.attached"
MOST = 8
"""Events of Stripe that are received, the newest."""
_NEWEST_BODIES = """
select body from simulator.{table} order by created desc, id desc limit :most
"""
_NEWEST_OBJECT = text("""
select body from simulator.sibling_objects where provider = :provider and kind = :kind
order by created desc, seq desc limit 1
""")
_EVENTS = text("select body from simulator.events order by seq desc limit :most")
_AWAY = text("update simulator.customers set id = 'away_' || id where id = :id")
_BACK = text("update simulator.customers set id = substr(id, 6) where id = 'away_' || :id")


def arrive(world: World, engine: Engine) -> None:
    """Have the newest of what happened told and handled; one event fails until it is replayed.

    A company with real keys takes none of them: they are not signed by its accounts.
    """
    office = world.desk.office
    with engine.begin() as connection:
        sent = [*_of_stripe(connection, office), *_of_siblings(connection, office)]
    taken = {}
    for provider, headers, raw in sent:
        try:
            taken[receive(office, provider, raw, headers).event_id] = json.loads(raw)
        except SaldoError:
            return
        world.desk.clock.advance(timedelta(seconds=11))
    failing = next((n for n, body in taken.items() if body.get("type") == ATTACHED), None)
    if failing is not None:
        _fail(office, engine, failing, taken[failing]["data"]["object"]["customer"])
    for number in taken:
        handle(office, number)


def _of_stripe(connection: Connection, office: Office) -> Iterator[Sent]:
    store = opened(connection, office.clock)
    for kind, table, most in TOLD:
        newest = text(_NEWEST_BODIES.format(table=table))
        for body in connection.scalars(newest, {"most": most}).all():
            store.tell(kind, body)
    second = int(office.clock.now().timestamp())
    for body in reversed(connection.scalars(_EVENTS, {"most": MOST}).all()):
        raw = json.dumps(EVENT.whole(body)).encode()
        header = stripe.WebhookSignature.generate_signature_header(
            raw.decode(), SIMULATOR_SECRET, second
        )
        yield "stripe", {"stripe-signature": header}, raw


def _of_siblings(connection: Connection, office: Office) -> Iterator[Sent]:
    for provider, kind, told in SIBLINGS_TOLD:
        asked = {"provider": provider, "kind": kind}
        body = connection.scalar(_NEWEST_OBJECT, asked)
        if body is not None:
            money = paypal_money if provider == "paypal" else paystack_money
            money.tell(sibling.store_of(connection, provider, office.clock), told, body)
    for provider in ("paypal", "paystack"):
        for headers, raw in sibling.due(connection, provider):
            yield provider, headers, raw


def _fail(office: Office, engine: Engine, number: int, customer: str) -> None:
    """Handle an event about a card until it is given up, as its holder cannot be asked for."""
    with engine.begin() as connection:
        connection.execute(_AWAY, {"id": customer})
    for _ in range(MOST_ATTEMPTS):
        handle(office, number)
    with engine.begin() as connection:
        connection.execute(_BACK, {"id": customer})
