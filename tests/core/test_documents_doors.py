"""Kept documents at their doors: the API hands them out, the command writes them."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from fastapi import FastAPI
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import documents as api_documents
from api import errors
from commands import documents as commands
from core.access.sessions import open_session
from core.office import office as the_office
from core.work import Office
from tests.billing import JOB, a_tenant, an_invoice
from tests.builders import a_user
from tests.core.documents import a_credit_note, a_draft, approved, kept, text_of


@pytest.fixture
def api(office: Office) -> Iterator[TestClient]:
    """The two routes alone."""
    app = FastAPI()
    errors.install(app)
    app.include_router(api_documents.router)
    app.dependency_overrides[the_office] = lambda: office
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def signed_in(office: Office, *roles: str, tenant_id: int | None = None) -> dict[str, str]:
    user = a_user(office, *roles, tenant_id=tenant_id)
    with office.work(JOB) as work:
        return {"cookie": f"saldo={open_session(work, user.id)}"}


def test_the_api_hands_out_the_kept_bytes_with_their_hash(office: Office, api: TestClient) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)
    url, headers = f"/sys/invoices/{invoice.id}/pdf", signed_in(office, "cfo")
    answer = api.get(url, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.content == kept(office, invoice).body
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == f'attachment; filename="{invoice.number}.pdf"'
    tag = answer.headers["etag"]
    assert tag == f'"{hashlib.sha256(answer.content).hexdigest()}"'
    again = api.get(url, headers={**headers, "if-none-match": f'"other", W/{tag}'})
    assert (again.status_code, again.content) == (304, b"")
    for not_it in ('"other"', f'"of {tag[1:]}', tag.strip('"')):
        assert api.get(url, headers={**headers, "if-none-match": not_it}).status_code == 200
    assert api.get(url, headers={**headers, "if-none-match": "*"}).status_code == 304
    stranger = signed_in(office, "org_admin", tenant_id=a_tenant(office).id)
    owner = signed_in(office, "org_admin", tenant_id=tenant.id)
    draft = f"/sys/invoices/{a_draft(office, tenant).id}/pdf"
    found = [
        api.get(url).status_code,
        api.get(url, headers=signed_in(office, "analyst")).status_code,
        api.get(url, headers=stranger).status_code,
        api.get(url, headers=owner).status_code,
        api.get(draft, headers=headers).status_code,
    ]
    assert found == [401, 403, 404, 200, 409]


def test_the_api_hands_out_credit_notes(office: Office, api: TestClient) -> None:
    note = approved(office, a_credit_note(office, an_invoice(office, a_tenant(office))))
    headers = signed_in(office, "billing")
    answer = api.get(f"/sys/credit-notes/{note.id}/pdf", headers=headers)
    assert answer.headers["content-disposition"] == f'attachment; filename="{note.number}.pdf"'
    assert note.number in text_of(answer.content)
    assert api.get("/sys/credit-notes/999/pdf", headers=headers).status_code == 404


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def saldo(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Ended]:
    """The two commands alone, on the test's database."""
    monkeypatch.setattr(commands, "office", lambda: office)
    app = typer.Typer()
    app.command("invoice")(commands.invoice_pdf)
    app.command("credit-note")(commands.credit_note_pdf)

    def run(*arguments: str) -> Ended:
        done = CliRunner().invoke(app, list(arguments))
        return Ended(done.exit_code, done.stdout, done.stderr)

    return run


def test_the_command_writes_the_kept_bytes(
    office: Office, saldo: Callable[..., Ended], tmp_path: Path
) -> None:
    invoice = an_invoice(office, a_tenant(office))
    out = tmp_path / "invoice.pdf"
    ended = saldo("invoice", str(invoice.number), "--out", str(out), "--json")
    document = kept(office, invoice)
    assert json.loads(ended.out) == {
        "number": invoice.number,
        "sha256": document.sha256,
        "bytes": len(document.body),
        "standard": "a-3b",
        "warnings": [],
        "path": str(out),
    }
    assert out.read_bytes() == document.body
    by_id = tmp_path / "again.pdf"
    assert saldo("invoice", str(invoice.id), "--out", str(by_id)).code == 0
    assert by_id.read_bytes() == document.body
    note = approved(office, a_credit_note(office, invoice))
    assert saldo("credit-note", note.number, "--out", str(out)).code == 0
    assert note.number in text_of(out.read_bytes())


def test_the_command_acts_with_the_rights_of_a_user_and_refuses_in_words(
    office: Office, saldo: Callable[..., Ended], tmp_path: Path
) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)
    number, out = str(invoice.number), str(tmp_path / "x.pdf")
    a_user(office, "org_user", email="own@example.com", tenant_id=tenant.id)
    a_user(office, "org_user", email="other@example.com", tenant_id=a_tenant(office).id)
    assert saldo("invoice", number, "--out", out, "--as", "own@example.com").code == 0
    refused = saldo("invoice", number, "--out", out, "--as", "other@example.com")
    assert (refused.code, refused.err) == (1, f"There is no invoice {number}\n")
    lost = saldo("invoice", number, "--out", str(tmp_path / "none" / "x.pdf"))
    assert lost.code == 1
    assert "cannot be written" in lost.err
