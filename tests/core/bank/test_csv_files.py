"""CSV files of banks: guessed, mapped, refused with row and reason."""

import pytest

from core.bank.readers import read_bank_file
from core.bank.readers.csv_mapping import CsvMapping, from_json
from core.bank.readers.csv_sniffing import propose
from core.errors import BadInput

GERMAN = (
    "Buchungstag;Auftraggeber;Verwendungszweck;Betrag;Währung;Saldo\n"
    "02.11.2026;Kunde GmbH;Rechnung 26000013;1.234,56;EUR;2.234,56\n"
    "03.11.2026;Vermieter;Miete;-1.000,00;EUR;1.234,56\n"
)
DUTCH = (
    '"Datum","Naam / Omschrijving","Rekening","Tegenrekening","Af Bij","Bedrag (EUR)",'
    '"Mededelingen"\n'
    '"20261103","Klant BV","NL18INGB0001234567","NL91ABNA0417164300","Bij","1250,00","F 26000013"\n'
    '"20261104","KPN","NL18INGB0001234567","","Af","49,95","x"\n'
)
ENGLISH = (
    "Statement of account 12\n\n"
    "Date,Description,Paid in,Paid out,Balance\n"
    "04/11/2026,Rent,,1000.00,1234.56\n"
    "03/11/2026,Invoice 26000013,1234.56,,2234.56\n"
)


@pytest.mark.parametrize(
    ("text", "minor", "account"),
    [
        (GERMAN, [123_456, -100_000], ""),
        (DUTCH, [125_000, -4_995], "NL18INGB0001234567"),
        (ENGLISH, [-100_000, 123_456], ""),
    ],
    ids=["German", "Dutch", "English"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_a_file_nobody_described_is_read(
    text: str, minor: list[int], account: str, encoding: str
) -> None:
    file = read_bank_file(text.encode(encoding))
    (statement,) = file.statements
    assert file.format == "csv"
    assert [each.signed_minor for each in statement.transactions] == minor
    assert statement.account == account
    assert statement.transactions[0].booked_on.month == 11


@pytest.mark.parametrize("text", [GERMAN, ENGLISH], ids=["oldest first", "newest first"])
def test_a_running_balance_must_follow(text: str) -> None:
    (statement,) = read_bank_file(text.encode()).statements
    assert (statement.opening_minor, statement.closing_minor) == (100_000, 123_456)
    assert statement.foots
    wrong = text.replace("2.234,56", "2.234,57").replace("2234.56", "2234.57")
    (other,) = read_bank_file(wrong.encode()).statements
    assert not other.foots


def test_a_mapping_says_what_cannot_be_guessed() -> None:
    mapping = CsvMapping(
        account="5402-9681",
        currency="SEK",
        delimiter="|",
        skip_rows=1,
        has_header=False,
        date_format="dd.mm.yy",
        decimal_mark=",",
        booked_on="1",
        amount="2",
        direction="3",
        debit_words=("ut",),
        texts=("4", "5"),
    )
    data = "kontoutdrag\n20.11.26|1 250,00|in|26000013|tack\n21.11.26|50|ut|avgift|\n"
    (statement,) = read_bank_file(data.encode(), mapping).statements
    assert [each.signed_minor for each in statement.transactions] == [125_000, -5_000]
    assert (statement.account, statement.currency) == ("5402-9681", "SEK")
    assert statement.transactions[0].text == "26000013 tack"


def test_a_mapping_survives_being_saved() -> None:
    mapping = propose(GERMAN.encode())
    assert from_json(mapping.as_json()) == mapping


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("[", "not JSON"),
        ("9" * 5_000, "a number without an end"),
        ("[]", "not a JSON object"),
        ('{"booked_on": "a"}', "how much"),
        ('{"amount": "a"}', "when"),
        ('{"nonsense": 1}', "no 'nonsense'"),
        ('{"booked_on": 5}', "booked_on of the mapping is not str"),
        ('{"booked_on": "a", "amount": "b", "delimiter": ";;"}', "one character"),
        ('{"booked_on": "a", "amount": "b", "encoding": "rot13"}', "encoding"),
    ],
)
def test_a_wrong_mapping_is_refused(given: str, reason: str) -> None:
    with pytest.raises(BadInput, match=reason):
        from_json(given)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1.234,56;EUR", "viel;EUR", "Line 2, column Betrag: 'viel' is not an amount"),
        ("-1.000,00", "", "Line 3, column Betrag"),
        ("1.234,56;EUR", "1.234,567;EUR", "Line 2, column Betrag.*more decimals"),
        ("EUR;1.234,56", "Euro;1.234,56", "Line 3, column Währung: 'Euro' is not a currency"),
        (";Miete;-1.000,00;EUR;1.234,56", "", "Line 3: 2 cells"),
    ],
)
def test_a_broken_row_refuses_the_file(old: str, new: str, reason: str) -> None:
    mapping = propose(GERMAN.encode())
    with pytest.raises(BadInput, match=reason):
        read_bank_file(GERMAN.replace(old, new, 1).encode(), mapping)


def test_a_file_of_no_bank_is_refused() -> None:
    with pytest.raises(BadInput, match="Line 1: neither camt, MT940 nor BgMax"):
        read_bank_file(b"hello\nworld\n")
