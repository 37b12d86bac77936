"""`saldo bank parse|import` as an operator runs them; the keys are a contract."""

from collections.abc import Callable
from pathlib import Path

import pytest

from core.bank.readers.csv_sniffing import propose
from core.work import Office
from tests.billing import a_tenant, an_invoice
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.core.bank.making import Made, bgmax, camt, mt940

Saldo = Callable[..., Answer]
CONTRACT = {
    "booked_on",
    "amount_minor",
    "currency",
    "credit",
    "reference",
    "ocr",
    "counterparty_name",
    "counterparty_iban",
    "text",
    "bank_id",
}


def a_file(tmp_path: Path, data: bytes, name: str = "bank.txt") -> str:
    path = tmp_path / name
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(
    ("data", "format_"),
    [(camt(Made(-5, "A")), "camt.053"), (mt940(Made(-5, "A")), "mt940"), (bgmax(Made(5)), "bgmax"),
     (camt(Made(-5), kind="054"), "camt.054"), (b"date,amount\n2026-11-20,-0.05\n", "csv")],
    ids=["camt.053", "MT940", "BgMax", "camt.054", "CSV"],
)  # fmt: skip
def test_a_file_is_shown_without_a_database(
    saldo: Saldo, tmp_path: Path, data: bytes, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SALDO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    done = saldo("bank", "parse", a_file(tmp_path, data), "--json")
    assert (done.code, done.json["format"]) == (0, format_)
    (read,) = done.json["transactions"]
    assert set(read) >= CONTRACT
    assert (read["amount_minor"], read["credit"]) == (5, format_ == "bgmax")
    (statement,) = done.json["statements"]
    assert set(statement) >= {"account", "opening_minor", "closing_minor", "foots"}


def test_a_difference_is_shown(saldo: Saldo, tmp_path: Path) -> None:
    file = a_file(tmp_path, mt940(Made(100, "A"), closing_minor=90))
    shown = saldo("bank", "parse", file, "--json").json["statements"][0]
    assert (shown["foots"], shown["difference_minor"]) == (False, -10)
    words = saldo("bank", "parse", file)
    assert (words.code, "-0.10" in words.out) == (0, True)


def test_a_broken_file_is_refused_in_words(saldo: Saldo, tmp_path: Path) -> None:
    file = a_file(tmp_path, camt(Made(100)).replace(b"1.00</Amt>", b"one</Amt>"))
    refused = saldo("bank", "parse", file, "--json")
    assert (refused.code, refused.json["code"]) == (1, "bad_input")
    assert "'one' is not an amount" in refused.json["error"]
    assert saldo("bank", "parse", str(tmp_path / "none"), "--json").code == 1


def test_a_mapping_is_taken_from_a_file(saldo: Saldo, tmp_path: Path) -> None:
    data = b"date,amount\n2026-11-20,5.00\n"
    mapping = a_file(tmp_path, propose(data).as_json().encode(), "mapping.json")
    strange = a_file(tmp_path, b"Date,AMOUNT\n2026-11-20,5.00\n")
    assert saldo("bank", "parse", strange, "--mapping", mapping, "--json").code == 0
    wrong = a_file(tmp_path, b"{}", "wrong.json")
    refused = saldo("bank", "parse", strange, "--mapping", wrong, "--json")
    assert (refused.code, refused.json["code"]) == (1, "bad_input")


def test_a_file_is_imported_once(saldo: Saldo, office: Office, tmp_path: Path) -> None:
    invoice = an_invoice(office, a_tenant(office))
    a_user(office, "billing", email="clerk@example.com")
    data = camt(Made(10_000, invoice.ocr, "B1"), Made(4_000, "thank you", "B2"))
    file = a_file(tmp_path, data)
    names = ("imported", "already_known", "matched", "unmatched", "quarantined")
    first = saldo("bank", "import", file, "--as", "clerk@example.com", "--json").json
    assert [first[name] for name in names] == [2, 0, 1, 1, 0]
    again = saldo("bank", "import", file, "--json").json
    assert [again[name] for name in names] == [0, 2, 0, 0, 0]


def test_what_is_set_aside_is_told(saldo: Saldo, tmp_path: Path) -> None:
    file = a_file(tmp_path, mt940(Made(100, "A"), closing_minor=90))
    told = saldo("bank", "import", file)
    assert (told.code, "1 statements quarantined" in told.out) == (0, True)
    assert "differ by -10 minor units" in told.out
