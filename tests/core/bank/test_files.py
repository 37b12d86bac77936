"""Importing a bank's files: once each, what fits by itself, what does not foot set aside."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from core.bank import files
from core.bank.files import FileImported, import_file
from core.bank.models import BankStatement, BankTransfer, UnmatchedBankTransfer
from core.bank.readers.csv_mapping import CsvMapping
from core.errors import BadInput, NotAllowed
from core.payments.models import Payment
from core.work import Office
from tests.billing import JOB, a_tenant, an_invoice, wrong_books
from tests.builders import a_user, acting
from tests.core.bank.making import DAY, IBAN, Made, bgmax, camt, entry, mt940

LATER = DAY + timedelta(days=1)


def import_(office: Office, data: bytes, **more: Any) -> FileImported:
    done = import_file(office, JOB, data, **more)
    assert wrong_books(office) == []
    return done


def counts(done: FileImported) -> tuple[int, int, int, int, int]:
    return done.imported, done.already_known, done.matched, done.unmatched, done.quarantined


def amounts(office: Office) -> list[int]:
    """What is on the accounts, in the order it came."""
    with office.work(JOB) as work:
        return list(
            work.session.scalars(select(BankTransfer.amount_minor).order_by(BankTransfer.id))
        )


def statements(office: Office) -> list[tuple[str, str, int | None]]:
    with office.work(JOB) as work:
        rows = work.session.scalars(select(BankStatement).order_by(BankStatement.id))
        return [(row.statement_ref, row.status, row.difference_minor) for row in rows]


def test_a_right_reference_with_the_exact_amount_is_a_payment(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    data = camt(
        Made(10_000, invoice.ocr, "B1"), Made(4_000, "thank you", "B2"), Made(-900, "rent", "B3")
    )
    assert counts(import_(office, data)) == (3, 0, 1, 1, 0)
    with office.work(JOB) as work:
        payment = work.session.scalars(select(Payment)).one()
        assert (payment.invoice_id, payment.amount_minor) == (invoice.id, 10_000)
        assert payment.received_on == DAY
        assert len(work.session.scalars(select(UnmatchedBankTransfer)).all()) == 1


@pytest.mark.parametrize("minor", [9_999, 10_001], ids=["less", "more"])
def test_another_amount_is_for_a_person(office: Office, minor: int) -> None:
    invoice = an_invoice(office, a_tenant(office))
    assert counts(import_(office, camt(Made(minor, invoice.ocr)))) == (1, 0, 0, 1, 0)


@pytest.mark.parametrize("write", [camt, mt940, bgmax], ids=["camt", "MT940", "BgMax"])
def test_the_same_file_twice_adds_nothing(office: Office, write) -> None:  # type: ignore[no-untyped-def]
    data = write(Made(5_000, "A"), Made(5_000, "A"), Made(7_000, "B"))
    assert counts(import_(office, data)) == (3, 0, 0, 3, 0)
    assert counts(import_(office, data)) == (0, 3, 0, 0, 0)
    assert amounts(office) == [5_000, 5_000, 7_000]


@pytest.mark.parametrize("named", [True, False], ids=["with references", "without"])
def test_an_export_that_overlaps_adds_only_what_is_new(office: Office, named: bool) -> None:
    day = [Made(5_000, "A", "B1"), Made(5_000, "A", "B2"), Made(7_000, "B", "B3", LATER)]
    if not named:
        day = [replace(each, bank_id="") for each in day]
    import_(office, camt(*day[:1], number="first"))
    done = import_(office, camt(*day, number="whole"))
    assert counts(done) == (2, 1, 0, 2, 0)
    assert counts(import_(office, camt(*day[1:], number="tail", opening_minor=5_000)))[0] == 0
    assert amounts(office) == [5_000, 5_000, 7_000]


def test_equal_transfers_of_two_pages_both_stay(office: Office) -> None:
    same = Made(9_900, "subscription")
    import_(office, camt(same, number="1"))
    done = import_(office, camt(same, number="2", opening_minor=9_900))
    assert counts(done) == (1, 0, 0, 1, 0)
    again = import_(office, camt(same, same, number="both"))
    assert counts(again) == (0, 2, 0, 0, 0)


def test_a_reference_the_bank_uses_again_is_another_transfer(office: Office) -> None:
    import_(office, camt(Made(100, "A", "REF1"), number="1"))
    much_later = DAY + timedelta(days=30)
    assert import_(office, camt(Made(100, "A", "REF1", much_later), number="2")).imported == 1
    assert import_(office, camt(Made(200, "A", "REF1"), number="3")).imported == 1
    assert amounts(office) == [100, 100, 200]


def test_a_reference_in_two_currencies_is_two_transfers(office: Office) -> None:
    import_(office, bgmax(Made(100)))
    assert import_(office, bgmax(Made(100), currency="EUR")).imported == 1


def test_of_two_who_import_at_once_one_finds_all_known(office: Office) -> None:
    data = camt(*[Made(100 * n, f"R{n}", f"B{n}") for n in range(1, 20)])
    with ThreadPoolExecutor(4) as crowd:
        done = list(crowd.map(lambda _: import_file(office, JOB, data), range(4)))
    assert sorted(each.imported for each in done) == [0, 0, 0, 19]
    assert wrong_books(office) == []


def test_numbers_of_entries_that_begin_anew_each_day_are_no_identity(office: Office) -> None:
    def numbered(on: date, number: str) -> bytes:
        xml = entry(Made(9_900, "same", booked_on=on), more="").replace(
            "<Ntry>", "<Ntry><NtryRef>1</NtryRef>"
        )
        empty = camt(closing_minor=9_900, number=number).decode()
        return empty.replace("</Stmt>", xml + "</Stmt>").encode()

    assert import_(office, numbered(DAY, "1")).imported == 1
    assert import_(office, numbered(LATER, "2")).imported == 1


def test_a_statement_that_does_not_foot_is_kept_and_posts_nothing(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    wrong = camt(Made(10_000, invoice.ocr), closing_minor=10_100)
    done = import_(office, wrong)
    assert counts(done) == (0, 0, 0, 0, 1)
    assert done.set_aside[0].difference_minor == 100
    assert counts(import_(office, wrong)) == (0, 0, 0, 0, 1)
    assert statements(office) == [("S1", "quarantined", 100)]
    assert amounts(office) == []
    assert counts(import_(office, camt(Made(10_000, invoice.ocr)))) == (1, 0, 1, 0, 0)
    assert [status for _, status, _ in statements(office)] == ["replaced", "imported"]


def test_a_good_statement_is_imported_beside_a_bad_one(office: Office) -> None:
    bad = mt940(Made(100, "A"), closing_minor=5).replace(b":28C:17/1", b":28C:16/1")
    done = import_(office, bad + b"\r\n" + mt940(Made(200, "B")))
    assert counts(done) == (1, 0, 0, 1, 1)


def test_a_broken_file_writes_nothing(office: Office) -> None:
    data = mt940(Made(100, "A")) + b"\r\n" + mt940(Made(200, "B")).replace(b"CR2,00", b"CRx")
    with pytest.raises(BadInput, match=r"Line \d+"):
        import_(office, data)
    assert statements(office) == []


def test_a_break_leaves_whole_statements_and_a_repetition_ends_the_same(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = [
        mt940(Made(100 * n, f"R{n}"), Made(100 * n, f"R{n}")).replace(b"17/1", f"{n}/1".encode())
        for n in (1, 2, 3)
    ]
    whole = b"\r\n".join(parts)
    real, calls = files.import_statement, 0

    def breaks(work, statement):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        done = real(work, statement)
        if calls == 2:
            raise KeyboardInterrupt
        return done

    monkeypatch.setattr(files, "import_statement", breaks)
    with pytest.raises(KeyboardInterrupt):
        import_file(office, JOB, whole)
    assert amounts(office) == [100, 100]
    assert counts(import_(office, whole)) == (4, 2, 0, 4, 0)
    assert amounts(office) == [100, 100, 200, 200, 300, 300]


def test_a_notice_and_the_statement_that_books_it_are_one(office: Office) -> None:
    announced = [Made(5_000, "26000013"), Made(7_000, "RF18539007547034")]
    import_(office, camt(*announced, kind="054", number="N"))
    booked = [replace(each, bank_id=f"B{place}") for place, each in enumerate(announced)]
    done = import_(office, camt(*booked, Made(100, "new", "B9"), number="S"))
    assert counts(done) == (1, 2, 0, 1, 0)


@pytest.mark.parametrize("first", ["batch", "parts"])
def test_a_batch_and_its_parts_are_one(office: Office, first: str) -> None:
    def batch(details: str, kind: str) -> bytes:
        xml = entry(Made(300_00, bank_id="E1"), details)
        empty = camt(closing_minor=300_00, number=kind, kind=kind).decode()
        end = "</Stmt>" if kind == "053" else "</Ntfctn>"
        return empty.replace(end, xml + end).encode()

    def part(minor: int) -> str:
        return f'<TxDtls><Amt Ccy="EUR">{minor / 100:.2f}</Amt></TxDtls>'

    whole, parts = batch("", "053"), batch(part(100_00) + part(200_00), "054")
    one, other = (whole, parts) if first == "batch" else (parts, whole)
    assert import_(office, one).imported == (1 if first == "batch" else 2)
    assert import_(office, other).imported == 0


def test_what_is_pending_waits_until_it_is_booked(office: Office) -> None:
    pending = camt(Made(5_000, "A"), closing_minor=0).replace(b"<Cd>BOOK</Cd>", b"<Cd>PDNG</Cd>")
    assert counts(import_(office, pending)) == (0, 0, 0, 0, 0)
    assert import_(office, camt(Made(5_000, "A"))).imported == 1


def test_a_deposit_and_the_bank_s_line_of_it_are_one(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office, "SE", "SEK"))
    owed = invoice.total_minor
    done = import_(office, bgmax(Made(owed, invoice.ocr), Made(5_000, "what for")))
    assert counts(done) == (2, 0, 1, 1, 0)
    line = camt(Made(owed + 5_000, "BANKGIRO 5402-9681", "B1")).replace(b'"EUR"', b'"SEK"')
    arrived = import_(office, line.replace(b"<Ccy>EUR", b"<Ccy>SEK"))
    assert counts(arrived) == (1, 0, 0, 0, 0)
    with office.work(JOB) as work:
        kept = work.session.scalars(select(BankTransfer).where(BankTransfer.account == IBAN)).one()
        assert kept.payout_id == "54029681/20261120/00001"


def test_a_file_without_account_or_currency_is_not_imported(office: Office) -> None:
    data = b"date,amount,text\n2026-11-20,50.00,A\n"
    with pytest.raises(BadInput, match="names no account"):
        import_(office, data)
    mapping = CsvMapping(account="5402-9681", booked_on="date", amount="amount", texts=("text",))
    with pytest.raises(BadInput, match="names no currency"):
        import_(office, data, mapping=mapping)
    done = import_(office, data, mapping=replace(mapping, currency="SEK"))
    assert counts(done) == (1, 0, 0, 1, 0)


def test_who_may_not_bill_may_not_import(office: Office) -> None:
    with pytest.raises(NotAllowed):
        import_file(office, acting(office, a_user(office, "analyst")), camt(Made(5)))
    assert (
        import_file(office, acting(office, a_user(office, "billing")), camt(Made(5))).imported == 1
    )
