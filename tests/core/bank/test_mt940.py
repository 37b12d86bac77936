"""MT940: marks, amounts, dialects of `:86:`, broken lines; nothing is dropped in silence."""

import pytest

from core.bank.readers import read_bank_file
from core.bank.readers.model import BankFile, Transaction
from core.errors import BadInput

HEAD = ":20:940S\n:25:NL91ABNA0417164300\n:28C:3/1\n:60F:C261119EUR100,00\n"


def file_of(*lines: str, closing: str = "C261120EUR100,00") -> BankFile:
    return read_bank_file((HEAD + "\n".join(lines) + f"\n:62F:{closing}\n-\n").encode())


def only(*lines: str) -> Transaction:
    (statement,) = file_of(*lines).statements
    (read,) = statement.transactions
    return read


@pytest.mark.parametrize(
    ("mark", "minor"),
    [
        ("C", 1_25),
        ("D", -1_25),
        ("RC", -1_25),
        ("RD", 1_25),
        ("CR", 1_25),
        ("RCR", -1_25),
        ("DK", -1_25),
        ("d", -1_25),
    ],
)
def test_a_mark_gives_the_direction(mark: str, minor: int) -> None:
    assert only(f":61:2611201120{mark}1,25NTRFNONREF").signed_minor == minor


@pytest.mark.parametrize(
    ("written", "minor"), [("1,", 1_00), ("0001,5", 1_50), ("1.25", 1_25), ("1.234,56", 1_234_56)]
)
def test_amounts_are_read_as_banks_write_them(written: str, minor: int) -> None:
    assert only(f":61:261120C{written}NTRFNONREF").amount_minor == minor


DIALECTS = {
    "words behind two slashes": (
        [
            ":61:2611201120C1,NTRF1234567890123456//B77",
            ":86:/EREF/E2E-9//ORDP//NAME/Rheinfeld GmbH/REMI//USTD//Faktura 26000013/",
        ],
        ("Faktura 26000013", "Rheinfeld GmbH", "", "B77", "E2E-9"),
    ),
    "German numbers": (
        [
            ":61:2611201120CR1,NTRFNONREF//B77",
            ":86:166?00GUTSCHRIFT?20EREF+E2E-9?21SVWZ+Rechnung 26?22000013?30COBADEFF?31DE8937040",
            "0440532013000?32Rheinfeld?33 GmbH",
        ],
        ("Rechnung 26 000013", "Rheinfeld GmbH", "DE89370400440532013000", "B77", "E2E-9"),
    ),
    "Dutch names": (
        [
            ":61:2611201120C1,N654NONREF",
            ":86:/TRTP/SEPA OVERBOEKING/IBAN/DE89370400440532013000/BIC/COBADEFF",
            "/NAME/Rheinfeld GmbH/REMI/26000013/EREF/E2E-9",
        ],
        ("26000013", "Rheinfeld GmbH", "DE89370400440532013000", "", "E2E-9"),
    ),
    "ING's counterparty": (
        [
            ":61:2611201120C1,NTRFNONREF//15069021961175",
            "/TRCD/00100/",
            ":86:/CNTP/DE89370400440532013000/COBADEFF/Rheinfeld GmbH///REMI/STRD/CUR/26000013/",
        ],
        ("26000013", "Rheinfeld GmbH", "DE89370400440532013000", "15069021961175", ""),
    ),
    "Rabobank's account in the next line": (
        [
            ":61:261120C000000000001,00N541EREF",
            "DE89370400440532013000",
            ":86:/ORDP//NAME/Rheinfeld GmbH/REMI/26000013/ISDT/2026-11-20",
        ],
        ("26000013", "Rheinfeld GmbH", "DE89370400440532013000", "", ""),
    ),
    "Triodos' numbers": (
        [
            ":61:261120C1,NET NONREF",
            ":86:000>100000000000",
            ">20COBADEFF",
            ">21DE89370400440532013000",
            ">22RHEINFELD 26000013",
            ">310666666666",
        ],
        ("RHEINFELD 26000013", "", "DE89370400440532013000", "", ""),
    ),
    "words with a colon": (
        [
            ":61:2611201120C1,N654NONREF",
            ":86:SEPA OVERBOEKING                 IBAN: DE89370400440532013000",
            "BIC: COBADEFF                    NAAM: Rheinfeld GmbH",
            "OMSCHRIJVING: 26000013",
        ],
        ("26000013", "Rheinfeld GmbH", "DE89370400440532013000", "", ""),
    ),
    "the customer's reference alone": (
        [":61:2611201120C1,NTRF26000013//B77"],
        ("26000013", "", "", "B77", ""),
    ),
}


@pytest.mark.parametrize(("lines", "meant"), DIALECTS.values(), ids=DIALECTS)
def test_the_details_of_several_countries_are_understood(
    lines: list[str], meant: tuple[str, ...]
) -> None:
    read = only(*lines)
    own = read.bank_id if read.own_id else ""
    said = (read.reference, read.counterparty_name, read.counterparty_iban, own)
    assert (*said, read.end_to_end_id) == meant


def test_a_time_wrapped_into_a_tag_stays_text() -> None:
    read = only(":61:2611201120C1,NTRFNONREF", ":86:Card 20-11-2026 16", ":26:37 shop", ":20:45 x")
    assert ":26:37 shop" in read.text
    assert ":20:45" in read.text


def test_a_dash_within_the_details_ends_nothing() -> None:
    file = file_of(
        ":61:2611201120C1,NTRFNONREF",
        ":86:before",
        "-",
        ":61:2611201120C2,NTRFNONREF",
        closing="C261120EUR103,00",
    )
    assert [each.amount_minor for each in file.statements[0].transactions] == [1_00, 2_00]
    assert file.statements[0].foots


def test_statements_of_one_file_keep_their_own_balances() -> None:
    second = HEAD.replace("C261119EUR100,00", "C261120EUR100,00").replace(":28C:3/1", ":28C:3/2")
    file = read_bank_file(
        (HEAD + ":62M:C261120EUR100,00\n" + second + ":62F:C261120EUR99,\n").encode()
    )
    assert [each.foots for each in file.statements] == [True, False]
    assert file.statements[1].difference_minor == -1_00


def test_a_statement_cut_off_before_its_closing_balance_does_not_foot() -> None:
    (statement,) = read_bank_file((HEAD + ":61:261120C1,NTRFNONREF\n").encode()).statements
    assert (statement.closing_minor, statement.foots) == (None, False)


def test_an_interim_report_is_judged_by_its_sums() -> None:
    report = (
        ":20:A\n:25:X1\n:28C:1/1\n:34F:EUR0,\n:61:261120C1,NTRFNONREF\n:90D:0EUR0,\n:90C:{}\n-\n"
    )
    for stated, foots in (("1EUR1,", True), ("1EUR2,", False), ("2EUR1,", False)):
        file = read_bank_file(report.format(stated).encode())
        assert (file.format, file.statements[0].foots) == ("mt942", foots)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (":61:261320C1,NTRFNONREF", "2026-13-20 is not a day"),
        (":61:261120X1,NTRFNONREF", "is not a transaction"),
        (":61:261120C1,005NTRFNONREF", "more decimals"),
    ],
)
def test_a_broken_line_refuses_the_file(line: str, reason: str) -> None:
    with pytest.raises(BadInput, match=f"Line 5, :61:.*{reason}"):
        file_of(line)


def test_interest_on_the_thirtieth_of_february_counts_as_its_last_day() -> None:
    assert str(only(":61:2602300302D1,NINTNONREF").value_on) == "2026-02-28"


def test_old_latin_and_new_text_are_both_read() -> None:
    for code in ("latin-1", "utf-8", "utf-8-sig"):
        data = (HEAD + ":61:261120C1,NTRFNONREF\n:86:Plåt\n:62F:C261120EUR101,\n").encode(code)
        assert read_bank_file(data).statements[0].transactions[0].text == "Plåt"
