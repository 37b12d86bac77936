"""Which accounts an event moves, where that hangs on how the money came."""

import pytest

from core.ledger.chart import CLEARING
from core.ledger.postings import (
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
