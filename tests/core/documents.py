"""What tests of documents share: readers, records that have one, and the words of its pages."""

import io
import re

from pypdf import PdfReader

from core.access.authority import Actor
from core.credit_notes.actions import approve_credit_note, create_credit_note
from core.credit_notes.models import CreditNote
from core.documents.models import Document
from core.documents.records import INVOICE
from core.documents.storing import document_of
from core.invoices.actions import DraftInvoice, create_draft
from core.invoices.models import Invoice
from core.invoices.rules import NewLine
from core.tenants.models import Tenant
from core.work import Office
from tests.billing import JOB, WHY
from tests.builders import a_user, acting


def a_reader(office: Office, *roles: str, tenant_id: int | None = None) -> Actor:
    """Somebody with roles."""
    return acting(office, a_user(office, *roles, tenant_id=tenant_id))


def kept(office: Office, invoice: Invoice, actor: Actor = JOB) -> Document:
    """The document of an invoice, made by the first look."""
    with office.work(actor) as work:
        return document_of(work, INVOICE, invoice.id)


def a_credit_note(office: Office, invoice: Invoice) -> CreditNote:
    """A draft over the whole of an invoice."""
    with office.work(a_reader(office, "billing")) as work:
        return create_credit_note(work, invoice.id, settles="balance", note="Agreed by phone")


def approved(office: Office, note: CreditNote) -> CreditNote:
    """A draft as somebody else approved it."""
    with office.work(a_reader(office, "billing")) as work:
        return approve_credit_note(work, note.id, reason=WHY)


def text_of(pdf: bytes) -> str:
    """The text of all pages."""
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def a_draft(office: Office, tenant: Tenant) -> Invoice:
    """An invoice that was not sent."""
    with office.work(JOB) as work:
        return create_draft(work, tenant.id, DraftInvoice((NewLine("Work", 10_000),)))


def pages(pdf: bytes) -> list[str]:
    """The text of each page, every run of spaces as one."""
    read = (page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    return [re.sub(r"\s+", " ", text) for text in read]
