"""Webhooks about refunds: settled, failed late, or named by their payment alone (PAY.4, REF.2)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.charging import events
from core.charging.events import handle, handle_waiting, receive
from core.charging.run import run_auto_charge
from core.gateways.port import RefundAnswer
from core.gateways.registry import gateway_of
from core.gateways.simulator import paystack_money
from core.payments.models import Payment
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.run import execute
from tests.billing import JOB, WHY, a_charge, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.core.charging.conftest import Shop
from tests.core.charging.test_events import sent, take
from tests.core.test_refunds import Bank


def test_a_refund_that_was_left_pending_is_settled_by_its_webhook(shop: Shop) -> None:
    shop.invoice()
    shop.secret_card("pm_card_pendingRefund")
    run_auto_charge(shop.office)
    with shop.office.work(JOB) as work:
        payment = work.session.scalars(select(Payment)).one()
    finance = acting(shop.office, a_user(shop.office, "sys_finance"))
    refund = execute(shop.office, finance, Ask(payment.id, 1_000), reason=WHY)
    assert refund.status == "pending"
    shop.wait(days=10)
    gateway_of(shop.office.settings, "stripe", engine=shop.office.engine).probe()
    take(shop, sent(shop))
    handle_waiting(shop.office, older_than=timedelta(0))
    with shop.office.work(JOB) as work:
        assert work.session.get_one(Refund, refund.id).status == "succeeded"
    assert wrong_books(shop.office) == []


def test_a_refund_that_comes_back_is_undone_by_its_webhook_in_any_order(shop: Shop) -> None:
    shop.invoice()
    shop.secret_card("pm_card_refundFail")
    run_auto_charge(shop.office)
    finance = acting(shop.office, a_user(shop.office, "sys_finance"))
    with shop.office.work(JOB) as work:
        payment = work.session.scalars(select(Payment)).one()
    refund = execute(shop.office, finance, Ask(payment.id, 1_000), reason=WHY)
    assert refund.status == "succeeded"
    shop.wait(minutes=5)
    gateway_of(shop.office.settings, "stripe", engine=shop.office.engine).probe()
    news = sent(shop)
    assert any(b'"refund.failed"' in raw for _, raw in news)
    take(shop, [*reversed(news), *news])
    rows = handle_waiting(shop.office, older_than=timedelta(0))
    assert {row.status for row in rows} <= {"handled", "ignored"}
    with shop.office.work(JOB) as work:
        kept = work.session.get_one(Refund, refund.id)
        assert (kept.status, kept.returned_on) == ("failed", work.today)
        assert work.session.get_one(Payment, payment.id).refunded_minor == 0
    assert wrong_books(shop.office) == []


def test_an_event_that_names_the_payment_alone_is_about_its_refunds(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = a_charge(shop.office, an_invoice(shop.office, shop.tenant), "T1", 0, "paystack")
    finance = acting(shop.office, a_user(shop.office, "sys_finance"))
    bank = Bank()
    refunds = [
        execute(shop.office, finance, Ask(payment.id, amount), reason=WHY, gateway=bank)
        for amount in (1_000, 2_000)
    ]
    bank.paid[f"refund-{refunds[1].id}"] = RefundAnswer("failed", "2", "closed account")
    body = {
        "event": "refund.failed",
        "data": {"transaction_reference": "T1", "refund_reference": "TRF_9", "amount": "2000"},
    }
    raw = json.dumps(body).encode()
    mark = {"x-paystack-signature": paystack_money.signature(raw)}
    received = receive(shop.office, "paystack", raw, mark)
    bank.news_of = gateway_of(  # type: ignore[attr-defined]
        shop.office.settings, "paystack", engine=shop.office.engine
    ).news_of
    monkeypatch.setattr(events, "gateway_of", lambda *_given, **_more: bank)
    assert handle(shop.office, received.event_id).status == "handled"
    with shop.office.work(JOB) as work:
        kept = [work.session.get_one(Refund, refund.id).status for refund in refunds]
    assert kept == ["succeeded", "failed"]
    assert wrong_books(shop.office) == []
