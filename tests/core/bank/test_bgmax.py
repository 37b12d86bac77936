"""BgMax: control totals, deductions, extra references, broken files."""

import pytest

from core.bank.readers import read_bank_file
from core.errors import BadInput
from tests.core.bank.making import Made, bgmax

PAYMENTS = (Made(100_00, "26000013"), Made(50_00, "no number"), Made(-20_00, "26000013"))


def test_a_deposit_is_its_payments_less_its_deductions() -> None:
    (statement,) = read_bank_file(bgmax(*PAYMENTS)).statements
    assert [each.signed_minor for each in statement.transactions] == [100_00, 50_00, -20_00]
    assert (statement.currency, statement.account) == ("SEK", "54029681")
    assert (statement.foots, statement.difference_minor) == (True, 0)
    first = statement.transactions[0]
    assert (first.bank_id, first.counterparty_account) == ("000000000001", "9912346")


def test_a_deposit_that_differs_from_its_payments_does_not_foot() -> None:
    (statement,) = read_bank_file(bgmax(*PAYMENTS, deposit_minor=131_00)).statements
    assert (statement.foots, statement.difference_minor) == (False, 1_00)
    assert "Line 9: the deposit differs" in statement.notes[0]


def test_counts_of_the_end_record_are_those_of_the_file() -> None:
    lines = bgmax(*PAYMENTS).decode("latin-1").split("\r\n")
    lines[-1] = lines[-1].replace("7000000002", "7000000003")
    file = read_bank_file("\r\n".join(lines).encode("latin-1"))
    assert not file.statements[0].foots
    assert file.notes == ("Line 10: 3 records 20 are stated, the file has 2",)


def test_numbers_of_further_records_are_kept() -> None:
    lines = bgmax(Made(100_00)).decode("latin-1").split("\r\n")
    extra = [f"22{991_2346:010d}{number:>25}{0:018d}2" for number in ("26000013", "26000021")]
    lines[3:3] = [*extra, "25Payment of two invoices"]
    lines[-1] = f"70{1:08d}{0:08d}{2:08d}{1:08d}"
    (read,) = read_bank_file("\r\n".join(lines).encode("latin-1")).statements[0].transactions
    assert (read.reference, read.text) == ("26000013 26000021", "Payment of two invoices")


def test_stripped_blanks_and_tabs_keep_the_columns() -> None:
    lines = [line.rstrip() for line in bgmax(*PAYMENTS).decode("latin-1").split("\r\n")]
    assert lines[2][16:24].isspace()
    lines[2] = lines[2][:16] + "\t" + lines[2][24:]
    whole = read_bank_file(bgmax(*PAYMENTS)).statements
    again = read_bank_file("\n".join(lines).encode()).statements
    assert again == whole


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda lines: lines[:-1], "Line 9: the file ends without its end record 70"),
        (lambda lines: [*lines[:-2], lines[-1]], "Line 9: .* has no deposit record 15"),
        (lambda lines: [*lines, lines[2]], "Line 11: record 20 after the end record"),
        (lambda lines: [lines[0], *lines[2:]], "Line 2: payment 20 outside a section"),
        (lambda lines: [*lines[:2], "hello", *lines[2:]], "Line 3: 'he' is not a record"),
        (
            lambda lines: [*lines[:2], lines[2].replace("10000", "1000X"), *lines[3:]],
            "Line 3, columns 38–55",
        ),
    ],
    ids=["cut off", "no deposit", "after the end", "no section", "strange", "no number"],
)
def test_a_broken_file_is_refused_with_its_line(change, reason: str) -> None:  # type: ignore[no-untyped-def]
    lines = bgmax(*PAYMENTS).decode("latin-1").split("\r\n")
    with pytest.raises(BadInput, match=reason):
        read_bank_file("\n".join(change(lines)).encode("latin-1"))


def test_unknown_records_are_skipped_and_counted() -> None:
    lines = bgmax(*PAYMENTS).decode("latin-1").split("\r\n")
    file = read_bank_file("\n".join([*lines[:2], "61something new", *lines[2:]]).encode("latin-1"))
    assert file.notes == ("1 records of the unknown kind 61 were skipped",)
    assert file.statements[0].foots
