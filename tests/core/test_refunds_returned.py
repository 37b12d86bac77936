"""Refunds that fail after they had succeeded: money, notes, invoices and books (REF.1–2)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from core.clock import SetClock
from core.credit_notes.models import CreditNote
from core.errors import NotNow
from core.gateways.port import RefundAnswer
from core.payments.actions import record_payment
from core.payments.models import Payment
from core.payments.rules import Part
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.returning import return_refund
from core.refunds.run import execute, take_answer
from core.work import Office
from tests.billing import JOB, WHY, a_charge, a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.core.test_refunds import Bank, a_paid_invoice, again, finance

EXPIRED = RefundAnswer("failed", "re_1", "expired_or_canceled_card")


def comes_back(office: Office, refund: Refund) -> Refund:
    with office.work(JOB) as work:
        take_answer(work, refund.id, EXPIRED)
    with office.work(JOB) as work:
        return work.session.get_one(Refund, refund.id)


def clearing(office: Office) -> int:
    """What the books say that Stripe owes us, in minor units."""
    with office.work(JOB) as work:
        return int(
            work.session.scalar(
                text("select sum(amount_minor) from accounting_entry where account_code = '1581'")
            )
            or 0
        )


@pytest.mark.parametrize(
    ("amount", "between"), [(12_500, "refunded"), (5_000, "partially_refunded")]
)
def test_its_note_stands_and_is_the_customers_credit(
    office: Office, clock: SetClock, amount: int, between: str
) -> None:
    invoice, payment = a_paid_invoice(office)
    held = clearing(office)
    refund = execute(office, finance(office), Ask(payment.id, amount), reason=WHY, gateway=Bank())
    assert (again(office, invoice).status, clearing(office)) == (between, held - amount)
    clock.advance(timedelta(days=3))
    failed = comes_back(office, refund)
    assert (failed.status, failed.failure) == ("failed", "expired_or_canceled_card")
    assert failed.returned_on == failed.refunded_on + timedelta(days=3)
    assert (again(office, invoice).status, again(office, payment).status) == ("paid", "captured")
    assert clearing(office) == held
    with office.work(JOB) as work:
        note = work.session.scalars(select(CreditNote)).one()
        credit = work.session.get_one(Payment, note.payment_id)
    assert (note.status, credit.credit_minor) == ("issued", amount)
    assert credit.provider_payment_id == note.number
    assert wrong_books(office) == []


def test_it_can_be_paid_out_another_time_and_comes_back_only_once(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    who = finance(office)
    refund = execute(office, who, Ask(payment.id, 12_500), reason=WHY, gateway=Bank())
    for _ in range(3):
        comes_back(office, refund)
    with office.work(JOB) as work:
        note = work.session.scalars(select(CreditNote)).one()
        with pytest.raises(NotNow):
            return_refund(work, refund.id, "again")
    ask = Ask(payment.id, 12_500, "note", note.id)
    second = execute(office, who, ask, reason=WHY, gateway=Bank())
    assert (second.status, again(office, invoice).status) == ("succeeded", "refunded")
    assert again(office, payment).refunded_minor == 12_500
    comes_back(office, second)
    assert again(office, invoice).status == "paid"
    third = execute(office, who, replace(ask, nth=1), reason=WHY, gateway=Bank())
    assert third.id not in (refund.id, second.id)
    assert again(office, payment).refunded_minor == 12_500
    assert wrong_books(office) == []


def test_an_invoice_that_was_owed_again_is_settled_again(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    ask = Ask(payment.id, 2_500, "reopen")
    refund = execute(office, finance(office), ask, reason=WHY, gateway=Bank())
    assert again(office, invoice).due_minor == 2_500
    comes_back(office, refund)
    assert (again(office, invoice).status, again(office, invoice).due_minor) == ("paid", 0)
    assert again(office, payment).credit_minor == 0
    assert wrong_books(office) == []


def test_what_another_payment_settled_meanwhile_is_not_settled_twice(office: Office) -> None:
    invoice, payment = a_paid_invoice(office)
    ask = Ask(payment.id, 2_500, "reopen")
    refund = execute(office, finance(office), ask, reason=WHY, gateway=Bank())
    clerk = acting(office, a_user(office, "billing"))
    with office.work(clerk) as work:
        record_payment(
            work,
            invoice.tenant_id,
            2_000,
            invoice.currency,
            "bank_transfer",
            parts=(Part(invoice.id, 2_000),),
        )
    comes_back(office, refund)
    assert again(office, invoice).status == "paid"
    assert again(office, payment).credit_minor == 2_000
    assert wrong_books(office) == []


def test_money_that_settled_no_invoice_is_credit_again(office: Office) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    payment = a_charge(office, an_invoice(office, tenant, 10_000))
    clerk = acting(office, a_user(office, "billing"))
    with office.work(clerk) as work:
        other = record_payment(work, tenant.id, 700, "SEK", "bank_transfer")
    refund = execute(office, finance(office), Ask(other.id, 700, "credit"), reason=WHY)
    assert again(office, other).credit_minor == 0
    comes_back(office, refund)
    assert (again(office, other).credit_minor, again(office, other).refunded_minor) == (700, 0)
    assert again(office, payment).status == "captured"
    assert wrong_books(office) == []


def test_the_customer_hears_of_it_when_it_heard_of_the_refund(office: Office) -> None:
    told = []
    for number, notify in (("ch_1", True), ("ch_2", False)):
        payment = a_charge(office, an_invoice(office, a_tenant(office, "SE", "SEK")), number)
        ask = Ask(payment.id, 1_000, notify=notify)
        refund = execute(office, finance(office), ask, reason=WHY, gateway=Bank())
        comes_back(office, refund)
        with office.work(JOB) as work:
            told.append(
                work.session.scalars(
                    text(
                        "select event_type from notification where event_type like 'refund.%' "
                        "and tenant_id = :id order by id"
                    ),
                    {"id": refund.tenant_id},
                ).all()
            )
    assert told == [["refund.made", "refund.returned"], []]
