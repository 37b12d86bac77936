"""The page of bank files: what was read, import, what is set aside, the columns of a CSV file."""

import pytest
from streamlit.testing.v1 import AppTest

from core.bank.mappings import saved_mapping
from core.work import Office
from tests.billing import a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.core.bank.making import Made, camt, mt940
from tests.pages.administering import Visit, events, press, visitor, words

CSV = b"Date;Amount;Payer;Message\n20.11.2026;1.250,00;Rheinfeld;26000013\n"


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page as a new person."""
    return visitor(office, monkeypatch, "receivables/bank_files.py")


def upload(test: AppTest, data: bytes, name: str = "november.xml") -> AppTest:
    return test.file_uploader(key="bank-upload").set_value((name, data, "text/plain")).run()


def import_door(test: AppTest) -> str:
    return next(b.key for b in test.button if str(b.key).startswith("bank-import-"))


def test_a_file_is_shown_then_imported_and_listed(visit: Visit, office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    test = visit("billing")
    assert "No statement came yet" in words(test)
    data = camt(Made(10_000, invoice.ocr, "B1"), Made(4_000, "thank you", "B2"))
    upload(test, data)
    assert not test.exception
    told = words(test)
    assert "2 transactions" in told
    assert invoice.ocr in told
    press(test, import_door(test))
    press(test, "confirm-do")
    assert not test.exception
    assert "2 transfers imported, 1 of them matched, 1 for the inbox; 0 were known" in words(test)
    assert "november.xml" in words(test)
    assert events(office, "bank.statement.imported")[0]["transfers"] == 2
    assert wrong_books(office) == []


def test_what_does_not_foot_is_shown_with_its_difference_and_set_aside(visit: Visit) -> None:
    test = upload(visit("billing"), mt940(Made(100, "A"), closing_minor=90), "bank.sta")
    assert "Does not add up, differs by" in words(test)
    press(test, import_door(test))
    assert "Set aside" in words(test)
    press(test, "confirm-do")
    assert "1 statements set aside" in words(test)
    assert "Set aside: the balances differ by -10 minor units" in words(test)


def test_a_broken_file_says_where(visit: Visit) -> None:
    test = upload(visit("billing"), camt(Made(100)).replace(b"1.00</Amt>", b"one</Amt>"))
    assert "This did not work" in words(test)
    assert "is not an amount" in words(test)


def test_the_columns_of_a_csv_file_are_corrected_and_kept(visit: Visit, office: Office) -> None:
    test = upload(visit("billing"), CSV, "bank.csv")
    assert "names no currency" in words(test)
    test.text_input(key="mapping-account").set_value("5402-9681").run()
    test.text_input(key="mapping-currency").set_value("sek").run()
    assert "names no currency" not in words(test)
    test.text_input(key="mapping-name").set_value("Our bank").run()
    press(test, "mapping-save")
    assert "“Our bank” is kept" in words(test)
    with office.work(acting(office, a_user(office, "billing"))) as work:
        kept = saved_mapping(work, "Our bank")
    assert (kept.account, kept.currency, kept.decimal_mark) == ("5402-9681", "SEK", ",")
    press(test, import_door(test))
    press(test, "confirm-do")
    assert "1 transfers imported" in words(test)


def test_who_only_reads_sees_what_came_and_no_upload(visit: Visit) -> None:
    test = visit("cfo")
    assert not test.exception
    assert not test.get("file_uploader")
