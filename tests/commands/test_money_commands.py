"""`saldo invoice|payment|refund|credit-note …` as an operator runs them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.work import Office
from tests.billing import WHY, a_tenant
from tests.builders import a_user
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented

Saldo = Callable[..., Answer]
CLERK, OTHER, FINANCE = "clerk@example.com", "other@example.com", "finance@example.com"
AS_CLERK, AS_FINANCE = ("--as", CLERK, "--json"), ("--as", FINANCE, "--json")


@pytest.fixture
def tenant(office: Office) -> str:
    """The id of a Swedish tenant, with two clerks and somebody of finance."""
    for email, role in ((CLERK, "billing"), (OTHER, "billing"), (FINANCE, "sys_finance")):
        a_user(office, role, email=email)
    return str(a_tenant(office, "SE", "SEK").id)


def a_file(tmp_path: Path, **more: Any) -> str:
    path = tmp_path / "lines.json"
    line = {"description": "Set-up", "quantity": "2", "unit_minor": 5_000}
    path.write_text(json.dumps({"lines": [line], **more}))
    return str(path)


def an_invoice(saldo: Saldo, tenant: str, tmp_path: Path) -> dict[str, Any]:
    """An issued invoice over 125.00 kronor."""
    made = saldo("invoice", "create", tenant, "--file", a_file(tmp_path), *AS_CLERK)
    assert made.code == 0, made.err
    sent = saldo("invoice", "send", str(made.json["id"]), *AS_CLERK)
    assert sent.code == 0, sent.err
    return dict(sent.json)


def test_an_invoice_is_written_edited_sent_settled_and_shown(
    saldo: Saldo, tenant: str, tmp_path: Path
) -> None:
    file = a_file(tmp_path, discount_percent="10", due_days=10)
    made = saldo("invoice", "create", tenant, "--file", file, *AS_CLERK)
    assert (made.json["status"], made.json["total_minor"]) == ("draft", 11_250)
    number = str(made.json["id"])
    edited = saldo("invoice", "edit", number, "--file", a_file(tmp_path), *AS_CLERK)
    assert edited.json["total_minor"] == 12_500
    sent = saldo("invoice", "send", number, *AS_CLERK)
    assert sent.json["number"].startswith("SAAS-INV-")
    paid = saldo("invoice", "mark-paid", sent.json["number"], "--method", "cash", *AS_CLERK)
    assert paid.json["status"] == "paid"
    shown = saldo("invoice", "show", number, "--json").json
    assert (len(shown["lines"]), shown["creditable_minor"]) == (1, 12_500)
    assert saldo("invoice", "list", "--status", "paid", "--json").json["count"] == 1
    again = saldo("invoice", "void", number, "--reason", WHY, *AS_CLERK)
    assert (again.code, again.json["code"]) == (1, "not_now")
    assert "paid" in saldo("invoice", "list").out
    for name, answer in (("send", sent), ("show", saldo("invoice", "show", number, "--json"))):
        assert set(answer.json) <= documented(f"saldo invoice {name}") | documented(
            "saldo invoice send"
        )


def test_a_draft_is_discarded_and_an_unpaid_invoice_voided_or_written_off(
    saldo: Saldo, tenant: str, tmp_path: Path
) -> None:
    made = saldo("invoice", "create", tenant, "--file", a_file(tmp_path), *AS_CLERK)
    gone = saldo("invoice", "discard", str(made.json["id"]), *AS_CLERK)
    assert gone.json == {"id": made.json["id"]}
    assert saldo("invoice", "show", str(made.json["id"]), "--json").code == 1
    first = an_invoice(saldo, tenant, tmp_path)["number"]
    void = saldo("invoice", "void", first, "--reason", WHY, *AS_CLERK)
    assert void.json["status"] == "cancelled"
    second = an_invoice(saldo, tenant, tmp_path)["number"]
    off = saldo("invoice", "write-off", second, "--reason", WHY, *AS_FINANCE)
    assert off.json["status"] == "written_off"
    assert saldo("ledger", "check").code == 0


def test_money_is_recorded_in_parts_used_and_taken_back(
    saldo: Saldo, tenant: str, tmp_path: Path
) -> None:
    first, second = (an_invoice(saldo, tenant, tmp_path)["number"] for _ in range(2))
    told = ("--amount-minor", "15000", "--currency", "SEK", "--method", "bank_transfer")
    paid = saldo("payment", "record", tenant, *told, "--invoice", f"{second}:10000", *AS_CLERK)
    assert (paid.json["allocated_minor"], paid.json["credit_minor"]) == (10_000, 5_000)
    number = str(paid.json["id"])
    used = saldo("payment", "apply", number, "--invoice", f"{first}:5000", *AS_CLERK)
    assert used.json["credit_minor"] == 0
    assert saldo("payment", "apply", number, "--invoice", first, *AS_CLERK).code == 2
    shown = saldo("payment", "show", number, "--json").json
    assert [each["applied_minor"] for each in shown["on"]] == [5_000, 10_000]
    back = saldo("payment", "reverse", number, "--reason", WHY, *AS_CLERK)
    assert back.json["status"] == "reversed"
    assert saldo("payment", "list", "--status", "reversed", "--json").json["count"] == 1
    assert set(paid.json) == documented("saldo payment record")
    assert saldo("ledger", "check").code == 0


def test_a_refund_is_previewed_then_executed_once(
    saldo: Saldo, tenant: str, tmp_path: Path
) -> None:
    invoice = an_invoice(saldo, tenant, tmp_path)["number"]
    paid = saldo("invoice", "mark-paid", invoice, "--method", "bank_transfer", *AS_CLERK)
    number = str(paid.json["payment_id"])
    preview = saldo("refund", "preview", number, "--amount-minor", "2500", *AS_FINANCE)
    assert (preview.json["nth"], preview.json["refundable_minor"]) == (1, 12_500)
    assert set(preview.json) <= documented("saldo refund preview")
    asked = ("refund", "execute", number, "--amount-minor", "2500", "--reason", WHY, *AS_FINANCE)
    done, replayed = saldo(*asked), saldo(*asked)
    assert (done.json["status"], done.json["tax_minor"]) == ("succeeded", 500)
    assert replayed.json["refund_id"] == done.json["refund_id"]
    assert saldo(*asked, "--nth", "2").json["refund_id"] != done.json["refund_id"]
    refused = saldo("refund", "preview", number, "--amount-minor", "7501", *AS_FINANCE)
    assert (refused.code, refused.json["code"]) == (1, "bad_input")
    clerk = saldo("refund", "preview", number, "--amount-minor", "1", *AS_CLERK)
    assert (clerk.code, clerk.json["code"]) == (1, "not_allowed")
    assert saldo("ledger", "check").code == 0


def test_a_credit_note_needs_two_people_and_comes_as_a_document(
    saldo: Saldo, tenant: str, tmp_path: Path
) -> None:
    invoice = an_invoice(saldo, tenant, tmp_path)["number"]
    drafted = saldo("credit-note", "create", invoice, "--amount-minor", "2500", *AS_CLERK)
    assert (drafted.json["status"], drafted.json["settles"]) == ("draft", "invoice")
    number = str(drafted.json["id"])
    own = saldo("credit-note", "approve", number, "--reason", WHY, *AS_CLERK)
    assert (own.code, own.json["code"]) == (1, "not_allowed")
    issued = saldo("credit-note", "approve", number, "--reason", WHY, "--as", OTHER, "--json")
    assert (issued.json["status"], issued.json["left_minor"]) == ("issued", 0)
    assert set(issued.json) == documented("saldo credit-note show")
    other = saldo("credit-note", "create", invoice, *AS_CLERK).json["id"]
    declined = saldo("credit-note", "decline", str(other), "--reason", WHY, *AS_CLERK)
    assert declined.json["status"] == "declined"
    assert saldo("credit-note", "list", "--status", "issued", "--json").json["count"] == 1
    for more, ids in (
        (("--sort", "total"), [other, issued.json["id"]]),
        (("--sort", "total", "--ascending"), [issued.json["id"], other]),
        (("--currency", "NOK"), []),
    ):
        found = saldo("credit-note", "list", *more, "--json").json["credit_notes"]
        assert [note["id"] for note in found] == ids
    assert saldo("credit-note", "list", "--sort", "colour", "--json").json["code"] == "bad_input"
    out = tmp_path / "note.pdf"
    pdf = saldo("credit-note", "pdf", issued.json["number"], "--out", str(out), "--json")
    assert pdf.json["standard"] == "a-3b"
    assert out.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not a JSON document"),
        ("[]", "no JSON object"),
        ('{"lines": []}', "lines"),
        ('{"lines": [{"unit_minor": 1.5}]}', "lines.0.unit_minor"),
        ('{"lines": [{"unit_minor": 5, "tax_percent": "101"}]}', "lines.0.tax_percent"),
        ('{"lines": [{"unit_minor": 5, "colour": "red"}]}', "lines.0.colour"),
        ('{"lines": [{"unit_minor": 5, "discount_minor": 6}]}', "discount"),
    ],
)
def test_a_file_that_is_no_invoice_is_refused_with_its_place(
    saldo: Saldo, tmp_path: Path, text: str, words: str
) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)
    refused = saldo("invoice", "total", "--file", str(path), "--json")
    assert refused.code == 1
    assert words in refused.json["error"]
    assert saldo("invoice", "total", "--file", str(tmp_path / "none.json")).code == 1


def test_totals_of_a_file(saldo: Saldo, tmp_path: Path) -> None:
    path = tmp_path / "lines.json"
    path.write_text(
        '{"currency": "EUR", "rounding": "line", "lines": ['
        '{"description": "a", "quantity": "1", "unit_minor": 10000, "tax_percent": "20",'
        ' "tax_inclusive": false, "discount_percent": "10"},'
        '{"description": "b", "quantity": "3", "unit_minor": 333, "tax_percent": "20.0",'
        ' "tax_inclusive": true}], "discount_minor": 999}'
    )
    found = saldo("invoice", "total", "--file", str(path), "--json").json
    # 90.00 and 9.99 less 9.99 by weight: 8.99 and 1.00 off; 81.01 + 16.20, 8.99 holds 1.50.
    assert [line["discount_minor"] for line in found["lines"]] == [1_899, 100]
    assert (found["net_minor"], found["tax_minor"], found["total_minor"]) == (8_850, 1_770, 10_620)
    assert found["by_rate"] == [{"tax_percent": "20", "net_minor": 8_850, "tax_minor": 1_770}]
    assert "Total 106.20 EUR" in saldo("invoice", "total", "--file", str(path)).out


def test_an_invoice_is_paid_from_the_wallet(
    saldo: Saldo, tenant: str, office: Office, tmp_path: Path
) -> None:
    a_user(office, "admin", email="admin@example.com")
    number = str(an_invoice(saldo, tenant, tmp_path)["id"])
    by = ("--reason", WHY, "--as", "admin@example.com", "--json")
    short = saldo("invoice", "pay-from-wallet", number, *by)
    assert (short.code, short.json["code"]) == (1, "insufficient_balance")
    saldo("wallet", "recharge", tenant, "--amount-minor", "12500", "--reference", "B-1", *by)
    paid = saldo("invoice", "pay-from-wallet", number, *by)
    assert (paid.code, paid.json["status"]) == (0, "paid")
    assert set(paid.json) <= documented("saldo invoice send") | {"payment_id"}


def test_platform_fees_come_from_a_file(saldo: Saldo, tenant: str, tmp_path: Path) -> None:
    path = tmp_path / "fees.json"
    fee = {"tenant_id": int(tenant), "sales_minor": 1_250_000, "fee_minor": 12_500}
    path.write_text(json.dumps({"fees": [fee]}))
    asked = ("invoice", "platform-fees", "2026-10", "--file", str(path), *AS_CLERK)
    made = saldo(*asked)
    assert (made.code, len(made.json["invoice_ids"])) == (0, 1), made.err
    assert set(made.json) == documented("saldo invoice platform-fees")
    assert saldo(*asked).json == {"invoice_ids": []}
    path.write_text(json.dumps({"fees": [{**fee, "fee_minor": 0}]}))
    wrong = saldo(*asked)
    assert (wrong.code, "fees.0.fee_minor" in wrong.err) == (1, True)


def test_lists_go_to_stdout_as_csv_and_pdf(saldo: Saldo, tenant: str, tmp_path: Path) -> None:
    sent = an_invoice(saldo, tenant, tmp_path)
    paid = saldo("invoice", "mark-paid", str(sent["id"]), "--method", "cash", *AS_CLERK)
    assert paid.code == 0, paid.err
    listed = saldo("invoice", "list", "--status", "paid", "--format", "csv", "--limit", "1")
    assert [line.split(",")[1] for line in listed.out.splitlines()] == ["number", sent["number"]]
    assert [line.split(",")[8] for line in listed.out.splitlines()] == ["status", "paid"]
    assert len(saldo("invoice", "list", "--status", "draft", "--format", "csv").out.split()) == 1
    assert saldo("payment", "list", "--format", "csv").out.count(sent["number"]) == 1
    for what in ("invoice", "payment"):
        assert saldo(what, "list", "--format", "pdf").out.startswith("%PDF-")
        assert saldo(what, "list", "--format", "json").json["count"] == 1
    assert saldo("invoice", "list", "--format", "xls").code == 2
    wrong = saldo("invoice", "list", "--format", "csv", "--status", "lost")
    assert (wrong.code, "There is no status" in wrong.err) == (1, True)
