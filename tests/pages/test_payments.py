"""Payments on their pages: the list, one payment, recording, credit, reversal and refunds."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.gateways.port import GatewayRefused, GatewayUnsure, RefundAnswer, RefundOrder
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.payments.detail import PaymentDetail, payment_detail
from core.payments.models import Payment
from core.refunds.models import Refund
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, a_charge, a_tenant, an_invoice, wrong_books
from tests.pages.administering import confirm, events, press, visitor
from tests.pages.administering import words as shown
from tests.wallets import a_recharge, paid_from_wallet

Visit = Callable[..., AppTest]


@pytest.fixture
def listed(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the list."""
    return visitor(office, monkeypatch, "receivables/payments.py")


@pytest.fixture
def opened(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page of a payment."""
    return visitor(office, monkeypatch, "receivables/payment.py")


@pytest.fixture
def tenant(office: Office) -> Tenant:
    """A Swedish tenant."""
    return a_tenant(office, "SE", "SEK")


@pytest.fixture
def invoice(office: Office, tenant: Tenant) -> Invoice:
    """SEK 125.00, of it 25.00 tax."""
    return an_invoice(office, tenant)


def by_hand(office: Office, tenant: Tenant, amount_minor: int = 12_500) -> Payment:
    """Money of a bank transfer, on the oldest invoices."""
    with office.work(JOB) as work:
        return record_payment(
            work, tenant.id, amount_minor, tenant.currency, "bank_transfer", reference="B-77"
        )


def doors(test: AppTest) -> set[str]:
    return {str(button.label) for button in test.button if button.key != "confirm-do"}


def now(office: Office, payment: Payment) -> PaymentDetail:
    with office.work(JOB) as work:
        return payment_detail(work, payment.id)


def status(office: Office, invoice: Invoice) -> tuple[str, int]:
    with office.work(JOB) as work:
        found = work.session.get_one(Invoice, invoice.id)
        return found.status, found.paid_minor


def refunds(office: Office) -> list[Refund]:
    with office.work(JOB) as work:
        return list(work.session.scalars(select(Refund).order_by(Refund.id)))


def dialog(payment: Payment, do: str, form: str = "") -> dict[str, str]:
    found = {"payment": str(payment.id), "do": f"{do}:{payment.id}"}
    return {**found, "form": f"{do}?{form}"} if form else found


def test_list_shows_what_came_and_where_it_went(
    office: Office, listed: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    charged = a_charge(office, invoice)
    held = by_hand(office, tenant, 9_900)
    page = shown(listed("cfo"))
    assert f"/payment?payment={charged.id}" in page
    assert f"/invoice?invoice={invoice.id}" in page
    assert "Stripe" in page
    assert "1.75" in page
    assert ">99.00<" in page
    assert "2 payments" in page
    for address, fits in (
        ({"text": "B-77"}, held),
        ({"provider": "stripe"}, charged),
        ({"method": "bank_transfer", "from": "2026-11-20", "until": "2026-11-20"}, held),
        ({"credit": "True"}, held),
    ):
        page = shown(listed("billing", **address))
        assert "1 payment<" in page
        assert f"payment={fits.id}" in page
    assert "No payment fits" in shown(listed("billing", status="failed"))


def test_payment_over_several_invoices_names_how_many(
    office: Office, listed: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    an_invoice(office, tenant)
    by_hand(office, tenant, 25_000)
    assert "2 invoices" in shown(listed("cfo"))


def test_one_payment_is_put_on_two_invoices_as_said(
    office: Office, listed: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    other = an_invoice(office, tenant)
    test = listed("billing")
    press(test, "record-payment-new")
    assert "Choose the tenant" in shown(test)
    test.selectbox(key="record-payment-tenant").set_value(str(tenant.id)).run()
    assert "Give the amount" in shown(test)
    test.text_input(key="record-payment-amount").set_value("140.00").run()
    test.radio(key="record-payment-way").set_value("parts").run()
    assert "Give an amount for one invoice at least" in shown(test)
    test.text_input(key=f"record-payment-part-{invoice.id}").set_value("126").run()
    assert "is owed 125.00, not more" in shown(test)
    test.text_input(key=f"record-payment-part-{invoice.id}").set_value("100").run()
    test.text_input(key=f"record-payment-part-{other.id}").set_value("30").run()
    assert "SEK 10.00 pays no invoice" in shown(test)
    press(test, "confirm-do")
    assert not test.exception
    assert status(office, invoice) == ("partially_paid", 10_000)
    assert status(office, other) == ("partially_paid", 3_000)
    assert len(events(office, "billing.payment.recorded")) == 1
    assert wrong_books(office) == []


def test_credit_left_is_used_on_what_is_owed(office: Office, opened: Visit, tenant: Tenant) -> None:
    held = by_hand(office, tenant, 20_000)
    owed = an_invoice(office, tenant)
    test = opened("billing", payment=str(held.id))
    assert doors(test) == {"Use credit…", "Reverse…"}
    press(test, f"use-credit-{held.id}")
    assert test.text_input(key=f"use-credit-part-{owed.id}").value == "125.00"
    assert "SEK 75.00 pays no invoice" in shown(test)
    press(test, "confirm-do")
    assert not test.exception
    assert status(office, owed) == ("paid", 12_500)
    assert now(office, held).row.credit_minor == 7_500


def test_credit_without_an_open_invoice_says_so(
    office: Office, opened: Visit, tenant: Tenant
) -> None:
    held = by_hand(office, tenant)
    assert "owes nothing" in shown(opened("billing", **dialog(held, "use-credit")))


def test_reversed_payment_leaves_its_invoice_owed(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    paid = by_hand(office, tenant)
    test = opened("billing", **dialog(paid, "reverse"))
    assert "Paid" in shown(test)
    confirm(test)
    assert not test.exception
    assert status(office, invoice) == ("issued", 0)
    assert doors(test) == set()
    assert wrong_books(office) == []


def test_refund_shows_what_it_does_then_does_it_once(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    # Half of 125.00 goes back: 50.00 net and 12.50 tax stand on the credit note.
    paid = by_hand(office, tenant)
    test = opened("sys_finance", payment=str(paid.id))
    assert doors(test) == {"Refund…"}
    press(test, f"refund-{paid.id}")
    assert test.text_input(key="refund-amount-credit_note").value == "125.00"
    assert "a bank transfer that you make yourself" in shown(test)
    test.text_input(key="refund-amount-credit_note").set_value("62.50").run()
    page = shown(test)
    for told in ("Partly refunded", "50.00", "12.50", "2611 Output tax", "is not owed again"):
        assert told in page
    assert refunds(office) == []
    confirm(test)
    assert not test.exception
    [made] = refunds(office)
    assert (made.amount_minor, made.status, made.reason) == (6_250, "succeeded", WHY)
    assert status(office, invoice) == ("partially_refunded", 12_500)
    assert "SEK 62.50 went back to Rheinfeld GmbH" in shown(test)
    assert "SAAS-CN-2026-00001" in shown(test)
    assert wrong_books(office) == []


def test_same_refund_again_says_that_it_is_the_second(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    paid = by_hand(office, tenant)
    test = opened("sys_finance", **dialog(paid, "refund", "amount-credit_note=40.00"))
    assert "second refund" not in shown(test)
    confirm(test)
    press(test, f"refund-{paid.id}")
    test.text_input(key="refund-amount-credit_note").set_value("40.00").run()
    assert "SEK 40.00 went back on 20 Nov 2026 13:00" in shown(test)
    told = "You refunded this amount of this payment on 20 Nov 2026 13:00: this would be a second"
    assert told in shown(test)
    confirm(test)
    assert not test.exception
    assert [each.nth for each in refunds(office)] == [1, 2]
    other = opened("sys_finance", **dialog(paid, "refund", "amount-credit_note=40.00"))
    assert "second refund" not in shown(other)


def test_refund_of_more_than_there_is_is_refused_in_units(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    paid = by_hand(office, tenant, 15_000)
    test = opened("sys_finance", **dialog(paid, "refund", "amount-credit_note=125.01"))
    assert "At most SEK 125.00 can go back this way" in shown(test)
    confirm(test)
    assert refunds(office) == []
    test = opened("sys_finance", **dialog(paid, "refund", "treatment=credit&amount-credit=25"))
    assert "no invoice changes" in shown(test)
    confirm(test)
    assert [each.treatment for each in refunds(office)] == ["credit"]
    assert status(office, invoice) == ("paid", 12_500)


def test_refund_can_leave_the_invoice_owed_again(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    paid = by_hand(office, tenant)
    form = "treatment=reopen&amount-reopen=125&notify=yes"
    test = opened("sys_finance", **dialog(paid, "refund", form))
    assert "No credit note is written: the invoice is owed again." in shown(test)
    confirm(test)
    assert not test.exception
    assert status(office, invoice) == ("issued", 0)
    assert refunds(office)[0].notify


def test_wallet_payment_goes_back_to_the_wallet(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    a_recharge(office, tenant, 20_000)
    paid = paid_from_wallet(office, invoice)
    test = opened("sys_finance", **dialog(paid, "refund"))
    assert "SEK 125.00 goes back to the tenant" in shown(test)
    assert len(test.radio(key="refund-treatment").options) == 1
    confirm(test)
    assert not test.exception
    assert status(office, invoice)[0] == "refunded"


def test_gateway_that_is_not_connected_is_said_and_nothing_is_written(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    paid = a_charge(office, invoice)
    test = opened("sys_finance", **dialog(paid, "refund"))
    assert "Stripe keeps its fee of SEK 1.75" in shown(test)
    confirm(test)
    assert "Stripe is not connected" in shown(test)
    assert refunds(office) == []


@dataclass
class Silent:
    """A gateway that refuses, or does not answer in time."""

    refusal: GatewayRefused | GatewayUnsure

    def refund(self, order: RefundOrder) -> RefundAnswer:
        assert order.amount_minor
        raise self.refusal


def test_refusal_of_the_gateway_is_told_and_the_amount_can_go_back_again(
    office: Office, opened: Visit, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid = a_charge(office, invoice)
    gateway = Silent(GatewayRefused("The card was closed"))
    monkeypatch.setattr("core.refunds.run.gateway_of", lambda *_given, **_more: gateway)
    test = opened("sys_finance", **dialog(paid, "refund"))
    confirm(test)
    assert "Nothing went back, it was refused: The card was closed" in shown(test)
    gateway.refusal = GatewayUnsure("No answer")
    confirm(test)
    assert "is on its way; the gateway has not answered yet" in shown(test)
    assert [each.status for each in refunds(office)] == ["failed", "pending"]
    assert "Refused: The card was closed" in shown(test)


def test_stale_sign_in_sees_the_preview_and_keeps_its_fields(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    paid = by_hand(office, tenant)
    test = opened("sys_finance", fresh=False, **dialog(paid, "refund"))
    test.text_input(key="refund-amount-credit_note").set_value("12.50").run()
    assert "Confirm it is you" in shown(test)
    assert not test.text_area
    kept = str(test.query_params["form"])
    again = opened("sys_finance", **{**dialog(paid, "refund"), "form": kept})
    assert again.text_input(key="refund-amount-credit_note").value == "12.50"


def test_figures_that_changed_since_the_preview_are_shown_again(
    office: Office, opened: Visit, invoice: Invoice, tenant: Tenant
) -> None:
    paid = by_hand(office, tenant)
    first = opened("sys_finance", **dialog(paid, "refund", "amount-credit_note=50"))
    second = opened("sys_finance", **dialog(paid, "refund", "amount-credit_note=60"))
    confirm(second)
    confirm(first)
    assert "The figures changed since the preview" in shown(first)
    assert [each.amount_minor for each in refunds(office)] == [6_000]


@pytest.mark.parametrize("do", ["refund", "reverse", "use-credit"])
def test_reader_is_refused_by_core_behind_the_page(
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
    opened: Visit,
    invoice: Invoice,
    tenant: Tenant,
    do: str,
) -> None:
    monkeypatch.setattr("pages.parts.confirm.may_open", lambda _step: True)
    paid = by_hand(office, tenant, 30_000)
    an_invoice(office, tenant)
    test = opened("cfo", **dialog(paid, do))
    assert doors(test) == set()
    assert "needs the permission" in shown(test)
    confirm(test) if test.text_area else press(test, "confirm-do")
    assert (now(office, paid).row.status, refunds(office)) == ("captured", [])


@pytest.mark.parametrize(
    "address", [{}, {"payment": "x"}, {"payment": "99999"}, {"payment": "1", "do": "refund:x"}]
)
def test_made_up_address_is_answered_in_words(opened: Visit, address: dict[str, str]) -> None:
    test = opened("sys_finance", **address)
    assert not test.exception
    assert "no such payment" in shown(test) or "No payment is chosen" in shown(test)


def test_page_tells_the_life_of_a_payment(office: Office, opened: Visit, invoice: Invoice) -> None:
    paid = a_charge(office, invoice)
    page = shown(opened("cfo", payment=str(paid.id)))
    for told in ("SEK 125.00 received", "At Stripe", "ch_1", "123.25"):
        assert told in page
