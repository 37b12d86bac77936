"""Disputed recharges: the wallet gives them up at once and gets back what was won (PAY.8)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.errors import BadInput, InsufficientBalance, NotFound, NotNow
from core.gateways.models import GatewayLedgerEntry
from core.invoices.models import Invoice
from core.payments.dispute_listing import dispute_detail
from core.payments.disputes import Claim, decide_dispute
from core.payments.models import Dispute
from core.tenants.models import Tenant
from core.wallets.disputing import (
    decide_recharge_dispute,
    open_recharge_dispute,
    recharge_paid_by,
)
from core.wallets.models import WalletTransaction
from core.work import Office
from tests.billing import JOB, a_tenant, an_invoice, wrong_books
from tests.core.test_dispute_listing import a_dispute
from tests.wallets import a_recharge, at_once, booked, holds, paid_from_wallet

AMOUNT, FEE = 50_000, 20_000


def claim(office: Office, amount: int = AMOUNT) -> Claim:
    return Claim(amount, FEE, "fraudulent", office.clock.now().date() + timedelta(days=9))


def a_disputed_recharge(office: Office, tenant: Tenant, number: str = "dp_1") -> Dispute:
    """A recharge of 500.00 by card that its holder disputes whole."""
    recharge = a_recharge(office, tenant, AMOUNT, f"pi_{number}")
    with office.work(JOB) as work:
        return open_recharge_dispute(work, recharge, number, claim(office))


@pytest.fixture
def tenant(office: Office) -> Tenant:
    return a_tenant(office, "SE", "SEK")


def moves(office: Office) -> list[tuple[str, int, int]]:
    with office.work(JOB) as work:
        rows = work.session.scalars(select(WalletTransaction).order_by(WalletTransaction.id))
        return [(row.type, row.amount_minor, row.balance_after_minor) for row in rows]


def is_disputed(office: Office) -> list[bool]:
    with office.work(JOB) as work:
        return list(work.session.scalars(select(Invoice.disputed).order_by(Invoice.id)))


def test_it_leaves_the_wallet_at_once_and_the_fee_is_ours(office: Office, tenant: Tenant) -> None:
    opened = a_disputed_recharge(office, tenant)
    assert holds(office, tenant) == (0, 0)
    assert moves(office) == [("recharge", AMOUNT, AMOUNT), ("dispute", -AMOUNT, 0)]
    assert is_disputed(office) == [True]
    assert booked(office, "wallet", "dispute_fees", "disputes_receivable", "clearing_stripe") == {
        "wallet": 0,
        "dispute_fees": FEE,
        "disputes_receivable": 0,
        "clearing_stripe": -FEE,
    }
    with office.work(JOB) as work:
        row = dispute_detail(work, opened.id).row
        line = work.session.scalars(
            select(GatewayLedgerEntry).where(GatewayLedgerEntry.kind == "dispute")
        ).one()
    assert (row.payment_id, row.wallet_transaction_id) == (None, opened.wallet_transaction_id)
    assert len(row.invoice_numbers) == 1
    assert (line.amount_minor, line.fee_minor, line.source_id) == (-AMOUNT, FEE, "pi_dp_1")
    assert wrong_books(office) == []


def test_won_it_is_in_the_wallet_again(office: Office, tenant: Tenant) -> None:
    opened = a_disputed_recharge(office, tenant)
    with office.work(JOB) as work:
        decide_recharge_dispute(work, opened.id, won=True)
    assert holds(office, tenant) == (AMOUNT, 0)
    assert moves(office)[-1] == ("dispute_won", AMOUNT, AMOUNT)
    assert is_disputed(office) == [False]
    assert booked(office, "wallet", "dispute_fees", "clearing_stripe") == {
        "wallet": -AMOUNT,
        "dispute_fees": FEE,
        "clearing_stripe": AMOUNT - FEE,
    }
    assert wrong_books(office) == []


def test_lost_it_stays_out_and_nothing_is_posted_twice(office: Office, tenant: Tenant) -> None:
    opened = a_disputed_recharge(office, tenant)
    before = booked(office, "wallet", "bad_debt", "tax_payable", "clearing_stripe")
    with office.work(JOB) as work:
        decide_recharge_dispute(work, opened.id, won=False)
    assert holds(office, tenant) == (0, 0)
    assert len(moves(office)) == 2
    assert is_disputed(office) == [False]
    assert booked(office, "wallet", "bad_debt", "tax_payable", "clearing_stripe") == before
    assert wrong_books(office) == []


def test_what_was_spent_leaves_the_wallet_below_zero_and_it_pays_nothing(
    office: Office, tenant: Tenant
) -> None:
    recharge = a_recharge(office, tenant, AMOUNT)
    invoice = an_invoice(office, tenant)
    paid = paid_from_wallet(office, invoice)
    with office.work(JOB) as work:
        open_recharge_dispute(work, recharge, "dp_1", claim(office))
    assert holds(office, tenant) == (-paid.amount_minor, 0)
    another = an_invoice(office, tenant)
    with pytest.raises(InsufficientBalance):
        paid_from_wallet(office, another)
    assert wrong_books(office) == []


def test_the_same_number_again_changes_nothing_even_once_decided(
    office: Office, tenant: Tenant
) -> None:
    opened = a_disputed_recharge(office, tenant)
    with office.work(JOB) as work:
        decide_recharge_dispute(work, opened.id, won=True)
    for _ in range(2):
        with office.work(JOB) as work:
            again = open_recharge_dispute(
                work, opened.wallet_transaction_id or 0, "dp_1", claim(office)
            )
        assert again.id == opened.id
    assert holds(office, tenant) == (AMOUNT, 0)
    assert is_disputed(office) == [False]


def test_eight_tellings_at_once_take_it_out_once(office: Office, tenant: Tenant) -> None:
    recharge = a_recharge(office, tenant, AMOUNT)

    def tell() -> None:
        with office.work(JOB) as work:
            open_recharge_dispute(work, recharge, "dp_1", claim(office))

    assert at_once(*[tell] * 8) == []
    assert holds(office, tenant) == (0, 0)
    assert wrong_books(office) == []


def test_parts_of_it_are_disputed_up_to_the_whole(office: Office, tenant: Tenant) -> None:
    recharge = a_recharge(office, tenant, AMOUNT)
    with office.work(JOB) as work:
        first = open_recharge_dispute(work, recharge, "dp_1", claim(office, 30_000))
    with office.work(JOB) as work:
        open_recharge_dispute(work, recharge, "dp_2", claim(office, 20_000))
    with pytest.raises(BadInput), office.work(JOB) as work:
        open_recharge_dispute(work, recharge, "dp_3", claim(office, 1))
    with office.work(JOB) as work:
        decide_recharge_dispute(work, first.id, won=True)
    assert is_disputed(office) == [True]
    assert holds(office, tenant) == (30_000, 0)
    with pytest.raises(BadInput), office.work(JOB) as work:
        open_recharge_dispute(work, recharge, "dp_3", claim(office, 30_001))


@pytest.mark.parametrize("amount", [0, -1, AMOUNT + 1])
def test_no_more_than_was_recharged_is_disputed(
    office: Office, tenant: Tenant, amount: int
) -> None:
    recharge = a_recharge(office, tenant, AMOUNT)
    with pytest.raises(BadInput), office.work(JOB) as work:
        open_recharge_dispute(work, recharge, "dp_1", claim(office, amount))
    assert holds(office, tenant) == (AMOUNT, 0)


def test_each_kind_of_dispute_is_decided_by_its_own_action(office: Office, tenant: Tenant) -> None:
    about_payment, about_recharge = a_dispute(office, "dp_p"), a_disputed_recharge(office, tenant)
    with pytest.raises(NotNow, match="recharge"), office.work(JOB) as work:
        decide_dispute(work, about_recharge.id, won=True)
    with pytest.raises(NotNow, match="payment"), office.work(JOB) as work:
        decide_recharge_dispute(work, about_payment.id, won=True)
    with pytest.raises(NotFound), office.work(JOB) as work:
        open_recharge_dispute(work, 10**9, "dp_2", claim(office))
    with office.work(JOB) as work:
        decide_recharge_dispute(work, about_recharge.id, won=True)
    with pytest.raises(NotNow, match="was decided"), office.work(JOB) as work:
        decide_recharge_dispute(work, about_recharge.id, won=True)


def test_a_recharge_is_found_by_the_gateways_number_of_its_payment(
    office: Office, tenant: Tenant
) -> None:
    recharge = a_recharge(office, tenant, AMOUNT, "pi_9")
    with office.work(JOB) as work:
        found = recharge_paid_by(work, "stripe", "pi_9")
        assert found is not None
        assert found.id == recharge
        assert recharge_paid_by(work, "paypal", "pi_9") is None
        assert recharge_paid_by(work, "stripe", "pi_8") is None
