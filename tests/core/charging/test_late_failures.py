"""What a gateway takes back after it said yes, or decides late, at each gateway (PAY.4, REF.2)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.charging.cards import keep_card
from core.charging.events import handle_waiting, receive
from core.charging.models import ChargeAttempt
from core.charging.run import run_auto_charge
from core.credit_notes.models import CreditNote
from core.dunning.models import DunningCase
from core.gateways import paypal
from core.gateways.port import Card, CheckoutOrder
from core.gateways.registry import gateway_of
from core.gateways.simulator import paypal_money, paystack_money
from core.gateways.simulator.sibling import due
from core.invoices.models import Invoice
from core.payments.models import Payment
from core.reconciliation.run import run_reconcile
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.run import execute, sweep, sweep_returned
from tests.billing import JOB, WHY, a_charge, a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.core.charging.conftest import Shop

Pays = Callable[[Shop], Payment]
ComesBack = Callable[[Shop, Refund], None]


@pytest.fixture(autouse=True)
def one_clock(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """PayPal's client looks back from the shop's day."""
    monkeypatch.setattr(paypal, "SystemClock", lambda: shop.clock)


def by_stripe(shop: Shop) -> Payment:
    shop.invoice()
    shop.secret_card("pm_card_refundFail")
    run_auto_charge(shop.office)
    return the_payment(shop)


def by_paypal(shop: Shop) -> Payment:
    paypal_account(shop, "kept-works")
    run_auto_charge(shop.office)
    return the_payment(shop)


def by_paystack(shop: Shop) -> Payment:
    """Paystack takes no SEK: another tenant pays in dollars."""
    invoice = an_invoice(shop.office, a_tenant(shop.office, "US", "USD"))
    gateway = gateway_of(shop.office.settings, "paystack", engine=shop.office.engine)
    order = CheckoutOrder(
        "recharge_1", invoice.total_minor, "USD", "ada@example.com", "", "https://a", "https://b"
    )
    page = gateway.open_checkout(order)
    with shop.office.engine.begin() as connection:
        store = paystack_money.store_of(connection, "paystack")
        found = paystack_money.transaction(store, page.checkout_id)
        paystack_money.pay(store, found, paystack_money.keep(store, "works", "ada@example.com"))
    fee = gateway.checkout_outcome(page.checkout_id).fee_minor
    return a_charge(shop.office, invoice, page.checkout_id, fee, "paystack")


def paypal_account(shop: Shop, token: str) -> Invoice:
    """A due invoice of a tenant whose account PayPal keeps."""
    invoice = shop.invoice()
    with shop.office.work(JOB) as work:
        keep_card(work, shop.tenant.id, "paypal", Card(token, "", "paypal", ""))
    return invoice


def the_payment(shop: Shop) -> Payment:
    with shop.office.work(JOB) as work:
        return work.session.scalars(select(Payment)).one()


def the_refund(shop: Shop, refund: Refund) -> Refund:
    with shop.office.work(JOB) as work:
        return work.session.get_one(Refund, refund.id)


def stripe_comes_back(shop: Shop, _refund: Refund) -> None:
    shop.wait(minutes=5)
    gateway_of(shop.office.settings, "stripe", engine=shop.office.engine).probe()


def paypal_comes_back(shop: Shop, refund: Refund) -> None:
    shop.wait(days=9)
    with shop.office.engine.begin() as connection:
        paypal_money.decide_refund(connection, str(refund.provider_refund_id), paid=False)


def paystack_comes_back(shop: Shop, refund: Refund) -> None:
    shop.wait(days=9)
    with shop.office.engine.begin() as connection:
        paystack_money.fail_refund(connection, str(refund.provider_refund_id))


WAYS = pytest.mark.parametrize(
    ("pays", "comes_back"),
    [
        pytest.param(by_stripe, stripe_comes_back, id="stripe"),
        pytest.param(by_paypal, paypal_comes_back, id="paypal"),
        pytest.param(by_paystack, paystack_comes_back, id="paystack"),
    ],
)


def refunded(shop: Shop, payment: Payment, amount: int = 1_000) -> Refund:
    finance = acting(shop.office, a_user(shop.office, "sys_finance"))
    return execute(shop.office, finance, Ask(payment.id, amount, notify=True), reason=WHY)


def told(shop: Shop, refund: Refund) -> list[str]:
    with shop.office.work(JOB) as work:
        asked = text(
            "select event_type from notification where event_type like 'refund.%' "
            "and tenant_id = :id order by id"
        )
        return list(work.session.scalars(asked, {"id": refund.tenant_id}))


def told_by(shop: Shop, provider: str) -> list[str]:
    """Take over a sibling's events, each twice, and handle them; how each ended."""
    with shop.office.engine.begin() as connection:
        news = due(connection, provider)
    for headers, raw in [*news, *news]:
        receive(shop.office, provider, raw, headers)
    return [row.status for row in handle_waiting(shop.office, older_than=timedelta(0))]


@WAYS
def test_a_refund_that_came_back_is_found_by_the_sweep_and_undone_once(
    shop: Shop, pays: Pays, comes_back: ComesBack
) -> None:
    payment = pays(shop)
    refund = refunded(shop, payment)
    if refund.status == "pending":
        shop.wait(minutes=6)
        assert [outcome.status for outcome in sweep(shop.office)] == ["succeeded"]
        refund = the_refund(shop, refund)
    assert (refund.status, sweep_returned(shop.office)) == ("succeeded", [])
    comes_back(shop, refund)
    assert [outcome.status for outcome in sweep_returned(shop.office)] == ["failed"]
    assert sweep_returned(shop.office) == []
    kept = the_refund(shop, refund)
    assert (kept.status, kept.returned_on) == ("failed", shop.clock.now().date())
    with shop.office.work(JOB) as work:
        note = work.session.scalars(select(CreditNote)).one()
        credit = work.session.get_one(Payment, note.payment_id)
        after = work.session.get_one(Payment, payment.id)
    assert (note.status, credit.credit_minor) == ("issued", 1_000)
    assert (after.status, after.refunded_minor) == ("captured", 0)
    assert told(shop, refund) == ["refund.made", "refund.returned"]
    assert wrong_books(shop.office) == []


@WAYS
def test_the_gateways_ledger_and_the_books_agree_about_it(
    shop: Shop, pays: Pays, comes_back: ComesBack
) -> None:
    refund = refunded(shop, pays(shop))
    shop.wait(minutes=6)
    sweep(shop.office)
    assert run_reconcile(shop.office).problems == []
    comes_back(shop, the_refund(shop, refund))
    sweep_returned(shop.office)
    shop.wait(days=2)
    run = run_reconcile(shop.office)
    assert run.problems == []
    number = the_refund(shop, refund).provider_refund_id
    assert number not in [each.reference for each in run.found.differences]


def test_refunds_of_long_ago_are_left_alone(shop: Shop) -> None:
    refund = refunded(shop, by_paypal(shop))
    shop.wait(days=46)
    with shop.office.engine.begin() as connection:
        paypal_money.decide_refund(connection, str(refund.provider_refund_id), paid=False)
    assert sweep_returned(shop.office) == []
    assert the_refund(shop, refund).status == "succeeded"


@pytest.mark.parametrize("paid", [True, False])
def test_a_refund_that_paypal_decides_late_is_settled_or_freed_once(shop: Shop, paid: bool) -> None:
    paypal_account(shop, "kept-waits")
    run_auto_charge(shop.office)
    decide_capture(shop, paid=True)
    payment = the_payment(shop)
    refund = refunded(shop, payment)
    told_by(shop, "paypal")
    assert the_refund(shop, refund).status == "pending"
    with shop.office.engine.begin() as connection:
        given = connection.scalar(
            text("select id from simulator.sibling_objects where kind = 'refund'")
        )
        paypal_money.decide_refund(connection, str(given), paid=paid)
    assert told_by(shop, "paypal") == ["handled"]
    with shop.office.work(JOB) as work:
        note = work.session.scalars(select(CreditNote)).one()
        after = work.session.get_one(Payment, payment.id)
    ended = (the_refund(shop, refund).status, note.status, after.refunded_minor)
    assert ended == (("succeeded", "issued", 1_000) if paid else ("failed", "declined", 0))
    assert told(shop, refund) == (["refund.made"] if paid else [])
    assert wrong_books(shop.office) == []


@pytest.mark.parametrize("paid", [True, False])
def test_a_charge_that_paypal_decides_late_pays_once_or_goes_to_dunning(
    shop: Shop, paid: bool
) -> None:
    invoice = paypal_account(shop, "kept-waits")
    assert [change.outcome for change in run_auto_charge(shop.office).changes] == ["pending"]
    told_by(shop, "paypal")
    assert [change.outcome for change in run_auto_charge(shop.office).changes] == ["left"]
    decide_capture(shop, paid=paid)
    with shop.office.work(JOB) as work:
        attempt = work.session.scalars(select(ChargeAttempt)).one()
        payments = work.session.scalars(select(Payment).where(Payment.status == "captured")).all()
        failures = work.session.scalars(select(DunningCase.failures)).all()
        owed = work.session.get_one(Invoice, invoice.id).due_minor
    assert attempt.status == ("succeeded" if paid else "failed")
    assert [each.amount_minor for each in payments] == ([invoice.total_minor] if paid else [])
    assert (owed, failures) == ((0, []) if paid else (invoice.total_minor, [1]))
    assert wrong_books(shop.office) == []


def decide_capture(shop: Shop, *, paid: bool) -> None:
    """Let PayPal decide the one capture some days later, and take its news over."""
    shop.wait(days=2)
    with shop.office.engine.begin() as connection:
        given = connection.scalar(
            text("select id from simulator.sibling_objects where kind = 'capture'")
        )
        paypal_money.decide_capture(connection, str(given), paid=paid)
    assert "handled" in told_by(shop, "paypal")
