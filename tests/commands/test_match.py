"""`saldo match` answers over files, without a database (UNM.2)."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from typer.testing import CliRunner

import cli
from tests.commands.conftest import Answer

TRANSFERS = (
    "transfer_id,booked_on,amount_minor,currency,reference,text,counterparty_name,"
    "counterparty_iban\n"
)
INVOICES = (
    "invoice_id,number,ocr,tenant_id,tenant_name,amount_due_minor,currency,issued_on,due_on,"
    "status\n"
)
HISTORY = "counterparty_name,counterparty_iban,tenant_id,assigned_on\n"
PAID = "x1,2026-10-30,125000,SEK,1260004208,,ACME LOGISTIK,\n"
NAMED = "x2,2026-10-30,60000,SEK,,Tack,Moder Invest,SE4550000000058398257466\n"
STRANGE = "x3,2026-10-30,4711,SEK,,Ränta,Riksbanken,\n"
ACME = (
    "7,SAAS-INV-2026-00042,1260004208,t1,Acme Logistik AB,125000,SEK,2026-10-01,2026-10-31,issued\n"
)
BERG = "8,SAAS-INV-2026-00043,1260004307,t2,Berg Foto AB,60000,SEK,2026-10-01,2026-10-31,overdue\n"
PAST = "Moder Invest,SE45 5000 0000 0583 9825 7466,t2,2026-08-01\n" * 3

Match = Callable[..., Answer]


@pytest.fixture
def match(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Match:
    """`saldo match` over the given texts of files, where no database answers."""
    monkeypatch.setenv("SALDO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SALDO_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")

    def run(transfers: str, invoices: str, history: str | None = None, *more: str) -> Answer:
        files = {"transfers": transfers, "invoices": invoices, "history": history}
        arguments = ["match", *more]
        for name, text in files.items():
            if text is not None:
                (tmp_path / f"{name}.csv").write_bytes(text.encode("utf-8", "surrogateescape"))
                arguments += [f"--{name}", str(tmp_path / f"{name}.csv")]
        done = CliRunner().invoke(cli.app, arguments)
        assert not done.exception or isinstance(done.exception, SystemExit), done.exception
        assert not (tmp_path / "home").exists()
        return Answer(done.exit_code, done.stdout, done.stderr)

    return run


def test_every_transfer_gets_its_suggestions_in_order(match: Match) -> None:
    answer = match(
        TRANSFERS + STRANGE + NAMED + PAID, INVOICES + ACME + BERG, HISTORY + PAST, "--json"
    )
    assert answer.code == 0, answer.err
    assert list(answer.json) == ["results"]
    strange, named, paid = answer.json["results"]
    assert strange == {"transfer_id": "x3", "suggestions": []}
    assert [each["transfer_id"] for each in (named, paid)] == ["x2", "x1"]
    for result, ids, auto in ((named, ["8"], True), (paid, ["7"], True)):
        first = result["suggestions"][0]
        assert list(first) == ["invoice_ids", "probability", "reasons", "auto"]
        assert first["invoice_ids"] == ids
        assert isinstance(first["probability"], str)
        assert Decimal("0.9") < Decimal(first["probability"]) < 1
        assert first["auto"] is auto
    assert "The reference 1260004208 is this invoice's OCR" in paid["suggestions"][0]["reasons"]
    assert (
        "Moder Invest paid for this tenant from this account 3 times before"
        in named["suggestions"][0]["reasons"]
    )


def test_without_history_the_unknown_payer_is_not_posted(match: Match) -> None:
    answer = match(TRANSFERS + NAMED, INVOICES + ACME + BERG, None, "--json")
    assert not any(each["auto"] for each in answer.json["results"][0]["suggestions"])


def test_at_most_five_are_suggested(match: Match) -> None:
    rows = [
        f"{n},N-{n},,t{n},Firm {n} AB,60000,SEK,2026-10-01,2026-10-31,issued\n"
        for n in range(5_000, 5_009)
    ]
    answer = match(TRANSFERS + NAMED, INVOICES + "".join(rows), None, "--json")
    assert len(answer.json["results"][0]["suggestions"]) <= 5


def test_words_say_the_same_as_json(match: Match) -> None:
    answer = match(TRANSFERS + PAID + STRANGE, INVOICES + ACME)
    assert answer.code == 0
    assert "auto" in answer.out
    assert "none" in answer.out


def test_a_byte_order_mark_columns_in_any_order_and_quotes_are_fine(match: Match) -> None:
    columns = INVOICES.strip().split(",")
    cells = ACME.strip().split(",")
    cells[4] = '"Acme, ""Logistik"" AB"'
    turned = ",".join(reversed(columns)) + ",more\n" + ",".join(reversed(cells)) + ",x\n"
    answer = match("\ufeff" + TRANSFERS + PAID, turned, None, "--json")
    assert answer.json["results"][0]["suggestions"][0]["invoice_ids"] == ["7"]


def test_files_with_a_header_alone_are_empty_not_broken(match: Match) -> None:
    assert match(TRANSFERS, INVOICES, HISTORY, "--json").json == {"results": []}


@pytest.mark.parametrize(
    ("transfers", "invoices", "history", "row", "column", "words"),
    [
        (PAID.replace("125000", "1250.00"), ACME, "", 2, "amount_minor", "minor units"),
        (PAID.replace("125000", ""), ACME, "", 2, "amount_minor", "minor units"),
        (PAID.replace("2026-10-30", "30/10/2026"), ACME, "", 2, "booked_on", "is not a date"),
        (PAID.replace("2026-10-30", "2026-02-30"), ACME, "", 2, "booked_on", "is not a date"),
        (PAID.replace("SEK", "kr"), ACME, "", 2, "currency", "ISO 4217"),
        (PAID + PAID, ACME, "", 3, "transfer_id", "stands in row 2 already"),
        (PAID + "x9,2026-10-30\n", ACME, "", 3, "", "2 cells where the header has 8"),
        (PAID.replace("x1", ""), ACME, "", 2, "transfer_id", "empty"),
        (PAID + 'x9,"broken\n', ACME, "", 3, "", "broken CSV"),
        (PAID, ACME.replace("issued\n", "lost\n"), "", 2, "status", "no status 'lost'"),
        (PAID, ACME + ACME, "", 3, "invoice_id", "stands in row 2 already"),
        (PAID, ACME.replace("125000", "-1"), "", 2, "amount_due_minor", "negative"),
        (PAID, ACME.replace("2026-10-31", ""), "", 2, "due_on", "empty"),
        (PAID, ACME.replace(",t1,", ",,"), "", 2, "tenant_id", "empty"),
        (PAID, ACME, "A,,,2026-08-01\n", 2, "tenant_id", "empty"),
        (PAID, ACME, "A,,t1,soon\n", 2, "assigned_on", "is not a date"),
    ],
)
def test_a_bad_file_is_refused_with_row_and_reason(
    match: Match, transfers: str, invoices: str, history: str, row: int, column: str, words: str
) -> None:
    answer = match(TRANSFERS + transfers, INVOICES + invoices, HISTORY + history, "--json")
    assert answer.code == 1
    document = json.loads(answer.out)
    problem = document["problems"][0]
    assert (problem["row"], problem["column"]) == (row, column)
    assert words in problem["reason"]
    assert f"row {row}" in document["error"]
    assert document["error"] in answer.err


@pytest.mark.parametrize(
    ("transfers", "words"),
    [
        (
            TRANSFERS.replace("amount_minor", "amount"),
            "column amount_minor: this column is missing",
        ),
        (TRANSFERS.replace("text", "reference"), "this column stands twice"),
        ("", "the file is empty"),
        (TRANSFERS + PAID.replace("ACME", "\udcff"), "row 2: not UTF-8 text"),
        (TRANSFERS + PAID.replace("ACME", "\0"), "row 2: holds a NUL character"),
    ],
)
def test_a_file_that_is_no_such_file_is_refused(match: Match, transfers: str, words: str) -> None:
    answer = match(transfers, INVOICES + ACME)
    assert answer.code == 1
    assert words in answer.err
    assert answer.out == ""


def test_a_file_that_is_not_there_is_refused(match: Match, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        cli.app,
        ["match", "--transfers", str(tmp_path / "no.csv"), "--invoices", str(tmp_path / "no.csv")],
    )
    assert done.exit_code == 1
    assert "there is no file" in done.stderr
