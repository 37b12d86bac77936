"""Invoices on their pages: the list and its files, one invoice, its drafts and its writes."""

from collections.abc import Callable
from datetime import date

import pytest
from streamlit.testing.v1 import AppTest

from core.invoices.actions import write_off
from core.invoices.detail import InvoiceDetail, invoice_detail
from core.invoices.models import Invoice
from core.listing import all_rows
from core.payments.actions import record_payment
from core.payments.models import Payment
from core.tenants.models import Tenant
from core.work import Office
from etl.export import csv_text
from pages.parts.tables import Cell, Column
from pages.receivables import lists, words
from tests.billing import JOB, WHY, a_tenant, an_invoice, pass_days, the_invoices, wrong_books
from tests.builders import a_user, acting
from tests.pages.administering import confirm, events, press, visitor
from tests.pages.administering import words as shown

Visit = Callable[..., AppTest]


@pytest.fixture
def listed(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the list."""
    return visitor(office, monkeypatch, "receivables/invoices.py")


@pytest.fixture
def opened(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page of an invoice."""
    return visitor(office, monkeypatch, "receivables/invoice.py")


@pytest.fixture
def invoice(office: Office) -> Invoice:
    """SEK 125.00, owed by a Swedish tenant."""
    return an_invoice(office, a_tenant(office, "SE", "SEK"))


def doors(test: AppTest) -> set[str]:
    return {str(button.label) for button in test.button if button.key != "confirm-do"}


def now(office: Office, invoice: Invoice) -> InvoiceDetail:
    with office.work(JOB) as work:
        return invoice_detail(work, str(invoice.id))


def typed(test: AppTest, **fields: str) -> None:
    """Fill fields of the draft, named `name_line`."""
    for field, value in fields.items():
        test.text_input(key=f"draft-{field.replace('_', '-')}").set_value(value)
    test.run()


def test_list_shows_what_is_open_and_late_and_opens_it(
    office: Office, listed: Visit, invoice: Invoice
) -> None:
    pass_days(office.clock, 35)  # type: ignore[arg-type]
    an_invoice(office, a_tenant(office), 8_000)
    page = shown(listed("cfo"))
    assert f"/invoice?invoice={invoice.id}" in page
    assert "20 Dec 2026, 5 days late" in page
    assert "Open in SEK</dt><dd>125.00" in page
    assert "Open in EUR</dt><dd>80.00" in page
    assert "2 invoices" in page


def test_filters_stand_in_the_address(office: Office, listed: Visit, invoice: Invoice) -> None:
    other = an_invoice(office, a_tenant(office), 8_000)
    for address, fits in (
        ({"currency": "EUR"}, other),
        ({"text": str(invoice.number)}, invoice),
        ({"text": f"#{invoice.ocr}"}, invoice),
        ({"status": "issued", "currency": "SEK"}, invoice),
        ({"type": "adjustment", "issuer": "tenant", "currency": "EUR"}, other),
        ({"issued_from": "2026-11-20", "due_until": "2026-12-20", "currency": "SEK"}, invoice),
    ):
        page = shown(listed("billing", **address))
        assert "1 invoice<" in page
        assert f"invoice={fits.id}" in page
    for address in ({"status": "paid"}, {"due_until": "2026-12-01"}, {"dunning": "True"}):
        assert "No invoice fits" in shown(listed("billing", **address))


def test_unknown_filter_is_ignored_and_the_page_starts_anew_with_another(
    listed: Visit, invoice: Invoice
) -> None:
    test = listed("billing", status="nonsense", issued_from="yesterday", page="2")
    assert not test.exception
    test.selectbox(key="currency").set_value("SEK").run()
    assert f"invoice={invoice.id}" in shown(test)
    assert "page" not in test.query_params


def test_only_who_may_write_is_offered_a_new_invoice(listed: Visit) -> None:
    assert doors(listed("billing")) == {"New invoice…"}
    assert doors(listed("cfo")) == set()


def test_list_as_pdf_and_csv_without_formulas() -> None:
    asked: list[int] = []

    def read(most: int) -> list[Tenant]:
        asked.append(most)
        return [Tenant(name="=cmd()", currency="SEK")]

    listed = lists.Listed(
        "tenants", "Tenants", (Column("Tenant", words=True), Column("Currency")), read,
        lambda tenant: [Cell(tenant.name), Cell(tenant.currency)], ("name", "currency"),
        date(2026, 11, 20),
    )  # fmt: skip
    assert lists.as_pdf(listed, 1).startswith(b"%PDF")
    assert csv_text(lists.frame(listed)).splitlines() == ["name,currency", "'=cmd(),SEK"]
    assert asked == [2_000, 100_000]


def test_files_read_page_by_page_up_to_their_limit() -> None:
    def page(limit: int, offset: int) -> list[int]:
        return list(range(offset, min(offset + limit, 1_234)))

    assert all_rows(page, 10_000) == list(range(1_234))
    assert all_rows(page, 700) == list(range(700))


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ("cfo", set()),
        (
            "billing",
            {"Mark paid…", "Send again…", "Record a payment…", "Credit…", "Void…"},
        ),
        ("admin", {"Mark paid…", "Send again…", "Void…"}),
        ("sys_finance", {"Write off…"}),
    ],
)
def test_doors_are_those_of_role_and_status(
    opened: Visit, invoice: Invoice, role: str, expected: set[str]
) -> None:
    test = opened(role, invoice=str(invoice.number))
    assert not test.exception
    assert doors(test) == expected


def test_page_shows_lines_tax_payments_and_timeline(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    with office.work(JOB) as work:
        paid = record_payment(work, invoice.tenant_id, 5_000, "SEK", "bank_transfer")
    page = shown(opened("cfo", invoice=str(invoice.id)))
    assert "Partly paid" in page
    assert ">75.00<" in page or "SEK 75.00" in page
    assert f"/payment?payment={paid.id}" in page
    assert "Sent as" in page
    assert "SEK 50.00 paid, Bank transfer" in page
    assert "25%" in page


def test_draft_adds_up_while_it_is_written_and_is_saved_once(office: Office, listed: Visit) -> None:
    # 3 x 1,200.50 less 10 % is 3,241.35, and 450.00 net: 25 % of each, rounded on each line.
    tenant = a_tenant(office, "SE", "SEK")
    test = listed("billing")
    press(test, "new-invoice-invoice")
    assert "Choose the tenant" in shown(test)
    test.selectbox(key="new-invoice-tenant").set_value(str(tenant.id)).run()
    assert "Line 1 needs a description and a unit price" in shown(test)
    typed(test, description_1="Workshop", quantity_1="3", unit_1="1200.50", discount_1="10%")
    press(test, "draft-add")
    typed(test, description_2="Travel", unit_2="450")
    assert "3,241.35" in shown(test)
    assert "4,614.19" in shown(test)
    assert the_invoices(office) == []
    press(test, "confirm-do")
    assert not test.exception
    [made] = the_invoices(office)
    assert (made.status, made.net_minor, made.tax_minor) == ("draft", 369_135, 92_284)
    assert [toast.value for toast in test.toast] == [
        "A draft over SEK 4,614.19 for Rheinfeld GmbH is written"
    ]
    assert "do" not in test.query_params


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("unit_1", "12.345", "more decimals than SEK"),
        ("unit_1", "much", "is not an amount"),
        ("quantity_1", "many", "The quantity of line 1: &#x27;many&#x27; is not a number"),
        ("discount_1", "x%", "The discount of line 1: &#x27;x&#x27; is not a number"),
        ("discount_1", "200%", "not between 0 and 100"),
    ],
)
def test_wrong_field_of_a_line_is_named(
    office: Office, listed: Visit, field: str, value: str, told: str
) -> None:
    tenant = a_tenant(office, "SE", "SEK")
    test = listed("billing", do="new-invoice:invoice", form=f"new-invoice?tenant={tenant.id}")
    typed(test, **{"description_1": "Work", "unit_1": "10.00", field: value})
    assert told in shown(test)
    press(test, "confirm-do")
    assert the_invoices(office) == []


def a_draft(office: Office, listed: Visit, unit: str = "100.00") -> Invoice:
    tenant = a_tenant(office, "SE", "SEK")
    test = listed("billing", do="new-invoice:invoice", form=f"new-invoice?tenant={tenant.id}")
    typed(test, description_1="Work", unit_1=unit)
    press(test, "confirm-do")
    return the_invoices(office)[-1]


def test_draft_is_edited_with_a_tax_of_its_own_and_a_line_less(
    office: Office, listed: Visit, opened: Visit
) -> None:
    made = a_draft(office, listed)
    test = opened("billing", invoice=str(made.id))
    assert doors(test) == {"Send…", "Edit…", "Discard…"}
    press(test, f"edit-invoice-{made.id}")
    assert test.text_input(key="draft-unit-1").value == "100.00"
    press(test, "draft-add")
    typed(test, description_2="Hours", unit_2="125")
    test.selectbox(key="draft-inclusive-2").set_value(True).run()
    press(test, "draft-remove-1")
    assert "125.00" in shown(test)
    press(test, "confirm-do")
    assert not test.exception
    found = now(office, made)
    assert [(line.description, line.net_minor) for line in found.lines] == [("Hours", 10_000)]
    assert found.row.total_minor == 12_500


def test_second_editor_is_told(office: Office, listed: Visit, opened: Visit) -> None:
    made = a_draft(office, listed)
    first = opened("billing", invoice=str(made.id), do=f"edit-invoice:{made.id}")
    second = opened("billing", invoice=str(made.id), do=f"edit-invoice:{made.id}")
    typed(second, unit_1="200.00")
    press(second, "confirm-do")
    typed(first, unit_1="300.00")
    press(first, "confirm-do")
    assert "Somebody else edited this draft" in shown(first)
    assert now(office, made).row.net_minor == 20_000


def test_draft_is_sent_after_its_posting_was_shown(
    office: Office, listed: Visit, opened: Visit
) -> None:
    made = a_draft(office, listed)
    test = opened("billing", invoice=str(made.id), do=f"send:{made.id}")
    test.number_input(key="send-days").set_value(10).run()
    assert "It is due on 30 Nov 2026" in shown(test)
    assert "1510 Accounts receivable" in shown(test)
    press(test, "confirm-do")
    assert not test.exception
    row = now(office, made).row
    assert (row.status, row.due_on, row.number) == (
        "issued", date(2026, 11, 30), "SAAS-INV-2026-00001",
    )  # fmt: skip
    assert wrong_books(office) == []


def test_draft_is_discarded(office: Office, listed: Visit, opened: Visit) -> None:
    made = a_draft(office, listed)
    test = opened("billing", invoice=str(made.id), do=f"discard:{made.id}")
    press(test, "confirm-do")
    assert not test.exception
    assert the_invoices(office) == []
    assert "The draft over SEK 125.00 is deleted" in shown(test)
    assert "No invoice is chosen" in shown(test)


def test_void_takes_back_with_a_reason(office: Office, opened: Visit, invoice: Invoice) -> None:
    test = opened("billing", invoice=str(invoice.id), do=f"void:{invoice.id}")
    confirm(test, "short")
    assert "at least ten characters" in shown(test)
    confirm(test)
    assert now(office, invoice).row.status == "cancelled"
    assert "Void…" not in doors(test)
    assert wrong_books(office) == []


def test_marked_paid_once_what_was_seen_as_owed(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    test = opened("billing", invoice=str(invoice.id), do=f"mark-paid:{invoice.id}")
    assert "All that is owed: SEK 125.00" in shown(test)
    with office.work(JOB) as work:
        record_payment(work, invoice.tenant_id, 5_000, "SEK", "cash")
    press(test, "confirm-do")
    assert "75.00 SEK is owed by now" in shown(test)
    assert now(office, invoice).row.paid_minor == 5_000
    press(test, "confirm-do")
    assert not test.exception
    assert now(office, invoice).row.status == "paid"
    assert len(events(office, "saas.invoice.marked_paid")) == 1


def test_rest_is_written_off_after_a_fresh_sign_in(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    where = {"invoice": str(invoice.id), "do": f"write-off:{invoice.id}"}
    test = opened("sys_finance", fresh=False, **where)
    assert "Confirm it is you" in shown(test)
    assert not test.text_area
    test = opened("sys_finance", **where)
    assert "Written off" in shown(test)
    confirm(test)
    assert now(office, invoice).row.status == "written_off"
    assert wrong_books(office) == []


def test_what_was_written_off_is_paid_after_all(
    office: Office, opened: Visit, invoice: Invoice
) -> None:
    where = {"invoice": str(invoice.id), "do": f"recover:{invoice.id}"}
    with office.work(acting(office, a_user(office, "sys_finance"))) as work:
        write_off(work, invoice.id, reason=WHY)
    assert "has enough left for it" in shown(opened("sys_finance", **where))
    with office.work(JOB) as work:
        record_payment(work, invoice.tenant_id, 13_000, "SEK", "bank_transfer")
    test = opened("sys_finance", **where)
    assert "Bad debt" in shown(test)
    confirm(test)
    assert now(office, invoice).row.status == "paid"
    assert wrong_books(office) == []


def test_reader_is_refused_by_core_behind_the_page(
    office: Office, monkeypatch: pytest.MonkeyPatch, opened: Visit, invoice: Invoice
) -> None:
    monkeypatch.setattr("pages.parts.confirm.may_open", lambda _step: True)
    for do in ("void", "mark-paid", "write-off", "record-payment", "credit", "send"):
        test = opened("cfo", invoice=str(invoice.id), do=f"{do}:{invoice.id}")
        assert not test.exception
        if do == "record-payment":
            test.text_input(key="record-payment-amount").set_value("1").run()
        assert "needs the permission" in shown(test)
        press(test, "confirm-do") if not test.text_area else confirm(test)
    assert now(office, invoice).row.status == "issued"


def test_overpayment_stays_as_credit(office: Office, opened: Visit, invoice: Invoice) -> None:
    test = opened("billing", invoice=str(invoice.id), do=f"record-payment:{invoice.id}")
    assert test.text_input(key="record-payment-amount").value == "125.00"
    test.text_input(key="record-payment-amount").set_value("150.00").run()
    assert "SEK 25.00 pays no invoice and stays as the customer" in shown(test)
    press(test, "confirm-do")
    assert not test.exception
    assert now(office, invoice).row.status == "paid"
    with office.work(JOB) as work:
        made = work.session.get_one(Payment, now(office, invoice).applied[0].payment_id)
    assert made.credit_minor == 2_500


@pytest.mark.parametrize(
    "address",
    [{}, {"invoice": "x"}, {"invoice": "99999"}, {"invoice": "1", "do": "void:x"}],
)
def test_made_up_address_is_answered_in_words(
    opened: Visit, invoice: Invoice, address: dict[str, str]
) -> None:
    test = opened("billing", **address)
    assert not test.exception
    assert "here is no" in shown(test) or "No invoice is chosen" in shown(test)


def test_markup_in_a_name_stays_text(
    office: Office, listed: Visit, opened: Visit, invoice: Invoice
) -> None:
    with office.work(JOB) as work:
        work.session.get_one(Tenant, invoice.tenant_id).name = "<script>x</script>"
    assert "<script>" not in shown(listed("billing"))
    assert "<script>" not in shown(opened("billing", invoice=str(invoice.id)))


def test_every_status_has_words() -> None:
    assert words.plain("insufficient_funds") == "Insufficient funds"
    assert words.way("manual", "cash") == "Cash"
    assert words.way("wallet", "wallet") == "Wallet"
    assert words.short_way("stripe", "card") == "Stripe"
    assert words.short_way("stripe", "direct_debit") == "Direct debit, Stripe"
    assert words.days(1) == "1 day"


@pytest.mark.parametrize("do", ["void", "write-off", "mark-paid", "record-payment", "credit"])
def test_an_address_opens_no_form_that_its_reader_may_not_send(
    opened: Visit, invoice: Invoice, do: str
) -> None:
    test = opened("cfo", invoice=str(invoice.id), do=f"{do}:{invoice.id}")
    assert "None of your roles allows this: " in shown(test)
    assert not test.text_area
    assert not [button for button in test.button if button.key == "confirm-do"]
