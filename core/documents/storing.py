"""The document of a record: rendered once, kept, and the same bytes for ever (INV.4, REF.3)."""

import re
from dataclasses import asdict
from datetime import date

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.base import LARGEST_ID
from core.documents.models import Document
from core.documents.records import Record
from core.documents.rendering import Rendered, render
from core.documents.sheets import sheet
from core.documents.sources import NAMES, record_of
from core.errors import NotFound, NotNow
from core.listing import admit_reader
from core.settings import Settings
from core.work import Work

_TEMPLATE = "document.typ"


def document_of(work: Work, kind: str, source_id: int) -> Document:
    """The kept document of an issued invoice or credit note, rendered when it is first asked for.

    Needs `billing.read`; of the own tenant `org.billing.read`. Raises NotFound, also for another
    tenant's, and NotNow for what was not issued.
    """
    own = admit_reader(work)
    kept = _kept(work, kind, source_id)
    if kept is None:
        record = record_of(work, kind, source_id)
        if record.number is None or record.issued_on is None:
            raise NotNow(f"The {NAMES[kind]} is {_state(record)}; a document comes with its issue")
        _keep(work, record, record.number, as_rendered(record, record.issued_on, work.settings))
        kept = _kept(work, kind, source_id)
        assert kept is not None, "a document that was kept is there"
    if own not in (None, kept.tenant_id):
        raise NotFound(f"There is no {NAMES[kind]} {source_id}")
    return kept


def preview_of(work: Work, kind: str, source_id: int) -> Rendered:
    """A draft as it would look, marked as one and not kept. Raises NotFound, NotNow."""
    record = record_of(work, kind, source_id)
    if not record.is_draft:
        raise NotNow(f"The {NAMES[kind]} is {_state(record)}, not a draft")
    return as_rendered(record, work.today, work.settings)


def file_name(number: str) -> str:
    """A name for the file of a document, of characters that every system keeps."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", number).strip("-.") + ".pdf"


def as_rendered(record: Record, on: date, settings: Settings) -> Rendered:
    """The sheet of a record as PDF, dated `on`; pure but for fonts and logo."""
    return render(_TEMPLATE, asdict(sheet(record)), on, settings)


def _kept(work: Work, kind: str, source_id: int) -> Document | None:
    if not 0 < source_id <= LARGEST_ID:
        return None
    return work.session.scalars(
        select(Document).where(Document.kind == kind, Document.source_id == source_id)
    ).one_or_none()


def _keep(work: Work, record: Record, number: str, made: Rendered) -> None:
    """Of two that come at once the second waits for the first, whose bytes then hold."""
    work.session.execute(
        insert(Document)
        .values(
            kind=record.kind,
            source_id=record.source_id,
            tenant_id=record.tenant_id,
            number=number,
            sha256=made.sha256,
            standard=made.standard,
            warnings=list(made.warnings),
            body=made.pdf,
            created_at=work.now,
        )
        .on_conflict_do_nothing(index_elements=["kind", "source_id"])
    )


def _state(record: Record) -> str:
    return "a draft" if record.is_draft else record.status.replace("_", " ")
