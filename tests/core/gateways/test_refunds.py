"""Refunds through the real library: once, whatever happens on the way (REF.1)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe
from sqlalchemy import Engine, text

from core.gateways.port import (
    GatewayRefused,
    GatewayUnsure,
    RefundAnswer,
    RefundOrder,
)
from core.gateways.simulator.control import set_clock
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_wire import RETRIES
from tests.core.gateways.conftest import NOW, a_charge, a_gateway, fault

Change = Callable[..., None]
ALL_TRIES = RETRIES + 1
DAY = 86_400


def order(charge: str, amount: int = 2_500, key: str = "refund-1") -> RefundOrder:
    return RefundOrder(key, charge, amount, "EUR")


def refunded(client: stripe.StripeClient, charge: str) -> int:
    return client.v1.charges.retrieve(charge).amount_refunded


def test_a_part_and_the_rest_are_refunded(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    charge = a_charge(client)
    part = gateway.refund(order(charge.id))
    rest = gateway.refund(order(charge.id, 7_500, "refund-2"))
    assert (part.status, rest.status, part.failure) == ("succeeded", "succeeded", None)
    after = client.v1.charges.retrieve(charge.id)
    assert (after.amount_refunded, after.refunded) == (10_000, True)


def test_a_payment_intent_is_refunded_through_its_charge(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    charge = a_charge(client)
    gateway.refund(order(str(charge.payment_intent)))
    assert refunded(client, charge.id) == 2_500
    found = gateway.find_refund(order(str(charge.payment_intent)))
    assert found is not None


def test_more_than_the_rest_is_refused_and_nothing_moves(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    charge = a_charge(client)
    gateway.refund(order(charge.id, 6_000))
    with pytest.raises(GatewayRefused, match="greater than unrefunded amount"):
        gateway.refund(order(charge.id, 4_001, "refund-2"))
    assert refunded(client, charge.id) == 6_000


def test_a_refunded_charge_takes_no_further_refund(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    charge = a_charge(client)
    gateway.refund(order(charge.id, 10_000))
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.refunds.create({"charge": charge.id})
    assert refusal.value.code == "charge_already_refunded"
    with pytest.raises(GatewayRefused, match="already been refunded"):
        gateway.refund(order(charge.id, 1, "refund-2"))


def test_an_unknown_charge_is_refused(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused, match="No such charge"):
        gateway.refund(order("ch_nowhere"))


def test_a_repeated_order_returns_the_first_refund_also_after_a_restart(
    client: stripe.StripeClient, gateway: StripeGateway, engine: Engine
) -> None:
    charge = a_charge(client)
    first = gateway.refund(order(charge.id))
    assert gateway.refund(order(charge.id)) == first
    assert a_gateway(engine).refund(order(charge.id)) == first
    assert refunded(client, charge.id) == 2_500


def test_a_key_used_for_another_amount_is_refused(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    charge = a_charge(client)
    gateway.refund(order(charge.id))
    with pytest.raises(GatewayRefused, match="same parameters") as refusal:
        gateway.refund(order(charge.id, 2_501))
    assert isinstance(refusal.value.__cause__, stripe.IdempotencyError)
    assert refunded(client, charge.id) == 2_500


def test_a_request_that_was_malformed_leaves_its_key_unused(client: stripe.StripeClient) -> None:
    charge = a_charge(client)
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"charge": charge.id, "amount": 0}, {"idempotency_key": "k"})
    client.v1.refunds.create({"charge": charge.id, "amount": 1}, {"idempotency_key": "k"})


def test_a_refusal_is_remembered_under_its_key(client: stripe.StripeClient) -> None:
    charge = a_charge(client)
    for _ in range(2):
        with pytest.raises(stripe.InvalidRequestError, match="greater than"):
            client.v1.refunds.create(
                {"charge": charge.id, "amount": 10_001}, {"idempotency_key": "k"}
            )


@pytest.mark.parametrize("kind", ["error_before", "lost_before", "lost_after"])
def test_the_library_heals_a_single_failure_under_the_same_key(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change, kind: str
) -> None:
    charge = a_charge(client)
    change(fault, kind)
    answer = gateway.refund(order(charge.id))
    assert answer.status == "succeeded"
    assert refunded(client, charge.id) == 2_500


def test_a_time_out_after_the_effect_is_unsure_and_the_refund_is_found(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change, engine: Engine
) -> None:
    charge = a_charge(client)
    change(fault, "lost_after", ALL_TRIES)
    with pytest.raises(GatewayUnsure):
        gateway.refund(order(charge.id))
    found = a_gateway(engine).find_refund(order(charge.id))
    assert found is not None
    assert found.status == "succeeded"
    assert gateway.refund(order(charge.id)) == found
    assert refunded(client, charge.id) == 2_500


def test_a_500_after_the_effect_stays_under_the_key_but_the_one_refund_is_found(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client)
    change(fault, "error_after")
    for _ in range(2):
        with pytest.raises(GatewayUnsure):
            gateway.refund(order(charge.id))
    found = gateway.find_refund(order(charge.id))
    assert found is not None
    assert found.status == "succeeded"
    assert refunded(client, charge.id) == 2_500


def test_a_failure_before_the_effect_finds_no_refund_and_the_order_may_be_repeated(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client)
    change(fault, "lost_before", ALL_TRIES)
    with pytest.raises(GatewayUnsure):
        gateway.refund(order(charge.id))
    assert gateway.find_refund(order(charge.id)) is None
    gateway.refund(order(charge.id))
    assert refunded(client, charge.id) == 2_500


def test_the_refund_of_another_key_is_not_ours(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    charge = a_charge(client)
    gateway.refund(order(charge.id, key="refund-11"))
    client.v1.refunds.create({"charge": charge.id, "amount": 2_500})
    assert gateway.find_refund(order(charge.id, key="refund-1")) is None


def test_ours_is_found_behind_more_than_a_page_of_refunds_when_its_key_is_long_forgotten(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change, engine: Engine
) -> None:
    charge = a_charge(client)
    first = gateway.refund(order(charge.id))
    with engine.begin() as connection:
        connection.execute(
            text(
                "insert into simulator.refunds (id, created, body) "
                "select 're_' || n, created, body || jsonb_build_object('id', 're_' || n, "
                "'metadata', jsonb_build_object()) "
                "from simulator.refunds, generate_series(1, 250) n"
            )
        )
    change(set_clock, NOW + 3 * DAY)
    assert gateway.find_refund(order(charge.id)) == first


def test_a_payment_with_too_many_refunds_to_look_through_is_unsure(
    client: stripe.StripeClient, gateway: StripeGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    charge = a_charge(client)
    gateway.refund(order(charge.id, key="refund-1"))
    gateway.refund(order(charge.id, key="refund-2"))
    monkeypatch.setattr("core.gateways.stripe_gateway.MOST_REFUNDS", 1)
    with pytest.raises(GatewayUnsure, match="more than 1 refunds"):
        gateway.find_refund(order(charge.id, key="refund-1"))


def test_a_forgotten_key_makes_a_new_refund(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client)
    gateway.refund(order(charge.id))
    change(set_clock, NOW + DAY)
    gateway.refund(order(charge.id))
    assert refunded(client, charge.id) == 5_000


def test_eight_at_once_under_one_key_pay_back_once(
    client: stripe.StripeClient, engine: Engine
) -> None:
    charge = a_charge(client)
    asking = [a_gateway(engine) for _ in range(8)]

    def ask(gateway: StripeGateway) -> RefundAnswer | None:
        try:
            return gateway.refund(order(charge.id))
        except GatewayUnsure:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(ask, asking)) - {None}
    assert len(answers) == 1
    assert refunded(client, charge.id) == 2_500


def test_eight_at_once_under_eight_keys_never_pay_back_more_than_was_paid(
    client: stripe.StripeClient, engine: Engine
) -> None:
    charge = a_charge(client)
    asking = [(a_gateway(engine), order(charge.id, 3_000, f"refund-{n}")) for n in range(8)]

    def ask(one: tuple[StripeGateway, RefundOrder]) -> bool:
        try:
            one[0].refund(one[1])
        except GatewayRefused:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(ask, asking))
    assert done.count(True) == 3
    assert refunded(client, charge.id) == 9_000


def test_a_second_request_while_the_first_is_in_flight_is_told_so(
    client: stripe.StripeClient, engine: Engine
) -> None:
    charge = a_charge(client)
    with engine.begin() as first:
        first.execute(
            text("select pg_advisory_xact_lock(hashtextextended('simulator:refund-1', 0))")
        )
        with pytest.raises(stripe.APIError) as refusal:
            client.v1.refunds.create({"charge": charge.id}, {"idempotency_key": "refund-1"})
        assert refusal.value.http_status == 409
        assert refusal.value.error is not None
        assert refusal.value.error.code == "idempotency_key_in_use"
        with pytest.raises(GatewayUnsure, match="another request in progress"):
            a_gateway(engine).refund(order(charge.id))
    assert refunded(client, charge.id) == 0


def test_a_pending_refund_succeeds_later(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client, card="pm_card_pendingRefund")
    assert gateway.refund(order(charge.id)).status == "pending"
    change(set_clock, NOW + 59)
    assert gateway.find_refund(order(charge.id)).status == "pending"  # type: ignore[union-attr]
    change(set_clock, NOW + 60)
    assert gateway.find_refund(order(charge.id)).status == "succeeded"  # type: ignore[union-attr]


def test_a_refund_that_comes_back_fails_and_gives_the_money_back(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client, card="pm_card_refundFail")
    assert gateway.refund(order(charge.id)).status == "succeeded"
    change(set_clock, NOW + 60)
    found = gateway.find_refund(order(charge.id))
    assert found is not None
    assert (found.status, found.failure) == ("failed", "expired_or_canceled_card")
    assert refunded(client, charge.id) == 0
    lines = client.v1.balance_transactions.list({"source": found.provider_refund_id})
    assert [(line.type, line.net) for line in lines.data] == [
        ("refund_failure", 2_500),
        ("refund", -2_500),
    ]


def test_a_disputed_charge_is_not_refunded(
    client: stripe.StripeClient, gateway: StripeGateway, engine: Engine
) -> None:
    charge = a_charge(client)
    with engine.begin() as connection:
        connection.execute(
            text("""update simulator.charges set body = body || '{"disputed": true}'""")
        )
    with pytest.raises(GatewayRefused, match="charged back"):
        gateway.refund(order(charge.id))


def test_the_database_keeps_a_charge_from_being_refunded_above_its_amount(engine: Engine) -> None:
    with engine.begin() as connection, pytest.raises(Exception, match="ck_charges_refunded_within"):
        connection.execute(
            text(
                "insert into simulator.charges (id, created, body) values "
                """('ch_1', 1, '{"amount_captured": 5, "amount_refunded": 6}')"""
            )
        )
