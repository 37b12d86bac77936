"""Documents in the database: made once, the same for ever, for those who may see them."""

import hashlib
from datetime import date, timedelta

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import select, update

from core.base import LARGEST_ID
from core.charging.models import PaymentMethod
from core.clock import SetClock
from core.documents.models import Document
from core.documents.records import CREDIT_NOTE, INVOICE
from core.documents.sources import source_named
from core.documents.storing import document_of, preview_of
from core.errors import NotAllowed, NotFound, NotNow
from core.invoices.actions import void_invoice
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
from tests.core.documents import a_credit_note, a_draft, a_reader, approved, kept, text_of
from tests.wallets import at_once


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
