"""What PayPal's client makes of each answer (PAY.3)."""

from datetime import timedelta
from typing import Any

import pytest

from core.gateways.http import MOST_PAGES
from core.gateways.port import GatewayRefused, GatewayUnsure
from tests.core.gateways.test_paypal_requests import (
    AGREED,
    BACK,
    CHARGE,
    DISPUTE,
    OPEN,
    REFUND,
    ROW,
    UNTIL,
    Answer,
    PayPal,
    captured,
    found,
    no,
)

NONE_FAILED = (found(), found())
"""The search for refunds that were denied, in the two spans that it takes."""


@pytest.mark.parametrize("issue", ["ORDER_ALREADY_CAPTURED", "ORDER_ALREADY_COMPLETED"])
def test_what_the_other_of_two_captured_is_read(issue: str) -> None:
    paypal = PayPal((200, AGREED), no(issue), (200, captured()))
    assert paypal.gateway().checkout_outcome("5O19").fee_minor == 320


@pytest.mark.parametrize(
    ("issue", "expected"),
    [
        ("INSTRUMENT_DECLINED", "failed"),
        ("PAYER_ACCOUNT_RESTRICTED", "failed"),
        ("ORDER_EXPIRED", "expired"),
    ],
)
def test_a_capture_that_paypal_declines_ends_the_page(issue: str, expected: str) -> None:
    seen = PayPal((200, AGREED), no(issue), (200, OPEN)).gateway().checkout_outcome("5O19")
    assert (seen.status, seen.key, seen.provider_payment_id) == (expected, "payment-1", None)


def test_a_capture_that_is_under_way_is_unsure_and_any_other_refusal_is_one() -> None:
    with pytest.raises(GatewayUnsure, match="at work"):
        under_way = no("ORDER_COMPLETION_IN_PROGRESS")
        PayPal((200, AGREED), under_way).gateway().checkout_outcome("5O19")
    with pytest.raises(GatewayUnsure, match="at work"):
        PayPal(no("ORDER_COMPLETION_IN_PROGRESS")).gateway().charge(CHARGE)
    with pytest.raises(GatewayRefused, match="PAYEE_ACCOUNT_RESTRICTED"):
        PayPal((200, AGREED), no("PAYEE_ACCOUNT_RESTRICTED")).gateway().checkout_outcome("5O19")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (OPEN, "open"),
        (OPEN | {"status": "CREATED"}, "open"),
        (OPEN | {"status": "VOIDED"}, "expired"),
        (captured(), "paid"),
        (captured(status="PARTIALLY_REFUNDED"), "paid"),
        (captured(status="REFUNDED"), "paid"),
        (captured(status="PENDING"), "open"),
        (captured(status="DECLINED"), "failed"),
        (captured(status="FAILED"), "failed"),
    ],
)
def test_a_page_is_what_order_and_capture_say(order: dict[str, Any], expected: str) -> None:
    seen = PayPal((200, order)).gateway().checkout_outcome("5O19")
    assert (seen.status, seen.key, seen.amount_minor) == (expected, "payment-1", 10_000)
    assert (seen.provider_payment_id is not None) == (expected == "paid")


def test_an_account_that_paypal_kept_comes_with_the_outcome() -> None:
    vault = {"id": "8kk8451t", "status": "VAULTED", "customer": {"id": "cus_1"}}
    order = captured() | {"payment_source": {"paypal": {"attributes": {"vault": vault}}}}
    card = PayPal((200, order)).gateway().checkout_outcome("5O19").card
    assert card is not None
    assert (card.token, card.customer, card.brand) == ("8kk8451t", "cus_1", "paypal")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((201, captured(status="PENDING")), ("pending", None, False)),
        ((201, captured(status="DECLINED")), ("failed", "declined", False)),
        (
            (201, captured(status="DECLINED", processor_response={"response_code": "5120"})),
            ("failed", "insufficient_funds", False),
        ),
        (
            (201, captured(status="DECLINED", processor_response={"response_code": "5400"})),
            ("failed", "expired_card", True),
        ),
        (
            (201, captured(status="DECLINED", processor_response={"response_code": "0500"})),
            ("failed", "processor_0500", False),
        ),
        ((201, OPEN), ("failed", "authentication_required", True)),
        (no("INSTRUMENT_DECLINED"), ("failed", "instrument_declined", False)),
        (no("PAYER_ACCOUNT_RESTRICTED"), ("failed", "invalid_account", True)),
    ],
)
def test_a_charge_is_what_order_and_capture_say(
    answer: Answer, expected: tuple[str, str | None, bool]
) -> None:
    seen = PayPal(answer).gateway().charge(CHARGE)
    assert (seen.status, seen.failure_code, seen.hard) == expected


def test_a_used_invoice_number_is_sought_and_unsure_when_not_shown_yet() -> None:
    again = PayPal(no("DUPLICATE_INVOICE_ID"), found(ROW)).gateway().charge(CHARGE)
    assert (again.status, again.fee_minor) == ("succeeded", 320)
    with pytest.raises(GatewayUnsure, match="not show it yet"):
        PayPal(no("DUPLICATE_INVOICE_ID"), found()).gateway().charge(CHARGE)


@pytest.mark.parametrize(("status", "expected"), [("P", "pending"), ("D", "failed")])
def test_a_charge_in_the_search_is_what_its_row_says(status: str, expected: str) -> None:
    seen = PayPal(found(ROW | {"transaction_status": status})).gateway().find_charge(CHARGE)
    assert seen is not None
    assert seen.status == expected


def test_the_sum_of_a_charge_is_the_one_asked_for() -> None:
    other = captured(amount={"currency_code": "USD", "value": "100.00"})
    with pytest.raises(GatewayUnsure, match="another sum"):
        PayPal((201, other)).gateway().charge(CHARGE)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "PENDING"}, ("pending", None)),
        ({"status": "FAILED", "status_details": {"reason": "ECHECK"}}, ("failed", "echeck")),
        ({"status": "CANCELLED"}, ("failed", "cancelled")),
    ],
)
def test_a_refund_is_what_its_status_says(
    facts: dict[str, Any], expected: tuple[str, str | None]
) -> None:
    answer = PayPal((201, REFUND | facts)).gateway().refund(BACK)
    assert (answer.status, answer.failure) == expected


@pytest.mark.parametrize(
    ("code", "value", "kind"),
    [
        ("T0006", "10.00", "charge"),
        ("T0000", "-10.00", "adjustment"),
        ("T0106", "-20.00", "fee"),
        ("T0200", "-10.00", "adjustment"),
        ("T0400", "-10.00", "payout"),
        ("T0400", "10.00", "adjustment"),
        ("T1106", "-10.00", "dispute"),
        ("T1107", "-10.00", "refund"),
        ("T1110", "-10.00", "adjustment"),
        ("T1201", "-10.00", "dispute"),
        ("T1202", "10.00", "dispute_won"),
    ],
)
def test_a_line_is_what_its_event_code_says(code: str, value: str, kind: str) -> None:
    row = ROW | {
        "transaction_event_code": code,
        "transaction_amount": {"currency_code": "EUR", "value": value},
    }
    (seen,) = PayPal(found(row), *NONE_FAILED).gateway().ledger(UNTIL - timedelta(days=2), UNTIL)
    assert seen.kind == kind


def test_rows_that_moved_nothing_and_rows_outside_the_window_are_left_out() -> None:
    rows = [
        ROW | {"transaction_id": "A", "transaction_status": "P"},
        ROW | {"transaction_id": "B", "transaction_initiation_date": "2026-11-20T00:00:00Z"},
        ROW | {"transaction_id": "C", "transaction_status": "V"},
    ]
    lines = PayPal(found(*rows), *NONE_FAILED).gateway().ledger(UNTIL - timedelta(days=1), UNTIL)
    assert [line.external_id for line in lines] == ["C"]


REFUNDED = ROW | {
    "transaction_id": "R",
    "transaction_event_code": "T1107",
    "transaction_amount": {"currency_code": "EUR", "value": "-10.00"},
    "transaction_status": "D",
    "transaction_initiation_date": "2026-11-19T10:00:00Z",
    "transaction_updated_date": "2026-11-19T18:00:00Z",
}
BOTH_WAYS = [("R", -1_000), ("R-returned", 1_000)]


def test_a_refund_that_failed_went_out_and_came_back() -> None:
    lines = (
        PayPal(found(), found(), found(REFUNDED)).gateway().ledger(UNTIL - timedelta(days=1), UNTIL)
    )
    assert [(line.external_id, line.amount_minor) for line in lines] == BOTH_WAYS


def test_a_refund_that_failed_later_is_told_of_when_it_did() -> None:
    early = REFUNDED | {"transaction_initiation_date": "2026-11-01T10:00:00Z"}
    lines = (
        PayPal(found(), found(early), found()).gateway().ledger(UNTIL - timedelta(days=1), UNTIL)
    )
    assert [(line.external_id, line.amount_minor) for line in lines] == BOTH_WAYS[1:]


def test_a_search_that_is_too_large_is_halved() -> None:
    too_large = (400, {"name": "RESULTSET_TOO_LARGE", "message": "Too many"})
    paypal = PayPal(too_large, found(ROW), found(ROW), *NONE_FAILED)
    lines = list(paypal.gateway().ledger(UNTIL - timedelta(days=2), UNTIL))
    assert [line.external_id for line in lines] == ["3C679366HH908993F"]
    assert [request.url.params["start_date"][:10] for request in paypal.asked[1:4]] == [
        "2026-11-18",
        "2026-11-18",
        "2026-11-19",
    ]
    with pytest.raises(GatewayRefused, match="RESULTSET_TOO_LARGE"):
        list(PayPal(too_large).gateway().ledger(UNTIL - timedelta(hours=1), UNTIL))


def test_a_page_that_counts_only_what_is_left_ends_nothing_early() -> None:
    rows = [ROW | {"transaction_id": str(place)} for place in range(5)]
    pages = (found(*rows[:2], total=5), found(*rows[2:4], total=3), found(rows[4], total=1))
    lines = PayPal(*pages, *NONE_FAILED).gateway().ledger(UNTIL - timedelta(days=2), UNTIL)
    assert [line.external_id for line in lines] == ["0", "1", "2", "3", "4"]


def test_a_search_that_ends_before_its_total_is_unsure() -> None:
    day = (UNTIL - timedelta(days=1), UNTIL)
    with pytest.raises(GatewayUnsure, match="1 of 2"):
        list(PayPal(found(ROW, total=2), found(ROW, total=2)).gateway().ledger(*day))
    endless = [
        found(ROW | {"transaction_id": str(place)}, total=10**6) for place in range(MOST_PAGES)
    ]
    with pytest.raises(GatewayUnsure, match="more than"):
        list(PayPal(*endless).gateway().ledger(*day))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"status": "OPEN"}, "needs_response"),
        ({"status": "WAITING_FOR_SELLER_RESPONSE"}, "needs_response"),
        ({"status": "WAITING_FOR_BUYER_RESPONSE"}, "under_review"),
        ({"status": "UNDER_REVIEW"}, "under_review"),
        (
            {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "RESOLVED_BUYER_FAVOUR"}},
            "lost",
        ),
        (
            {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "RESOLVED_WITH_PAYOUT"}},
            "won",
        ),
    ],
)
def test_a_dispute_is_what_status_and_outcome_say(facts: dict[str, Any], expected: str) -> None:
    assert PayPal((200, DISPUTE | facts)).gateway().dispute("PP-D-1").status == expected


def test_a_dispute_resolved_in_an_unknown_way_is_unsure() -> None:
    odd = DISPUTE | {"status": "RESOLVED", "dispute_outcome": {"outcome_code": "COIN"}}
    with pytest.raises(GatewayUnsure, match="COIN"):
        PayPal((200, odd)).gateway().dispute("PP-D-1")
