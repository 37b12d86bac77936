"""Invoices paid from wallets and given back to them, also when two come at once."""

import threading
import time

import psycopg
import pytest
from sqlalchemy import select

from core.access.authority import Actor
from core.errors import BadInput, InsufficientBalance, NotNow
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.payments.models import Payment
from core.refunds.actions import Ask, request_refund
from core.subscriptions.history import locked
from core.subscriptions.lifecycle import set_status
from core.subscriptions.models import Subscription
from core.wallets.actions import recharge_wallet
from core.wallets.models import WalletTransaction
from core.wallets.moving import lock_wallet
from core.wallets.paying import pay_from_wallet
from core.wallets.refunding import refund_to_wallet
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_subscription,
    a_tenant,
    an_invoice,
    the_plans,
    wrong_books,
)
from tests.wallets import (
    a_financier,
    a_promotion,
    a_recharge,
    at_once,
    booked,
    holds,
    paid_from_wallet,
)


def test_an_invoice_takes_promotional_credit_first(office: Office) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 9_000)
    a_promotion(office, tenant, 1_500)
    invoice = an_invoice(office, tenant)
    payment = paid_from_wallet(office, invoice)
    assert (payment.provider, payment.method, payment.allocated_minor) == (
        "wallet",
        "wallet",
        10_000,
    )
    assert payment.provider_payment_id == f"invoice-{invoice.id}-payment-{payment.id}"
    assert holds(office, tenant) == (500, 0)
    with office.work(JOB) as work:
        paid = work.session.get_one(Invoice, invoice.id)
        moved = work.session.scalars(
            select(WalletTransaction).where(WalletTransaction.payment_id == payment.id)
        ).one()
    assert (paid.status, paid.paid_minor, paid.settled_on) == ("paid", 10_000, payment.received_on)
    assert (moved.amount_minor, moved.promotional_minor) == (-10_000, -1_500)
    assert booked(office, "wallet", "promotional_credit", "receivable", "bank") == {
        "wallet": -500,
        "promotional_credit": 0,
        "receivable": 0,
        "bank": 0,
    }
    assert wrong_books(office) == []


def test_a_short_wallet_pays_nothing_at_all(office: Office) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 9_999)
    invoice = an_invoice(office, tenant)
    with office.work(JOB) as work:
        assert pay_from_wallet(work, work.session.get_one(Invoice, invoice.id)) is None
    with pytest.raises(InsufficientBalance, match=r"99\.99 EUR"):
        paid_from_wallet(office, invoice)
    assert holds(office, tenant) == (9_999, 0)
    with office.work(JOB) as work:
        assert work.session.scalars(select(Payment)).all() == []


def test_a_wallet_pays_the_rest_of_an_invoice_in_its_own_currency(office: Office) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)
    with office.work(JOB) as work:
        recharge_wallet(work, tenant.id, 50_000, "SEK", "R-0", gateway="stripe")
    with pytest.raises(InsufficientBalance):
        paid_from_wallet(office, invoice)
    with office.work(JOB) as work:
        record_payment(work, tenant.id, 4_000, "EUR", "other", invoice_ids=(invoice.id,))
    a_recharge(office, tenant, 6_000)
    assert paid_from_wallet(office, invoice).amount_minor == 6_000
    with pytest.raises(NotNow):
        paid_from_wallet(office, invoice)
    assert wrong_books(office) == []


def test_paying_from_the_wallet_restores_the_subscription(office: Office) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["starter"])
    with office.work(JOB) as work:
        set_status(work, subscription.id, "past_due", reason="the wallet was short")
    a_recharge(office, tenant, 2_900)
    with office.work(JOB) as work:
        invoice = work.session.scalars(select(Invoice).where(Invoice.type != "recharge")).one()
    paid_from_wallet(office, invoice)
    with office.work(JOB) as work:
        assert work.session.get_one(Subscription, subscription.id).status == "active"


def test_paying_waits_for_a_renewal_without_holding_the_wallet(
    office: Office, database_url: str
) -> None:
    tenant = a_tenant(office)
    subscription = a_subscription(office, tenant, the_plans(office)["starter"])
    with office.work(JOB) as work:
        set_status(work, subscription.id, "past_due", reason="the wallet was short")
    a_recharge(office, tenant, 5_000)
    with office.work(JOB) as work:
        invoice = work.session.scalars(select(Invoice).where(Invoice.type != "recharge")).one()
    paying = threading.Thread(target=paid_from_wallet, args=(office, invoice))
    with office.work(JOB) as work:
        locked(work, subscription.id)
        paying.start()
        with psycopg.connect(database_url, autocommit=True) as db:
            while not _waiting(db):
                time.sleep(0.01)
        assert lock_wallet(work, tenant.id, "EUR") is not None
    paying.join()
    assert holds(office, tenant) == (2_100, 0)
    assert wrong_books(office) == []


def _waiting(db: psycopg.Connection) -> int:
    """How many processes of this database wait for a lock."""
    row = db.execute(
        "select count(*) from pg_stat_activity "
        "where datname = current_database() and wait_event_type = 'Lock'"
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_a_wallets_payment_is_not_recorded_by_hand(office: Office) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)
    with pytest.raises(BadInput, match="recorded by hand"), office.work(JOB) as work:
        record_payment(work, tenant.id, 5, "EUR", "wallet", invoice_ids=(invoice.id,))


def test_two_invoices_at_once_do_not_share_the_same_money(office: Office) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 10_000)
    invoices = [an_invoice(office, tenant) for _ in range(4)]
    refusals = at_once(*[lambda each=each: paid_from_wallet(office, each) for each in invoices])
    assert [type(refused) for refused in refusals] == [InsufficientBalance] * 3
    assert holds(office, tenant) == (0, 0)
    assert wrong_books(office) == []


def test_a_refund_returns_prepaid_money_first_and_the_credit_last(office: Office) -> None:
    tenant, finance = a_tenant(office, "SE", "SEK"), a_financier(office)
    a_recharge(office, tenant, 10_000)
    a_promotion(office, tenant, 2_500)
    invoice = an_invoice(office, tenant)
    payment = paid_from_wallet(office, invoice)
    with office.work(finance) as work:
        refund_to_wallet(work, payment.id, 9_000, reason=WHY)
    assert holds(office, tenant) == (9_000, 0)
    with office.work(finance) as work:
        refund_to_wallet(work, payment.id, 3_500, reason=WHY)
    assert holds(office, tenant) == (10_000, 2_500)
    with office.work(JOB) as work:
        assert work.session.get_one(Payment, payment.id).status == "refunded"
        assert work.session.get_one(Invoice, invoice.id).status == "refunded"
    assert booked(office, "refunds_given", "tax_payable", "bank") == {
        "refunds_given": 10_000,
        "tax_payable": 0,
        "bank": 0,
    }
    assert wrong_books(office) == []


def test_a_replayed_refund_returns_the_first_and_a_second_one_says_so(office: Office) -> None:
    tenant, finance = a_tenant(office), a_financier(office)
    a_recharge(office, tenant, 10_000)
    payment = paid_from_wallet(office, an_invoice(office, tenant))
    moved = []
    for nth in (1, 1, 2):
        with office.work(finance) as work:
            moved.append(refund_to_wallet(work, payment.id, 4_000, nth=nth, reason=WHY).id)
    assert moved[0] == moved[1] != moved[2]
    with pytest.raises(BadInput), office.work(finance) as work:
        refund_to_wallet(work, payment.id, 2_001, reason=WHY)
    assert holds(office, tenant) == (8_000, 0)


def test_a_refund_goes_where_the_money_came_from(office: Office) -> None:
    tenant, finance = a_tenant(office), a_financier(office)
    a_recharge(office, tenant, 10_000)
    from_wallet = paid_from_wallet(office, an_invoice(office, tenant))
    by_card = a_charge(office, an_invoice(office, tenant))
    with pytest.raises(NotNow), office.work(finance) as work:
        request_refund(work, Ask(from_wallet.id, 100), reason=WHY)
    with pytest.raises(NotNow), office.work(finance) as work:
        refund_to_wallet(work, by_card.id, 100, reason=WHY)


def test_two_people_refund_more_than_was_paid_and_one_is_refused(office: Office) -> None:
    tenant = a_tenant(office)
    a_recharge(office, tenant, 10_000)
    payment = paid_from_wallet(office, an_invoice(office, tenant))
    people = [a_financier(office), a_financier(office)]

    def refund(actor: Actor) -> None:
        with office.work(actor) as work:
            refund_to_wallet(work, payment.id, 7_000, reason=WHY)

    refusals = at_once(*[lambda actor=actor: refund(actor) for actor in people])
    assert [type(refused) for refused in refusals] == [BadInput]
    assert holds(office, tenant) == (7_000, 0)
    assert wrong_books(office) == []
