"""Which accounts an event moves, where that hangs on how the money came."""

from typing import Any

import pytest

from core.ledger.chart import CLEARING
from core.ledger.postings import (
    POSTINGS,
    Leg,
    dispute_opened,
    dispute_won,
    invoice_issued,
    payment_captured,
    wallet_credited,
    wallet_recharged,
)


def legs(*pairs: tuple[str, int]) -> list[Leg]:
    return [Leg(account, amount) for account, amount in pairs]


@pytest.mark.parametrize(
    ("provider", "method", "account"),
    [
        ("manual", "bank_transfer", "bank"),
        ("manual", "cash", "cash"),
        ("manual", "CASH", "bank"),
        *((provider, "card", account) for provider, account in CLEARING.items()),
        *((provider, "cash", account) for provider, account in CLEARING.items()),
    ],
)
def test_money_arrives_at_the_gateway_the_bank_or_in_cash(
    provider: str, method: str, account: str
) -> None:
    assert payment_captured(provider, method, 700, 300) == legs(
        (account, 1_000), ("receivable", -700), ("customer_credit", -300)
    )


def test_a_recharge_at_a_gateway_is_on_its_way_and_one_by_hand_in_the_bank() -> None:
    assert wallet_recharged("stripe", 100) == legs((CLEARING["stripe"], 100), ("wallet", -100))
    assert wallet_recharged("manual", 100) == legs(("bank", 100), ("wallet", -100))


def test_a_dispute_is_a_claim_and_of_a_recharge_the_wallets() -> None:
    clearing = CLEARING["stripe"]
    for recharge, bearer in ((False, "disputes_receivable"), (True, "wallet")):
        assert dispute_opened("stripe", 100, 15, recharge=recharge) == legs(
            (bearer, 100), ("dispute_fees", 15), (clearing, -115)
        )
        assert dispute_won("stripe", 100, recharge=recharge) == legs(
            (clearing, 100), (bearer, -100)
        )
    assert dispute_opened("stripe", 100, 0)[0].account == "disputes_receivable"


def test_what_is_nothing_is_not_posted_and_fees_of_the_platform_are_its_income() -> None:
    assert invoice_issued(0, 100, 0) == legs(("receivable", 100), ("revenue", -100))
    assert invoice_issued(0, 100, 25, platform_fee=True) == legs(
        ("receivable", 125), ("platform_fee_income", -100), ("tax_payable", -25)
    )
    assert invoice_issued(0, 0, 0) == []
    for promotional, account in ((False, "wallet"), (True, "promotional_credit")):
        given = wallet_credited(50, promotional=promotional)
        assert given == legs(("goodwill", 50), (account, -50))


CARD = CLEARING["stripe"]
GOLDEN: dict[str, tuple[tuple[Any, ...], dict[str, int]]] = {
    "invoice_issued": (
        (80, 20, 25),
        {"receivable": 125, "deferred_revenue": -80, "revenue": -20, "tax_payable": -25},
    ),
    "revenue_recognised": ((80,), {"deferred_revenue": 80, "revenue": -80}),
    "payment_captured": (
        ("stripe", "card", 70, 30),
        {CARD: 100, "receivable": -70, "customer_credit": -30},
    ),
    "settled_before_import": ((70,), {"opening_balance": 70, "receivable": -70}),
    "gateway_fee": (("stripe", 3), {"gateway_fees": 3, CARD: -3}),
    "difference_booked": (("stripe", 5), {CARD: 5, "gateway_differences": -5}),
    "currency_exchanged": (("stripe", 5), {CARD: 5, "currency_position": -5}),
    "payout": (("stripe", 97), {"bank": 97, CARD: -97}),
    "paid_out_before_import": (("stripe", 97), {"opening_balance": 97, CARD: -97}),
    "payout_shown_later": ((97,), {"bank": 97, "opening_balance": -97}),
    "transfer_received": ((60,), {"bank": 60, "unapplied_receipts": -60}),
    "transfer_collected": (
        ("bankgirot", 60),
        {CLEARING["bankgirot"]: 60, "unapplied_receipts": -60},
    ),
    "transfer_assigned": (
        (50, 10),
        {"unapplied_receipts": 60, "receivable": -50, "customer_credit": -10},
    ),
    "transfer_unassigned": (
        (50, 10),
        {"receivable": 50, "customer_credit": 10, "unapplied_receipts": -60},
    ),
    "credit_applied": ((10,), {"customer_credit": 10, "receivable": -10}),
    "credit_note_issued": (
        (60, 20, 25),
        {"deferred_revenue": 60, "refunds_given": 20, "tax_payable": 25, "customer_credit": -105},
    ),
    "refund_settled": (
        ("stripe", "card", 80, 20),
        {"refunds_given": 80, "tax_payable": 20, CARD: -100},
    ),
    "credit_refunded": (("manual", "cash", 10), {"customer_credit": 10, "cash": -10}),
    "refund_returned": (("manual", "bank_transfer", 10), {"bank": 10, "customer_credit": -10}),
    "payment_unapplied": ((10,), {"receivable": 10, "customer_credit": -10}),
    "payment_reversed": (
        ("stripe", "card", 70, 30),
        {"receivable": 70, "customer_credit": 30, CARD: -100},
    ),
    "dispute_opened": (
        ("stripe", 100, 15),
        {"disputes_receivable": 100, "dispute_fees": 15, CARD: -115},
    ),
    "dispute_won": (("stripe", 100), {CARD: 100, "disputes_receivable": -100}),
    "dispute_lost": (
        (80, 20),
        {"bad_debt": 80, "tax_payable": 20, "disputes_receivable": -100},
    ),
    "written_off": ((80, 20), {"bad_debt": 80, "tax_payable": 20, "receivable": -100}),
    "write_off_recovered": ((80, 20), {"receivable": 100, "bad_debt": -80, "tax_payable": -20}),
    "wallet_recharged": (("stripe", 100), {CARD: 100, "wallet": -100}),
    "wallet_credited": ((50,), {"goodwill": 50, "wallet": -50}),
    "wallet_debited": ((50,), {"wallet": 50, "adjustment_income": -50}),
    "wallet_paid": (
        (70, 30),
        {"promotional_credit": 30, "wallet": 70, "receivable": -100},
    ),
    "wallet_refunded": (
        (80, 20, 30),
        {"refunds_given": 80, "tax_payable": 20, "promotional_credit": -30, "wallet": -70},
    ),
    "reversed_posting": (([Leg("bank", 7), Leg("wallet", -7)],), {"bank": -7, "wallet": 7}),
}
"""What each event is told, and the accounts it moves; debit above zero."""


@pytest.mark.parametrize("event", POSTINGS)
def test_an_event_moves_these_accounts_by_these_amounts(event: str) -> None:
    told, moved = GOLDEN[event]
    assert POSTINGS[event](*told) == legs(*moved.items())


@pytest.mark.parametrize(
    "event", ["refund_settled", "credit_refunded", "refund_returned", "payment_reversed"]
)
@pytest.mark.parametrize(
    ("provider", "method", "account"),
    [("stripe", "card", CARD), ("manual", "cash", "cash"), ("manual", "bank_transfer", "bank")],
)
def test_money_goes_back_by_the_way_it_came(
    event: str, provider: str, method: str, account: str
) -> None:
    amounts = GOLDEN[event][0][2:]
    assert account in [leg.account for leg in POSTINGS[event](provider, method, *amounts)]
