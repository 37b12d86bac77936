"""What Paystack's client makes of each answer (PAY.3)."""

from dataclasses import replace

import pytest

from core.gateways.http import MOST_PAGES
from core.gateways.port import GatewayUnsure
from tests.core.gateways.test_paystack_requests import (
    BACK,
    CHARGE,
    DISPUTE,
    HOME,
    PAID,
    REFUND,
    SETTLED,
    SINCE,
    UNTIL,
    Paystack,
    no,
    shown,
    yes,
)


def test_a_used_reference_is_verified_instead() -> None:
    paystack = Paystack(no("Duplicate Transaction Reference"), yes(PAID))
    assert paystack.gateway().charge(CHARGE).fee_minor == 10_247
    assert shown(paystack.asked[1])[:2] == ("GET", f"{HOME}/transaction/verify/charge.17.1")


def test_a_used_reference_that_is_not_shown_is_unsure() -> None:
    paystack = Paystack(
        no("Duplicate Transaction Reference"),
        no("Transaction reference not found.", code="transaction_not_found"),
    )
    with pytest.raises(GatewayUnsure, match="does not show"):
        paystack.gateway().charge(CHARGE)


@pytest.mark.parametrize("status", [400, 404])
def test_a_charge_that_paystack_does_not_know_is_none(status: int) -> None:
    paystack = Paystack(no("Transaction reference not found.", status))
    assert paystack.gateway().find_charge(CHARGE) is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "success"}, ("succeeded", None, False)),
        ({"status": "pending"}, ("pending", None, False)),
        ({"status": "ongoing"}, ("pending", None, False)),
        ({"status": "send_otp"}, ("pending", None, False)),
        ({"status": "reversed"}, ("failed", "reversed", False)),
        (
            {"status": "failed", "gateway_response": "Insufficient Funds"},
            ("failed", "insufficient_funds", False),
        ),
        (
            {"status": "failed", "gateway_response": "Stolen Card, Pick-Up"},
            ("failed", "stolen_card", True),
        ),
        (
            {"status": "failed", "gateway_response": "Do Not Honour!"},
            ("failed", "do_not_honour", False),
        ),
        ({"status": "failed", "gateway_response": None}, ("failed", "failed", False)),
        ({"status": "abandoned", "gateway_response": "?"}, ("failed", "abandoned", False)),
    ],
)
def test_a_charge_is_what_its_status_says(
    facts: dict[str, str], expected: tuple[str, str | None, bool]
) -> None:
    answer = Paystack(yes(PAID | facts)).gateway().charge(CHARGE)
    assert (answer.status, answer.failure_code, answer.hard) == expected


@pytest.mark.parametrize(
    ("status", "expected", "failure"),
    [
        ("pending", "pending", None),
        ("processing", "pending", None),
        ("needs-attention", "pending", None),
        ("processed", "succeeded", None),
        ("failed", "failed", "no account"),
    ],
)
def test_a_refund_is_what_its_status_says(status: str, expected: str, failure: str | None) -> None:
    found = REFUND | {"status": status, "reason": "no account"}
    answer = Paystack(yes(PAID), yes([found], 1)).gateway().find_refund(BACK)
    assert answer is not None
    assert (answer.status, answer.provider_refund_id) == (expected, "3018284")
    assert answer.failure == failure


def test_the_refund_of_another_payment_or_note_is_not_ours() -> None:
    others = [
        REFUND | {"id": 1, "merchant_note": "refund-43"},
        REFUND | {"id": 2, "transaction": 5, "transaction_reference": "payment-2"},
    ]
    assert Paystack(yes(PAID), yes(others, 2)).gateway().find_refund(BACK) is None


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "awaiting-merchant-feedback"}, "needs_response"),
        ({"status": "awaiting-bank-feedback"}, "under_review"),
        ({"status": "pending"}, "under_review"),
        ({"status": "resolved", "resolution": "merchant-accepted"}, "lost"),
        ({"status": "resolved", "resolution": "auto-accepted"}, "lost"),
        ({"status": "resolved", "resolution": "declined"}, "won"),
        ({"status": "archived"}, "won"),
    ],
)
def test_a_dispute_is_what_status_and_resolution_say(facts: dict[str, str], expected: str) -> None:
    seen = Paystack(yes(DISPUTE | facts)).gateway().dispute("2867")
    assert (seen.status, seen.amount_minor, seen.currency) == (expected, 35_247, "NGN")


def test_disputes_and_payouts_keep_to_their_window() -> None:
    moments = ("2026-11-19T11:59:59Z", "2026-11-19T12:00:00Z", "2026-11-21T00:00:00Z")
    made = [{"id": place, "createdAt": at} for place, at in enumerate(moments)]
    claims = Paystack(yes([DISPUTE | facts for facts in made], 3)).gateway()
    assert [seen.dispute_id for seen in claims.disputes(SINCE, UNTIL)] == ["1"]
    settled = Paystack(yes([SETTLED | facts for facts in made], 3)).gateway()
    assert [seen.payout_id for seen in settled.payouts(SINCE, UNTIL)] == ["1"]


def test_a_dispute_resolved_in_an_unknown_way_is_unsure() -> None:
    odd = DISPUTE | {"status": "resolved", "resolution": "tossed-a-coin"}
    with pytest.raises(GatewayUnsure, match="tossed-a-coin"):
        Paystack(yes(odd)).gateway().dispute("2867")


def test_a_list_that_ends_before_its_total_is_unsure() -> None:
    with pytest.raises(GatewayUnsure, match="1 of 3"):
        list(Paystack(yes([SETTLED], 3), yes([SETTLED], 3)).gateway().payouts(SINCE, UNTIL))
    with pytest.raises(GatewayUnsure, match="1 of 3"):
        list(Paystack(yes([SETTLED], 3), yes([], 3)).gateway().payouts(SINCE, UNTIL))


def test_a_list_without_a_total_or_without_end_is_unsure() -> None:
    with pytest.raises(GatewayUnsure, match="meta"):
        list(Paystack(yes([SETTLED])).gateway().payouts(SINCE, UNTIL))
    endless = [yes([SETTLED | {"id": place}], 10**6) for place in range(MOST_PAGES)]
    with pytest.raises(GatewayUnsure, match="more than"):
        list(Paystack(*endless).gateway().payouts(SINCE, UNTIL))


def test_a_row_that_moved_to_the_next_page_counts_once() -> None:
    pages = [yes([SETTLED, SETTLED | {"id": 2}], 3), yes([SETTLED, SETTLED | {"id": 3}], 3)]
    seen = list(Paystack(*pages).gateway().payouts(SINCE, UNTIL))
    assert [payout.payout_id for payout in seen] == ["3090024", "2", "3"]


def test_the_ledger_keeps_to_its_window_and_to_what_moved_money() -> None:
    rows = [
        PAID | {"id": 1, "status": "failed"},
        PAID | {"id": 2, "paid_at": "2026-11-19T11:59:59.000Z"},
        PAID | {"id": 3, "paid_at": "2026-11-19T12:00:00.000Z"},
        PAID | {"id": 4, "paid_at": "2026-11-21T00:00:00.000Z"},
        PAID | {"id": 5, "status": "reversed"},
    ]
    paystack = Paystack(yes(rows, 5), yes([], 0), yes([], 0))
    lines = list(paystack.gateway().ledger(SINCE, UNTIL))
    assert [(line.external_id, line.kind) for line in lines] == [("3", "charge"), ("5", "charge")]


def test_a_refund_that_failed_was_deducted_and_credited_again_when_it_failed() -> None:
    early = {"createdAt": "2026-11-01T11:00:00.000Z", "updatedAt": "2026-11-20T09:00:00.000Z"}
    rows = [REFUND | {"status": "failed"}, REFUND | early | {"id": 7, "status": "failed"}]
    lines = Paystack(yes([], 0), yes(rows, 2), yes([], 0)).gateway().ledger(SINCE, UNTIL)
    assert [(line.external_id, line.amount_minor, line.source_id) for line in lines] == [
        ("refund-3018284", -500, "3018284"),
        ("refund-3018284-returned", 500, "3018284"),
        ("refund-7-returned", 500, "7"),
    ]


def test_a_success_without_the_word_true_is_unsure() -> None:
    odd = (200, {"status": "true", "message": "?", "data": PAID})
    with pytest.raises(GatewayUnsure):
        Paystack(odd).gateway().checkout_outcome("payment-1")


def test_the_sum_of_a_successful_charge_is_the_one_asked_for() -> None:
    for facts in ({"amount": 35_246}, {"currency": "GHS"}):
        with pytest.raises(GatewayUnsure, match="another sum"):
            Paystack(yes(PAID | facts)).gateway().charge(CHARGE)


def test_a_charge_without_a_card_of_ours_still_names_its_key() -> None:
    answer = Paystack(yes(PAID | {"paused": True})).gateway().charge(replace(CHARGE, key="a_b"))
    assert (answer.provider_payment_id, answer.failure_code) == ("a.b", "authentication_required")
