"""Documents in the database: made once, the same for ever, for those who may see them."""

import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import psycopg
import pytest
import typer
from fastapi import FastAPI
from psycopg.errors import InsufficientPrivilege
from pypdf import PdfReader
from sqlalchemy import select, update
from starlette.testclient import TestClient
from typer.testing import CliRunner

from api import documents as api_documents
from api import errors
from commands import documents as commands
from core.access.authority import Actor
from core.access.sessions import open_session
from core.charging.models import PaymentMethod
from core.clock import SetClock
from core.credit_notes.actions import approve_credit_note, create_credit_note
from core.credit_notes.models import CreditNote
from core.documents.models import Document
from core.documents.records import CREDIT_NOTE, INVOICE
from core.documents.sources import source_named
from core.documents.storing import document_of, preview_of
from core.errors import NotAllowed, NotFound, NotNow
from core.invoices.actions import DraftInvoice, create_draft, void_invoice
from core.invoices.models import Invoice
from core.invoices.rules import NewLine
from core.listing import LARGEST_ID
from core.office import office as the_office
from core.settings import Settings
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import (
    JOB,
    WHY,
    a_charge,
    a_rate,
    a_subscription,
    a_tenant,
    an_invoice,
    pass_days,
    the_invoices,
    the_plans,
)
from tests.builders import a_user, acting
from tests.wallets import at_once


def a_reader(office: Office, *roles: str, tenant_id: int | None = None) -> Actor:
    return acting(office, a_user(office, *roles, tenant_id=tenant_id))


def kept(office: Office, invoice: Invoice, actor: Actor = JOB) -> Document:
    with office.work(actor) as work:
        return document_of(work, INVOICE, invoice.id)


def a_credit_note(office: Office, invoice: Invoice) -> CreditNote:
    """A draft over the whole of an invoice."""
    with office.work(a_reader(office, "billing")) as work:
        return create_credit_note(work, invoice.id, settles="balance", note="Agreed by phone")


def approved(office: Office, note: CreditNote) -> CreditNote:
    with office.work(a_reader(office, "billing")) as work:
        return approve_credit_note(work, note.id, reason=WHY)


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def a_draft(office: Office, tenant: Tenant) -> Invoice:
    with office.work(JOB) as work:
        return create_draft(work, tenant.id, DraftInvoice((NewLine("Work", 10_000),)))


def count(office: Office) -> int:
    with office.work(JOB) as work:
        return len(work.session.scalars(select(Document.id)).all())


def test_a_document_keeps_its_bytes_whatever_changes_afterwards(office: Office) -> None:
    tenant = a_tenant(office)
    invoice = an_invoice(office, tenant)
    first = kept(office, invoice)
    assert first.sha256 == hashlib.sha256(first.body).hexdigest()
    assert (first.standard, first.number) == ("a-3b", invoice.number)
    assert "Rheinfeld GmbH" in text_of(first.body)
    with office.work(JOB) as work:
        work.session.execute(update(Tenant).values(name="Another GmbH", language="sv"))
    office.settings = Settings(_env_file=None, SALDO_COMPANY_NAME="Another AB")
    assert kept(office, invoice).body == first.body
    with office.work(a_reader(office, "billing")) as work:
        void_invoice(work, invoice.id, reason=WHY)
    assert kept(office, invoice).body == first.body
    assert count(office) == 1


def test_a_first_look_years_later_shows_issuer_and_customer_of_the_day(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    with office.work(JOB) as work:
        work.session.execute(update(Tenant).values(name="Another GmbH"))
    office.settings = Settings(_env_file=None, SALDO_COMPANY_NAME="Another AB")
    text = text_of(kept(office, invoice).body)
    assert "Rheinfeld GmbH" in text
    assert "Saldo Demo AB" in text
    assert "Another" not in text


def an_issuer(office: Office) -> None:
    """A Swedish issuer with an account, for what is issued from now on."""
    office.settings = Settings(
        _env_file=None,
        SALDO_COMPANY_TAX_ID="SE556677889901",
        SALDO_COMPANY_IBAN="SE35 5000 0000 0549 1000 0003",
    )


def test_a_first_look_asks_for_what_was_owed_on_the_day(office: Office, clock: SetClock) -> None:
    an_issuer(office)
    later, same_day = an_invoice(office, a_tenant(office)), an_invoice(office, a_tenant(office))
    a_charge(office, same_day, "ch_1")
    pass_days(clock, 3)
    a_charge(office, later, "ch_2")
    assert "IBAN" in text_of(kept(office, later).body)
    text = text_of(kept(office, same_day).body)
    assert "Nothing is to be paid" in text
    assert "IBAN" not in text


@pytest.mark.parametrize("has_card", [True, False])
def test_an_account_is_named_unless_a_card_is_charged(office: Office, has_card: bool) -> None:
    an_issuer(office)
    tenant, plans = a_tenant(office), the_plans(office)
    if has_card:
        with office.work(JOB) as work:
            work.session.add(
                PaymentMethod(
                    tenant_id=tenant.id,
                    provider="stripe",
                    customer="cus_1",
                    token="pm_1",
                    created_at=work.now,
                )
            )
    a_subscription(office, tenant, plans["growth"])
    (invoice,) = the_invoices(office)
    text = text_of(kept(office, invoice).body)
    assert ("charged to your card" in text) == has_card
    assert ("IBAN" in text) != has_card


def test_tax_is_stated_in_kronor_at_the_rate_of_the_day(office: Office) -> None:
    an_issuer(office)
    day = date(2026, 11, 20)
    a_rate(office, "SEK", "0.08", day - timedelta(days=1))
    a_rate(office, "SEK", "0.5", day + timedelta(days=1))
    # 25.00 EUR of tax, and 1 SEK is 0.08 EUR: 312.50 SEK.
    text = text_of(kept(office, an_invoice(office, a_tenant(office, "SE", "EUR"))).body)
    assert "VAT in SEK" in text
    assert "312.50" in text
    assert "1 EUR = 12.5 SEK, the rate of 19 Nov 2026" in text
    untaxed = kept(office, an_invoice(office, a_tenant(office)))
    assert "VAT in SEK" not in text_of(untaxed.body)


def test_eight_who_ask_at_once_get_one_document(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    seen: list[str] = []
    refused = at_once(*[lambda: seen.append(kept(office, invoice).sha256)] * 8)
    assert refused == []
    assert len(seen) == 8
    assert len(set(seen)) == 1
    assert count(office) == 1


def test_a_draft_has_a_preview_alone_and_an_issued_invoice_none(office: Office) -> None:
    tenant = a_tenant(office)
    draft, issued = a_draft(office, tenant), an_invoice(office, tenant)
    with office.work(JOB) as work:
        assert "Draft" in text_of(preview_of(work, INVOICE, draft.id).pdf)
        with pytest.raises(NotNow, match="is a draft"):
            document_of(work, INVOICE, draft.id)
        with pytest.raises(NotNow, match="not a draft"):
            preview_of(work, INVOICE, issued.id)
    assert count(office) == 0


def test_a_tenant_sees_its_own_documents_and_no_other(office: Office) -> None:
    own, other = a_tenant(office), a_tenant(office)
    mine, theirs = an_invoice(office, own), an_invoice(office, other)
    draft = a_draft(office, other)
    user = a_reader(office, "org_user", tenant_id=own.id)
    assert kept(office, mine, user).number == mine.number
    with pytest.raises(NotFound, match=f"There is no invoice {theirs.id}"):
        kept(office, theirs, user)
    kept(office, theirs)
    with pytest.raises(NotFound, match=f"There is no invoice {theirs.id}"):
        kept(office, theirs, user)
    with office.work(user) as work, pytest.raises(NotFound):
        preview_of(work, INVOICE, draft.id)


@pytest.mark.parametrize("role", ["analyst", "manager"])
def test_who_may_not_read_billing_sees_no_document(office: Office, role: str) -> None:
    invoice = an_invoice(office, a_tenant(office))
    kept(office, invoice)
    reader = a_reader(office, role)
    with pytest.raises(NotAllowed):
        kept(office, invoice, reader)
    with office.work(reader) as work, pytest.raises(NotAllowed):
        source_named(work, INVOICE, str(invoice.number))
    with office.work(reader) as work, pytest.raises(NotAllowed):
        preview_of(work, INVOICE, invoice.id)


@pytest.mark.parametrize("source_id", [0, 999, LARGEST_ID + 1])
def test_what_is_not_there_is_not_found(office: Office, source_id: int) -> None:
    for kind, words in ((INVOICE, "no invoice"), (CREDIT_NOTE, "no credit note")):
        with office.work(JOB) as work, pytest.raises(NotFound, match=words):
            document_of(work, kind, source_id)


def test_a_record_is_found_by_id_and_by_number(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    with office.work(JOB) as work:
        assert source_named(work, INVOICE, str(invoice.number)) == invoice.id
        assert source_named(work, INVOICE, str(invoice.id)) == invoice.id
        with pytest.raises(NotFound):
            source_named(work, INVOICE, "SAAS-INV-1999-00001")


def test_a_record_from_before_parties_were_kept_names_those_of_now(
    office: Office, database_url: str
) -> None:
    with psycopg.connect(database_url) as db:
        db.execute(
            "insert into tenant (id, name, currency, created_at)"
            " values (1, 'Old & Co', 'EUR', now())"
        )
        db.execute(
            "insert into invoice (id, tenant_id, type, status, number, currency, net_minor,"
            " tax_minor, total_minor, issued_on, due_on, created_at) values (1, 1, 'usage',"
            " 'draft', 'N-1', 'EUR', 100, 25, 125, '2025-01-01', '2025-02-01', now())"
        )
        db.execute(
            "insert into invoice_line (invoice_id, tenant_id, position, description, unit_minor,"
            " net_minor, tax_minor, total_minor) values (1, 1, 1, 'Work', 100, 100, 25, 125)"
        )
        db.execute("update invoice set status = 'issued' where id = 1")
    with office.work(JOB) as work:
        text = text_of(document_of(work, INVOICE, 1).body)
    for words in ("Old & Co", "Saldo Demo AB", "1 Jan 2025", "EUR\u00a01.25"):
        assert words in text.replace(" 1.25", "\u00a01.25")


def test_nobody_changes_or_takes_away_a_kept_document(office: Office, database_url: str) -> None:
    kept(office, an_invoice(office, a_tenant(office)))
    for statement in (
        "update document set number = 'X'",
        "delete from document",
        "truncate document",
    ):
        with psycopg.connect(database_url) as db, pytest.raises(InsufficientPrivilege):
            db.execute(statement)


def test_a_credit_note_has_a_document_once_it_is_approved(office: Office) -> None:
    invoice = an_invoice(office, a_tenant(office))
    note = a_credit_note(office, invoice)
    with office.work(JOB) as work, pytest.raises(NotNow, match="The credit note is a draft"):
        document_of(work, CREDIT_NOTE, note.id)
    with office.work(JOB) as work:
        assert "Draft" in text_of(preview_of(work, CREDIT_NOTE, note.id).pdf)
    issued = approved(office, note)
    with office.work(JOB) as work:
        document = document_of(work, CREDIT_NOTE, source_named(work, CREDIT_NOTE, issued.number))
    text = text_of(document.body)
    for words in (issued.number, invoice.number, "Agreed by phone", "kept as your credit"):
        assert words in text


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
    assert api.get(url, headers={**headers, "if-none-match": '"other"'}).status_code == 200
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
