"""The gateway's ledger and its payouts, read whole or not at all (PAY.3, REC.1)."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import stripe
from sqlalchemy import Connection, Engine, text

from core.gateways.port import GatewayRefused, GatewayUnsure, LedgerLine, RefundOrder
from core.gateways.simulator import payouts
from core.gateways.simulator.control import opened, pay_out_daily, set_clock
from core.gateways.simulator.payouts import ITEMISED_AFTER
from core.gateways.stripe_gateway import StripeGateway
from core.gateways.stripe_wire import instant
from tests.core.gateways.conftest import ADDRESS, DAY, KEY, NOW, Declared, a_charge

Change = Callable[..., None]
TODAY = datetime.fromtimestamp(NOW, UTC)
LATER = TODAY + timedelta(days=60)
MORNING = NOW // DAY * DAY + 2 * DAY + 6 * 3_600
"""Six in the morning of 22 November, before what came in at noon of the 20th is available."""


def paid_out(connection: Connection) -> None:
    payouts.pay_out(opened(connection))


def failed(connection: Connection, payout: str) -> None:
    payouts.fail(opened(connection), payout)


def test_the_ledger_says_what_moved_with_fees_and_signs(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client)
    refund = gateway.refund(RefundOrder("refund-1", charge.id, 2_500, "EUR"))
    disputed = a_charge(client, 5_000, "pm_card_createDispute")
    (dispute,) = client.v1.disputes.list().data
    back = gateway.refund(
        RefundOrder("refund-2", a_charge(client, 900, "pm_card_refundFail").id, 900, "EUR")
    )
    change(set_clock, NOW + 60)
    found = list(gateway.ledger(TODAY, LATER))
    assert [(one.kind, one.amount_minor, one.fee_minor, one.source_id) for one in found] == [
        ("refund", 900, 0, back.provider_refund_id),
        ("refund", -900, 0, back.provider_refund_id),
        ("charge", 900, 39, client.v1.charges.list().data[0].id),
        ("dispute", -5_000, 1_500, dispute.id),
        ("charge", 5_000, 100, disputed.id),
        ("refund", -2_500, 0, refund.provider_refund_id),
        ("charge", 10_000, 175, charge.id),
    ]
    assert found[-1] == LedgerLine(
        external_id=str(charge.balance_transaction),
        kind="charge",
        currency="EUR",
        amount_minor=10_000,
        fee_minor=175,
        occurred_at=TODAY,
        available_on=date(2026, 11, 22),
        source_id=charge.id,
    )


def test_the_ledger_begins_with_its_first_moment_and_ends_before_its_last(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    for moment in (NOW, NOW + 1, NOW + 2):
        change(set_clock, moment)
        a_charge(client)
    second = timedelta(seconds=1)
    assert len(list(gateway.ledger(TODAY, TODAY + 2 * second))) == 2
    within = list(gateway.ledger(TODAY + second / 2, TODAY + 2 * second))
    assert [one.occurred_at for one in within] == [TODAY + second]


def test_a_long_ledger_comes_whole(client: stripe.StripeClient, gateway: StripeGateway) -> None:
    for _ in range(205):
        a_charge(client, 100)
    found = list(gateway.ledger(TODAY, LATER))
    assert len({one.external_id for one in found}) == 205


class Cut(Declared):
    """A gateway that says there is more, and gives none, or its first page again and again."""

    def __init__(self, engine: Engine, *, again: bool) -> None:
        super().__init__(engine)
        self.again, self.first = again, ""

    def request(self, *given: Any, **more: Any) -> Any:
        body, status, headers = super().request(*given, **more)
        page = json.loads(body) | {"has_more": True}
        self.first = self.first or json.dumps(page)
        return self.first if self.again else json.dumps(page | {"data": []}), status, headers


@pytest.mark.parametrize("again", [True, False])
def test_a_ledger_that_breaks_off_is_not_taken_for_the_whole(
    client: stripe.StripeClient, engine: Engine, *, again: bool
) -> None:
    a_charge(client)
    gateway = StripeGateway(KEY, address=ADDRESS, http_client=Cut(engine, again=again))
    with pytest.raises(GatewayUnsure, match="breaks off"):
        list(gateway.ledger(TODAY, LATER))


def test_an_error_in_the_middle_of_a_ledger_is_unsure_and_says_so(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    for _ in range(101):
        a_charge(client, 100)
    found = gateway.ledger(TODAY, LATER)
    next(found)
    change(unreadable)
    with pytest.raises(GatewayUnsure):
        list(found)


def unreadable(connection: Connection) -> None:
    connection.execute(
        text(
            "insert into simulator.faults (kind, method, remaining) "
            "values ('error_before', 'GET', 10)"
        )
    )


@pytest.mark.parametrize(
    ("category", "kind"),
    [
        ("charge", "charge"),
        ("refund", "refund"),
        ("refund_failure", "refund"),
        ("dispute", "dispute"),
        ("dispute_reversal", "dispute_won"),
        ("fee", "fee"),
        ("network_cost", "fee"),
        ("tax", "fee"),
        ("payout", "payout"),
        ("payout_reversal", "payout"),
        ("topup", "adjustment"),
        ("a_category_of_next_year", "adjustment"),
    ],
)
def test_a_line_is_classified_by_its_reporting_category(
    client: stripe.StripeClient,
    gateway: StripeGateway,
    engine: Engine,
    category: str,
    kind: str,
) -> None:
    a_charge(client)
    with engine.begin() as connection:
        connection.execute(
            text(
                "update simulator.balance_transactions set body = "
                "jsonb_set(body, '{reporting_category}', to_jsonb(cast(:category as text)))"
            ),
            {"category": category},
        )
    (line,) = gateway.ledger(TODAY, LATER)
    assert line.kind == kind


def test_a_payout_pays_what_is_available_and_lists_it_once_it_is_itemised(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    first = a_charge(client)
    refund = gateway.refund(RefundOrder("refund-1", first.id, 2_500, "EUR"))
    change(set_clock, NOW + DAY)
    a_charge(client, 3_000)
    change(set_clock, NOW + 2 * DAY)
    change(paid_out)
    (seen,) = gateway.payouts(TODAY, LATER)
    # 100.00 less its fee of 1.75 less the refund of 25.00; the second charge is not available.
    assert (seen.amount_minor, seen.currency, seen.status, seen.itemised) == (
        7_325,
        "EUR",
        "pending",
        False,
    )
    with pytest.raises(GatewayUnsure, match="not itemised"):
        gateway.payout_lines(seen.payout_id)
    change(set_clock, NOW + 2 * DAY + ITEMISED_AFTER)
    (seen,) = gateway.payouts(TODAY, LATER)
    assert (seen.status, seen.itemised, seen.arrives_on) == ("in_transit", True, date(2026, 11, 23))
    found = list(gateway.payout_lines(seen.payout_id))
    assert {one.source_id for one in found} == {first.id, refund.provider_refund_id}
    assert {one.payout_id for one in found} == {seen.payout_id}
    assert sum(one.amount_minor - one.fee_minor for one in found) == 7_325
    change(set_clock, NOW + 3 * DAY)
    assert next(gateway.payouts(TODAY, LATER)).status == "paid"
    kinds = [one.type for one in client.v1.events.list({"limit": 100}).data if "payout" in one.type]
    assert kinds == ["payout.paid", "payout.reconciliation_completed", "payout.created"]


def test_each_currency_is_paid_out_alone(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    a_charge(client)
    a_charge(client, 20_000, currency="sek")
    change(set_clock, NOW + 2 * DAY)
    change(paid_out)
    found = {(one.currency, one.amount_minor) for one in gateway.payouts(TODAY, LATER)}
    # 200.00 crowns cost 1.5 % and 1.80.
    assert found == {("EUR", 9_825), ("SEK", 19_520)}


def test_payouts_come_every_day_in_which_something_is_available(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    change(pay_out_daily, MORNING)
    a_charge(client)
    change(set_clock, NOW + DAY)
    a_charge(client, 3_000)
    change(set_clock, NOW + 10 * DAY)
    found = list(gateway.payouts(TODAY, LATER))
    made = [instant(client.v1.payouts.retrieve(one.payout_id).created) for one in found]
    assert [one.amount_minor for one in found] == [2_930, 9_825]
    assert made == [datetime(2026, 11, 24, 6, tzinfo=UTC), datetime(2026, 11, 23, 6, tzinfo=UTC)]
    assert [one.status for one in found] == ["paid", "paid"]
    assert len(list(gateway.payouts(TODAY, LATER))) == 2


def test_no_line_is_paid_twice_and_what_is_owed_waits(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client)
    change(set_clock, NOW + 2 * DAY)
    change(paid_out)
    gateway.refund(RefundOrder("refund-1", charge.id, 10_000, "EUR"))
    change(set_clock, NOW + 4 * DAY)
    change(paid_out)
    assert len(list(gateway.payouts(TODAY, LATER))) == 1
    a_charge(client, 20_000)
    change(set_clock, NOW + 6 * DAY)
    change(paid_out)
    # 200.00 less its fee of 3.25 less the refund of 100.00 that was still owed.
    assert next(gateway.payouts(TODAY, LATER)).amount_minor == 9_675


def test_a_payout_by_hand_lists_nothing_and_leaves_the_rest(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    a_charge(client)
    with pytest.raises(stripe.InvalidRequestError, match="insufficient funds"):
        client.v1.payouts.create({"amount": 5_000, "currency": "eur"})
    change(set_clock, NOW + 2 * DAY)
    made = client.v1.payouts.create({"amount": 5_000, "currency": "eur"})
    with pytest.raises(GatewayRefused, match="only automatic payouts"):
        gateway.payout_lines(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="not manual"):
        client.v1.balance_transactions.list({"payout": made.id})
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        client.v1.payouts.create({"amount": 4_826, "currency": "eur"})
    assert refusal.value.code == "balance_insufficient"
    client.v1.payouts.create({"amount": 4_825, "currency": "eur"})
    assert [one.itemised for one in gateway.payouts(TODAY, LATER)] == [False, False]


def test_a_payout_by_hand_can_be_called_back(client: stripe.StripeClient, change: Change) -> None:
    a_charge(client)
    change(set_clock, NOW + 2 * DAY)
    made = client.v1.payouts.create({"amount": 9_825, "currency": "eur"})
    assert client.v1.payouts.cancel(made.id).status == "canceled"
    with pytest.raises(stripe.InvalidRequestError, match="Only a pending payout"):
        client.v1.payouts.cancel(made.id)
    assert client.v1.payouts.create({"amount": 9_825, "currency": "eur"}).status == "pending"


def test_a_payout_that_fails_is_paid_again_with_the_next(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    a_charge(client)
    change(set_clock, NOW + 2 * DAY)
    change(paid_out)
    (first,) = gateway.payouts(TODAY, LATER)
    change(failed, first.payout_id)
    (seen,) = gateway.payouts(TODAY, LATER)
    assert seen.status == "failed"
    whole = client.v1.payouts.retrieve(first.payout_id)
    assert (whole.failure_code, whole.failure_balance_transaction is None) == (
        "account_closed",
        False,
    )
    assert len(list(gateway.payout_lines(first.payout_id))) == 1
    change(paid_out)
    change(set_clock, NOW + 2 * DAY + ITEMISED_AFTER)
    second = next(gateway.payouts(TODAY, LATER))
    (line,) = gateway.payout_lines(second.payout_id)
    assert (line.kind, line.amount_minor, line.source_id) == ("payout", 9_825, first.payout_id)


def test_lines_that_do_not_add_up_to_their_payout_are_not_believed(
    client: stripe.StripeClient, gateway: StripeGateway, engine: Engine, change: Change
) -> None:
    a_charge(client)
    a_charge(client)
    change(set_clock, NOW + 2 * DAY)
    change(paid_out)
    change(set_clock, NOW + 2 * DAY + ITEMISED_AFTER)
    (seen,) = gateway.payouts(TODAY, LATER)
    with engine.begin() as connection:
        connection.execute(
            text(
                "update simulator.balance_transactions set payout = null where id = "
                "(select max(id) from simulator.balance_transactions where payout is not null "
                "and body ->> 'type' = 'charge')"
            )
        )
    with pytest.raises(GatewayUnsure, match="add up to"):
        gateway.payout_lines(seen.payout_id)


def test_an_unknown_payout_is_refused(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused, match="No such payout"):
        gateway.payout_lines("po_nowhere")


def test_everything_that_came_in_is_paid_out_or_still_there(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    change(pay_out_daily, MORNING)
    for day in range(8):
        change(set_clock, NOW + day * DAY)
        charge = a_charge(client, 10_000 + day)
        if day % 3 == 0:
            gateway.refund(RefundOrder(f"refund-{day}", charge.id, 1_000, "EUR"))
        if day % 4 == 1:
            a_charge(client, 700, "pm_card_createDispute")
    lines = list(gateway.ledger(TODAY, LATER))
    moved: Counter[str] = Counter()
    for line in lines:
        moved["out" if line.kind == "payout" else "in"] += line.amount_minor - line.fee_minor
    sums = {one.payout_id: one.amount_minor for one in gateway.payouts(TODAY, LATER)}
    assert moved["out"] == -sum(sums.values())
    itemised = [line for number in sums for line in gateway.payout_lines(number)]
    assert len({line.external_id for line in itemised}) == len(itemised)
    waiting = {line.external_id for line in lines if line.kind != "payout"}
    waiting -= {line.external_id for line in itemised}
    rest = sum(line.amount_minor - line.fee_minor for line in lines if line.external_id in waiting)
    assert moved["in"] + moved["out"] == rest


@pytest.mark.parametrize(
    ("status", "expected"), [("supported", "TRC0099887"), ("pending", None), ("unsupported", None)]
)
def test_the_number_of_the_receiving_bank_is_told_once_it_is_known(
    client: stripe.StripeClient, engine: Engine, change: Change, status: str, expected: str | None
) -> None:
    a_charge(client)
    change(set_clock, NOW + 2 * DAY)
    change(paid_out)

    class Traced(Declared):
        def request(self, *given: Any, **more: Any) -> Any:
            body, answer, headers = super().request(*given, **more)
            page = json.loads(body)
            for one in page["data"]:
                one["trace_id"] = {"status": status, "value": "TRC0099887"}
            return json.dumps(page), answer, headers

    gateway = StripeGateway(KEY, address=ADDRESS, http_client=Traced(engine))
    assert {one.trace_id for one in gateway.payouts(TODAY, LATER)} == {expected}
