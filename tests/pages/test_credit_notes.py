"""Credit notes on their pages: written by one person, decided by another, used or paid out."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest

from core.access.sessions import open_session, viewer
from core.credit_notes.actions import approve_credit_note, create_credit_note
from core.credit_notes.models import CreditNote
from core.gateways.port import Gateway, RefundAnswer
from core.invoices.models import Invoice
from core.payments.actions import record_payment
from core.payments.models import Payment
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.run import execute
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY, a_charge, a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.pages.administering import confirm, press, visitor
from tests.pages.administering import words as shown

Visit = Callable[..., AppTest]


@pytest.fixture
def listed(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the list."""
    return visitor(office, monkeypatch, "receivables/credit_notes.py")


@pytest.fixture
def opened(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page of a credit note."""
    return visitor(office, monkeypatch, "receivables/credit_note.py")


@pytest.fixture
def payment_page(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page of a payment."""
    return visitor(office, monkeypatch, "receivables/payment.py")


@pytest.fixture
def invoice(office: Office) -> Invoice:
    """SEK 125.00, of it 25.00 tax, owed."""
    return an_invoice(office, a_tenant(office, "SE", "SEK"))


def paid(office: Office, invoice: Invoice) -> Payment:
    with office.work(JOB) as work:
        return record_payment(work, invoice.tenant_id, 12_500, "SEK", "bank_transfer")


def a_draft(office: Office, invoice: Invoice, amount_minor: int = 5_000) -> CreditNote:
    """A draft of somebody of billing."""
    with office.work(acting(office, a_user(office, "billing"))) as work:
        return create_credit_note(work, invoice.id, amount_minor=amount_minor, cause="goodwill")


def notes(office: Office) -> list[CreditNote]:
    with office.work(JOB) as work:
        return list(work.session.scalars(select(CreditNote).order_by(CreditNote.id)))


def doors(test: AppTest) -> set[str]:
    return {str(button.label) for button in test.button if button.key != "confirm-do"}


def test_list_shows_what_waits_first(office: Office, listed: Visit, invoice: Invoice) -> None:
    assert "There is no credit note yet" in shown(listed("cfo"))
    made = a_draft(office, invoice)
    page = shown(listed("cfo"))
    assert "somebody else approves" in page
    assert f"/credit-note?note={made.id}" in page
    assert "SEK 50.00" in page
    assert "Goodwill" in page
    assert ">A user<" in page
    assert "user-" not in page
    assert "1 credit note<" in shown(listed("cfo", status="draft"))
    assert "No credit note fits" in shown(listed("cfo", status="issued"))
    assert doors(listed("cfo")) == set()
    assert doors(listed("billing")) == {"New credit note…"}


def test_note_is_written_by_line_over_an_invoice_by_its_number(
    office: Office, listed: Visit, invoice: Invoice
) -> None:
    test = listed("billing", do="credit:new")
    assert "Give the number of the invoice" in shown(test)
    test.text_input(key="credit-invoice").set_value("SAAS-INV-1").run()
    assert "There is no invoice SAAS-INV-1" in shown(test)
    test.text_input(key="credit-invoice").set_value(str(invoice.number)).run()
    assert "SEK 125.00 of" in shown(test)
    test.radio(key="credit-part").set_value("lines").run()
    assert "Give an amount for one line at least" in shown(test)
    field = next(each for each in test.text_input if str(each.key).startswith("credit-line-"))
    field.set_value("200").run()
    assert "At most SEK 125.00 can be credited here" in shown(test)
    field = next(each for each in test.text_input if str(each.key).startswith("credit-line-"))
    field.set_value("25").run()
    assert "Nothing is booked until somebody else approves it" in shown(test)
    press(test, "confirm-do")
    assert not test.exception
    [made] = notes(office)
    assert (made.total_minor, made.tax_minor, made.status, made.settles) == (
        2_500, 500, "draft", "invoice",
    )  # fmt: skip


def test_nobody_approves_their_own(
    office: Office, opened: Visit, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = a_draft(office, invoice)
    test = opened("billing", note=str(made.id))
    assert doors(test) == {"Approve…", "Decline…"}
    with office.work(JOB) as work:
        token = open_session(work, made.created_by or 0, fresh=True)
    author = viewer(office, token)
    assert author
    monkeypatch.setattr("pages.parts.viewer.current_viewer", lambda: author)
    monkeypatch.setattr("pages.parts.viewer.current_actor", author.actor)
    test.run()
    assert doors(test) == {"Decline…"}
    assert "You wrote it" in shown(test)
    test.query_params["do"] = f"approve:{made.id}"
    test.run()
    assert "Somebody else approves a credit note" in shown(test)
    assert notes(office)[0].status == "draft"


def test_somebody_else_approves_it_and_the_invoice_is_owed_less(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    made = a_draft(office, invoice)
    test = opened("billing", note=str(made.id), do=f"approve:{made.id}")
    page = shown(test)
    for told in ("125.00", "75.00", "Partly paid", "2611 Output tax"):
        assert told in page
    confirm(test)
    assert not test.exception
    [note] = notes(office)
    assert (note.status, note.number) == ("issued", "SAAS-CN-2026-00001")
    assert doors(test) == set()
    with office.work(JOB) as work:
        assert work.session.get_one(Invoice, invoice.id).due_minor == 7_500
    assert wrong_books(office) == []


def test_what_one_person_did_in_one_step_is_not_called_approved(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    made = a_draft(office, invoice)
    with office.work(acting(office, a_user(office, "billing"))) as work:
        approve_credit_note(work, made.id, reason=WHY)
    assert "Approved" in shown(opened("billing", note=str(made.id)))
    payment = a_charge(office, an_invoice(office, a_tenant(office)))
    finance = acting(office, a_user(office, "sys_finance"))
    bank = SimpleNamespace(refund=lambda order: RefundAnswer("succeeded", order.key))
    execute(office, finance, Ask(payment.id, 1_000), reason=WHY, gateway=cast("Gateway", bank))
    page = shown(opened("billing", note=str(notes(office)[-1].id)))
    assert "Approved" not in page
    assert "Issued" in page


def test_approval_waits_for_a_fresh_sign_in(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    made = a_draft(office, invoice)
    test = opened("billing", fresh=False, note=str(made.id), do=f"approve:{made.id}")
    assert "Confirm it is you" in shown(test)
    assert not test.text_area


def test_declined_note_frees_its_amount(office: Office, opened: Visit, invoice: Invoice) -> None:
    made = a_draft(office, invoice, 12_500)
    test = opened("billing", note=str(made.id), do=f"decline:{made.id}")
    assert "its amount can be credited again" in shown(test)
    confirm(test, "short")
    assert "at least ten characters" in shown(test)
    confirm(test)
    assert [note.status for note in notes(office)] == ["declined"]
    a_draft(office, invoice, 12_500)


def test_what_is_left_is_paid_out_at_the_payment_of_its_invoice(
    office: Office, opened: Visit, payment_page: Visit, invoice: Invoice
) -> None:
    money = paid(office, invoice)
    made = a_draft(office, invoice)
    confirm(opened("billing", note=str(made.id), do=f"approve:{made.id}"))
    page = shown(opened("sys_finance", note=str(made.id)))
    assert "Pay out what is left" in page
    assert f"do=refund%3A{money.id}" in page
    assert "Use what is left" in shown(opened("billing", note=str(made.id)))
    test = payment_page(
        "sys_finance", payment=str(money.id), do=f"refund:{money.id}",
        form=f"refund?treatment=note&note={made.id}",
    )  # fmt: skip
    assert "The credit of an earlier credit note is paid out" in shown(test)
    assert test.text_input(key="refund-amount-note").value == "50.00"
    confirm(test)
    assert not test.exception
    with office.work(JOB) as work:
        [refund] = work.session.scalars(select(Refund)).all()
    assert (refund.treatment, refund.amount_minor, refund.status) == ("note", 5_000, "succeeded")
    assert "Pay out what is left" not in shown(opened("sys_finance", note=str(made.id)))
    assert wrong_books(office) == []


@pytest.mark.parametrize("do", ["approve", "decline"])
def test_reader_is_refused_by_core_behind_the_page(
    office: Office, monkeypatch: pytest.MonkeyPatch, opened: Visit, invoice: Invoice, do: str
) -> None:
    monkeypatch.setattr("pages.parts.confirm.may_open", lambda _step: True)
    made = a_draft(office, invoice)
    test = opened("cfo", note=str(made.id), do=f"{do}:{made.id}")
    assert doors(test) == set()
    assert "needs the permission" in shown(test)
    confirm(test)
    assert notes(office)[0].status == "draft"


@pytest.mark.parametrize("address", [{}, {"note": "x"}, {"note": "99999"}])
def test_made_up_address_is_answered_in_words(opened: Visit, address: dict[str, str]) -> None:
    test = opened("billing", **address)
    assert not test.exception
    assert "no such credit note" in shown(test) or "No credit note is chosen" in shown(test)


def test_markup_in_a_name_stays_text(
    office: Office, listed: Visit, opened: Visit, invoice: Invoice
) -> None:
    made = a_draft(office, invoice)
    with office.work(JOB) as work:
        work.session.get_one(Tenant, invoice.tenant_id).name = "<script>x</script>"
    assert "<script>" not in shown(listed("billing"))
    assert "<script>" not in shown(opened("billing", note=str(made.id)))


def test_list_is_narrowed_to_a_currency_and_sorted(office: Office, listed: Visit) -> None:
    large = an_invoice(office, a_tenant(office, "SE", "SEK"), 20_000)
    small = an_invoice(office, a_tenant(office), 100)
    for invoice in (large, small, an_invoice(office, a_tenant(office), 300)):
        with office.work(acting(office, a_user(office, "billing"))) as work:
            create_credit_note(work, invoice.id)
    euro = shown(listed("cfo", currency="EUR"))
    assert "EUR 1.25" not in euro  # a German company accounts for the tax itself
    assert "EUR 1.00" in euro
    assert "SEK 250.00" not in euro
    newest = shown(listed("cfo"))
    assert newest.rindex("EUR 1.00") < newest.rindex("SEK 250.00")
    largest = shown(listed("cfo", sort="total"))
    # Amounts in two currencies are not compared: each currency has an order of its own.
    places = [largest.rindex(each) for each in ("EUR 3.00", "EUR 1.00", "SEK 250.00")]
    assert places == sorted(places)
