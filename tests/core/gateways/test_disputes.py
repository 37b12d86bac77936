"""Disputes: money and fee go at once, come back when won, and every step is told (PAY.8)."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
import stripe
from sqlalchemy import Connection, text

from core.gateways.port import DisputeSeen, DisputeStatus, GatewayRefused, RefundOrder
from core.gateways.simulator import disputes
from core.gateways.simulator.control import opened, set_clock
from core.gateways.simulator.disputes import ANSWER_WITHIN, DECIDED_AFTER
from core.gateways.stripe_gateway import StripeGateway
from tests.core.gateways.conftest import NOW, a_charge

Change = Callable[..., None]
TODAY = datetime.fromtimestamp(NOW, UTC)


def a_dispute(client: stripe.StripeClient, amount: int = 10_000) -> stripe.Dispute:
    charge = a_charge(client, amount, "pm_card_createDispute")
    (made,) = client.v1.disputes.list({"charge": charge.id}).data
    return made


def lines(client: stripe.StripeClient, dispute: str) -> list[tuple[str, int, int]]:
    """The ledger's lines of a dispute, the oldest first: category, amount, net."""
    listed = client.v1.balance_transactions.list({"source": dispute})
    return [(one.reporting_category, one.amount, one.net) for one in reversed(listed.data)]


def told(client: stripe.StripeClient) -> list[str]:
    events = client.v1.events.list({"limit": 100}).data
    return [one.type for one in reversed(events) if one.type.startswith("charge.dispute")]


def test_a_disputed_payment_is_withdrawn_at_once_with_a_fee(
    client: stripe.StripeClient, gateway: StripeGateway
) -> None:
    made = a_dispute(client)
    assert gateway.dispute(made.id) == DisputeSeen(
        dispute_id=made.id,
        provider_payment_id=str(made.charge),
        status="needs_response",
        reason="fraudulent",
        currency="EUR",
        amount_minor=10_000,
        fee_minor=1_500,
        evidence_due_on=date(2026, 11, 27),
    )
    # 100.00 goes back to the card's holder and 15.00 to the gateway.
    assert lines(client, made.id) == [("dispute", -10_000, -11_500)]
    assert client.v1.charges.retrieve(str(made.charge)).disputed
    assert told(client) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


@pytest.mark.parametrize(
    ("evidence", "status", "rows"),
    [
        (
            "winning_evidence",
            "won",
            [("dispute", -10_000, -11_500), ("dispute_reversal", 10_000, 10_000)],
        ),
        ("losing_evidence", "lost", [("dispute", -10_000, -11_500)]),
    ],
)
def test_evidence_decides_a_dispute_after_a_while(
    client: stripe.StripeClient,
    gateway: StripeGateway,
    change: Change,
    evidence: str,
    status: str,
    rows: list[tuple[str, int, int]],
) -> None:
    made = a_dispute(client)
    client.v1.disputes.update(made.id, {"evidence": {"uncategorized_text": evidence}})
    assert gateway.dispute(made.id).status == "needs_response"
    handed_in = client.v1.disputes.update(made.id, {"submit": True, "metadata": {"case": "4"}})
    assert handed_in.evidence_details.has_evidence
    assert handed_in.evidence_details.submission_count == 1
    assert gateway.dispute(made.id).status == "under_review"
    change(set_clock, NOW + DECIDED_AFTER)
    decided = gateway.dispute(made.id)
    assert (decided.status, decided.fee_minor) == (status, 1_500)
    assert lines(client, made.id) == rows
    named = client.v1.disputes.retrieve(made.id).balance_transactions
    assert [(one.reporting_category, one.amount, one.net) for one in named] == rows
    assert told(client)[-1] == "charge.dispute.closed"
    assert ("charge.dispute.funds_reinstated" in told(client)) == (status == "won")


def test_other_evidence_waits_for_the_bank(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    made = a_dispute(client)
    words = {"uncategorized_text": "They used it every day."}
    client.v1.disputes.update(made.id, {"evidence": words, "submit": True})
    change(set_clock, NOW + 2 * ANSWER_WITHIN)
    assert gateway.dispute(made.id).status == "under_review"
    with pytest.raises(stripe.InvalidRequestError, match="takes no more evidence"):
        client.v1.disputes.update(made.id, {"submit": True})
    change(decided, made.id, won=True)
    assert gateway.dispute(made.id).status == "won"


def decided(connection: Connection, dispute: str, *, won: bool) -> None:
    disputes.decide(opened(connection), dispute, won=won)


def test_a_dispute_that_nobody_answers_is_lost_on_its_day(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    made = a_dispute(client)
    change(set_clock, NOW + ANSWER_WITHIN - 1)
    assert gateway.dispute(made.id).status == "needs_response"
    change(set_clock, NOW + ANSWER_WITHIN)
    assert gateway.dispute(made.id).status == "lost"
    assert client.v1.disputes.retrieve(made.id).evidence_details.past_due


def test_a_dispute_can_be_accepted_once(client: stripe.StripeClient) -> None:
    made = a_dispute(client)
    assert client.v1.disputes.close(made.id).status == "lost"
    with pytest.raises(stripe.InvalidRequestError, match="is lost"):
        client.v1.disputes.close(made.id)


def test_a_part_of_a_charge_can_be_disputed(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    charge = a_charge(client)
    change(disputed, charge.id, amount=2_500)
    (seen,) = gateway.disputes(TODAY, TODAY + timedelta(seconds=1))
    assert (seen.provider_payment_id, seen.reason, seen.amount_minor) == (
        charge.id,
        "product_not_received",
        2_500,
    )


def disputed(connection: Connection, charge: str, amount: int | None = None) -> None:
    disputes.open_dispute(opened(connection), charge, "product_not_received", amount)


def test_a_disputed_charge_is_refunded_only_after_the_dispute_was_won(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    made = a_dispute(client)
    with pytest.raises(GatewayRefused, match="charged back"):
        gateway.refund(RefundOrder("refund-1", str(made.charge), 100, "EUR"))
    change(decided, made.id, won=True)
    answer = gateway.refund(RefundOrder("refund-2", str(made.charge), 100, "EUR"))
    assert answer.status == "succeeded"


def test_disputes_are_listed_by_the_day_they_were_opened(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    early = a_dispute(client)
    change(set_clock, NOW + 3_600)
    late = a_dispute(client)
    hour = TODAY + timedelta(hours=1)
    assert [one.dispute_id for one in gateway.disputes(TODAY, hour)] == [early.id]
    assert [one.dispute_id for one in gateway.disputes(hour, hour + timedelta(1))] == [late.id]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("needs_response", "needs_response"),
        ("warning_needs_response", "needs_response"),
        ("appeal_needs_response", "needs_response"),
        ("under_review", "under_review"),
        ("warning_under_review", "under_review"),
        ("appeal_under_review", "under_review"),
        ("won", "won"),
        ("prevented", "won"),
        ("warning_closed", "won"),
        ("lost", "lost"),
    ],
)
def test_every_status_that_the_library_declares_has_one_of_ours(
    client: stripe.StripeClient,
    gateway: StripeGateway,
    change: Change,
    theirs: str,
    ours: DisputeStatus,
) -> None:
    made = a_dispute(client)
    change(overwritten, "disputes", status=theirs)
    assert gateway.dispute(made.id).status == ours


def overwritten(connection: Connection, table: str, **facts: object) -> None:
    for name, value in facts.items():
        connection.execute(
            text(
                f"update simulator.{table} set body = "
                f"jsonb_set(body, '{{{name}}}', to_jsonb(cast(:value as text)))"
            ),
            {"value": value},
        )


def test_a_fee_in_another_settlement_currency_is_reckoned_back(
    client: stripe.StripeClient, gateway: StripeGateway, change: Change
) -> None:
    made = a_dispute(client)
    line = made.balance_transactions[0].to_dict()
    # Settled in crowns at 11.20 for the euro: 100.00 is 1 120.00, the fee of 168.00 is 15.00.
    settled = line | {"currency": "sek", "amount": -112_000, "fee": 16_800, "net": -128_800}

    def in_crowns(connection: Connection) -> None:
        connection.execute(
            text(
                "update simulator.disputes set body = "
                "jsonb_set(body, '{balance_transactions}', cast(:lines as jsonb))"
            ),
            {"lines": json.dumps([settled])},
        )

    change(in_crowns)
    assert gateway.dispute(made.id).fee_minor == 1_500
