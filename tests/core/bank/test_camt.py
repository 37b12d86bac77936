"""camt.052, .053 and .054: batches, amounts, signs, parties, references, controls."""

import pytest

from core.bank.readers import read_bank_file
from core.bank.readers.model import ReadStatement
from core.errors import BadInput
from tests.core.bank.making import IBAN, OTHER_IBAN, Made, camt, entry, mark, units


def read(data: bytes) -> ReadStatement:
    (statement,) = read_bank_file(data).statements
    return statement


def with_entry(xml: str, closing_minor: int) -> bytes:
    """A statement with one entry written out."""
    empty = camt(closing_minor=closing_minor).decode()
    return empty.replace("</Stmt>", xml + "</Stmt>").encode()


def part(amount_minor: int, reference: str = "", more: str = "") -> str:
    return (
        f"<TxDtls>{more}<Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f'<Amt Ccy="EUR">{units(amount_minor)}</Amt>{mark(amount_minor)}'
        f"<RmtInf><Strd><CdtrRefInf><Ref>{reference}</Ref></CdtrRefInf></Strd></RmtInf></TxDtls>"
    )


def test_a_batch_becomes_its_transactions() -> None:
    xml = entry(Made(300_00, bank_id="E1"), part(100_00, "260000121") + part(200_00, "26000013"))
    statement = read(with_entry(xml, 300_00))
    assert [each.amount_minor for each in statement.transactions] == [100_00, 200_00]
    assert [each.bank_id for each in statement.transactions] == ["E1/1", "E1/2"]
    assert {each.entry_id for each in statement.transactions} == {"E1"}
    assert (statement.transactions[0].reference, statement.foots) == ("260000121", True)


def test_a_return_within_a_batch_keeps_its_own_sign() -> None:
    xml = entry(Made(50_00, bank_id="E1"), part(80_00) + part(-30_00))
    signs = [each.signed_minor for each in read(with_entry(xml, 50_00)).transactions]
    assert signs == [80_00, -30_00]


def test_a_batch_that_does_not_add_up_stays_one_and_says_so() -> None:
    xml = entry(Made(300_00, bank_id="E1"), part(100_00) + part(150_00))
    statement = read(with_entry(xml, 300_00))
    assert [each.amount_minor for each in statement.transactions] == [300_00]
    assert "do not add up" in statement.notes[0]
    assert statement.foots


def test_charges_the_entry_states_become_a_line_of_their_own() -> None:
    charges = '<Chrgs><TtlChrgsAndTaxAmt Ccy="EUR">5.00</TtlChrgsAndTaxAmt></Chrgs>'
    xml = entry(Made(295_00, bank_id="E1"), part(100_00) + part(200_00), charges)
    statement = read(with_entry(xml, 295_00))
    assert [each.signed_minor for each in statement.transactions] == [100_00, 200_00, -5_00]
    assert statement.transactions[-1].text == "Charges of the bank"


def test_the_instructed_amount_is_never_the_account_s() -> None:
    details = (
        '<TxDtls><AmtDtls><InstdAmt><Amt Ccy="USD">120.00</Amt></InstdAmt>'
        '<TxAmt><Amt Ccy="EUR">100.00</Amt></TxAmt></AmtDtls></TxDtls>'
    )
    (only,) = read(with_entry(entry(Made(100_00), details), 100_00)).transactions
    assert (only.amount_minor, only.currency) == (100_00, "EUR")


def test_a_reversal_keeps_the_entry_s_direction_and_names_the_other_side() -> None:
    details = (
        f"<TxDtls><RltdPties><Dbtr><Nm>We</Nm></Dbtr><DbtrAcct><Id><IBAN>{IBAN}</IBAN></Id>"
        f"</DbtrAcct><Cdtr><Nm>Landlord</Nm></Cdtr><CdtrAcct><Id><IBAN>{OTHER_IBAN}</IBAN></Id>"
        "</CdtrAcct></RltdPties></TxDtls>"
    )
    xml = entry(Made(70_00), details, "<RvslInd>true</RvslInd>")
    (only,) = read(with_entry(xml, 70_00)).transactions
    assert (only.signed_minor, only.counterparty_name) == (70_00, "Landlord")
    assert only.counterparty_iban == OTHER_IBAN


@pytest.mark.parametrize(
    ("status", "read_as"),
    [
        ("<Sts>BOOK</Sts>", "booked"),
        ("<Sts><Cd>PDNG</Cd></Sts>", "pending"),
        ("<Sts>INFO</Sts>", "information"),
    ],
    ids=["booked before .06", "pending from .08", "for information"],
)
def test_only_what_is_booked_moves_the_balance(status: str, read_as: str) -> None:
    xml = entry(Made(9_00)).replace("<Sts><Cd>BOOK</Cd></Sts>", status)
    statement = read(with_entry(xml, 9_00 if read_as == "booked" else 0))
    assert (statement.transactions[0].status, statement.foots) == (read_as, True)


@pytest.mark.parametrize("namespace", ["with", "without"])
def test_every_version_is_read_by_local_names(namespace: str) -> None:
    data = camt(Made(5), version="14")
    if namespace == "without":
        data = data.replace(b' xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.14"', b"")
    assert read(data).foots


@pytest.mark.parametrize(
    ("count", "sum_", "foots"),
    [
        ("1", "12.00", True),
        ("001", "12.00", True),
        ("1", "13.00", False),
        ("2", "12.00", False),
        ("9" * 5_000, "12.00", False),
        ("²", "12.00", True),
    ],
    ids=["agreeing", "zeros", "another sum", "another count", "a huge count", "no count"],
)
def test_a_notification_is_judged_by_its_own_sums(count: str, sum_: str, foots: bool) -> None:
    summary = (
        f"<TxsSummry><TtlCdtNtries><NbOfNtries>{count}</NbOfNtries>"
        f"<Sum>{sum_}</Sum></TtlCdtNtries></TxsSummry><Ntry>"
    )
    data = camt(Made(12_00), kind="054").replace(b"<Ntry>", summary.encode())
    statement = read(data)
    assert (statement.opening_minor, statement.foots) == (None, foots)


def test_a_notification_without_sums_is_not_judged() -> None:
    assert read(camt(Made(12_00), kind="054")).foots is None


def test_equal_transfers_without_reference_have_ids_of_their_own() -> None:
    one, other = read(camt(Made(5_00, "same"), Made(5_00, "same"))).transactions
    assert other.bank_id == one.bank_id + "#2"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("1.00</Amt>", "1..00</Amt>", "is not an amount"),
        ("1.00</Amt>", "1.001</Amt>", "more decimals"),
        ("<CdtDbtInd>CRDT</CdtDbtInd><Sts>", "<Sts>", "CdtDbtInd is missing"),
        ("2026-11-20</Dt></BookgDt>", "2026-13-20</Dt></BookgDt>", "is not a day"),
        ("2026-11-20</Dt></BookgDt>", "2026-11-²</Dt></BookgDt>", "is not a day"),
        ("</Ntry>", "", "the XML is broken"),
        ("BkToCstmrStmt", "Other", "is not a camt"),
    ],
)
def test_a_broken_file_is_refused_with_its_line(old: str, new: str, reason: str) -> None:
    data = camt(Made(1_00)).decode().replace(old, new)
    with pytest.raises(BadInput, match=f"Line \\d+.*{reason}"):
        read_bank_file(data.encode())
