"""Events reach our webhooks signed, again until answered, late or twice when so ordered (PAY.4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import stripe
from sqlalchemy import Engine, text

from core.gateways.port import GatewayEvent
from core.gateways.simulator import deliveries
from core.gateways.simulator.control import set_clock
from core.gateways.simulator.deliveries import PAUSES, deliver, disturb, listen, queue
from core.gateways.stripe_gateway import StripeGateway
from tests.core.gateways.conftest import NOW, SECRET, a_charge

Change = Callable[..., None]
HOOK = "https://saldo.example/my-billing/webhook/stripe"
TIME = datetime.fromtimestamp(NOW, UTC)


@dataclass
class Inbox:
    """The webhook: reads what comes with the real client, and answers as it was told."""

    gateway: StripeGateway
    status: int = 200
    now: datetime = TIME
    events: list[GatewayEvent] = field(default_factory=list)

    def __call__(self, url: str, headers: Mapping[str, str], raw: bytes) -> int:
        assert url == HOOK
        self.events.append(self.gateway.read_event(raw, headers, self.now))
        return self.status

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def come(self, engine: Engine, after: int = 0) -> int:
        """Have everything delivered that is due so many seconds later."""
        self.now = TIME + timedelta(seconds=after)
        return deliver(engine, self, self.now)


@pytest.fixture
def inbox(gateway: StripeGateway, change: Change) -> Inbox:
    change(listen, HOOK, SECRET)
    return Inbox(gateway)


PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def test_every_event_arrives_signed_once_and_in_order(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox
) -> None:
    a_charge(client)
    assert inbox.come(engine) == 3
    assert inbox.kinds == PAID
    listed = {event.id: event for event in client.v1.events.list().data}
    for event in inbox.events:
        assert event.body == listed[event.event_id].to_dict()
    assert inbox.come(engine, 10**7) == 0


def test_nothing_is_kept_for_nobody(
    client: stripe.StripeClient, gateway: StripeGateway, engine: Engine, change: Change
) -> None:
    a_charge(client)
    change(listen, HOOK, SECRET)
    assert Inbox(gateway).come(engine) == 0


def test_an_endpoint_that_is_named_again_gets_the_new_secret_and_no_second_delivery(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, change: Change
) -> None:
    change(listen, HOOK, "whsec_new")
    a_charge(client)
    inbox.gateway._webhook_secrets = ("whsec_new",)
    assert inbox.come(engine) == 3


@pytest.mark.parametrize("status", [500, 400, 302, 0])
def test_what_is_not_answered_comes_again_later_with_the_same_id(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, status: int
) -> None:
    a_charge(client)
    inbox.status = status
    inbox.come(engine)
    assert inbox.come(engine, PAUSES[0] - 1) == 0
    inbox.status = 204
    assert inbox.come(engine, PAUSES[0]) == 3
    first, second = inbox.events[:3], inbox.events[3:]
    assert [event.event_id for event in first] == [event.event_id for event in second]
    assert inbox.come(engine, 10**7) == 0


def test_the_gateway_gives_up_in_the_end(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox
) -> None:
    client.v1.customers.create({"name": "A"})
    inbox.status = 500
    after = 0
    for pause in (*PAUSES, 10**7):
        assert inbox.come(engine, after) == 1
        after += pause
    assert inbox.come(engine, after) == 0
    with engine.connect() as connection:
        row = connection.execute(text("select * from simulator.deliveries")).one()
    assert (row.attempts, row.answered, row.deliver_at) == (len(PAUSES) + 1, 500, None)


def test_a_crash_while_sending_repeats_the_delivery_and_loses_none(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox
) -> None:
    a_charge(client)

    def crash(_url: str, _headers: Mapping[str, str], _raw: bytes) -> int:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        deliver(engine, crash, TIME)
    assert inbox.come(engine) == 0
    assert inbox.come(engine, PAUSES[0]) == 3


def test_a_delay_holds_every_event_back(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, change: Change
) -> None:
    change(disturb, delay_s=30)
    a_charge(client)
    assert inbox.come(engine, 29) == 0
    assert inbox.come(engine, 30) == 3


def test_a_duplicate_is_the_same_event_twice(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, change: Change
) -> None:
    change(disturb, duplicate_percent=100)
    a_charge(client)
    assert inbox.come(engine) == 6
    assert len({event.event_id for event in inbox.events}) == 3
    assert sorted(inbox.kinds) == sorted(PAID * 2)


def test_events_can_arrive_in_another_order_than_they_happened(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, change: Change
) -> None:
    change(disturb, reorder_s=600)
    for _ in range(5):
        a_charge(client)
    with engine.connect() as connection:
        planned = connection.scalars(
            text("select event_id from simulator.deliveries order by deliver_at, id")
        ).all()
    inbox.come(engine, 600)
    assert [event.event_id for event in inbox.events] == planned
    assert inbox.kinds != PAID * 5
    assert sorted(inbox.kinds) == sorted(PAID * 5)


def test_of_many_deliveries_the_longest_waiting_go_first(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MOST_AT_ONCE", 2)
    a_charge(client)
    assert (inbox.come(engine), inbox.kinds) == (2, PAID[:2])
    assert (inbox.come(engine), inbox.kinds) == (1, PAID)


@pytest.mark.usefixtures("inbox")
def test_the_seed_decides_which_events_are_disturbed(engine: Engine, change: Change) -> None:
    change(disturb, reorder_s=600, duplicate_percent=50)

    def course(seed: int) -> list[int]:
        with engine.begin() as connection:
            connection.execute(text("delete from simulator.deliveries"))
            for place in range(20):
                queue(connection, f"evt_{place}", NOW, seed)
            return list(
                connection.scalars(text("select deliver_at from simulator.deliveries order by id"))
            )

    first = course(7)
    assert first == course(7)
    assert first != course(8)
    assert 20 < len(first) < 40


def test_a_stopped_delivery_goes_on_where_it_stopped(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, change: Change
) -> None:
    change(disturb, stopped=True)
    a_charge(client)
    assert inbox.come(engine, 3_600) == 0
    change(disturb)
    assert inbox.come(engine, 3_600) == 3
    assert inbox.kinds == PAID


def test_a_refused_request_tells_nothing_and_a_decline_tells_of_itself(
    client: stripe.StripeClient, engine: Engine, inbox: Inbox, change: Change
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"charge": "ch_nowhere"})
    with pytest.raises(stripe.CardError):
        a_charge(client, card="pm_card_chargeCustomerFail")
    inbox.come(engine)
    assert inbox.kinds[-2:] == ["charge.failed", "payment_intent.payment_failed"]
    change(set_clock, NOW + 60)
    assert inbox.come(engine, 60) == 0
