"""`/sys/invoices/{id}/pdf`, and credit notes alike: the kept document, its hash as ETag (INV.4)."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from api.access import UNCHANGED
from api.caller import Caller, TheOffice
from api.errors import refusals
from api.requests import is_held
from api.shapes import RecordId
from core.access.authority import Actor
from core.documents.records import CREDIT_NOTE, INVOICE
from core.documents.storing import document_of, file_name
from core.work import Office

PDF = "application/pdf"
IfNoneMatch = Annotated[str | None, Header(max_length=1_000)]
ANSWERS = {
    **refusals(404, 409),
    **UNCHANGED,
    200: {"content": {PDF: {}}, "description": "The document; its ETag is the bytes' SHA-256"},
}

router = APIRouter(prefix="/sys", tags=["Documents"])


@router.get(
    "/invoices/{invoice_id}/pdf",
    summary="An invoice as PDF",
    response_class=Response,
    responses=ANSWERS,
)
def invoice_pdf(
    at: TheOffice, actor: Caller, invoice_id: RecordId, if_none_match: IfNoneMatch = None
) -> Response:
    """The same bytes for ever. Needs `billing.read`; of the own tenant `org.billing.read`."""
    return _answer(at, actor, INVOICE, invoice_id, if_none_match)


@router.get(
    "/credit-notes/{credit_note_id}/pdf",
    summary="A credit note as PDF",
    response_class=Response,
    responses=ANSWERS,
)
def credit_note_pdf(
    at: TheOffice, actor: Caller, credit_note_id: RecordId, if_none_match: IfNoneMatch = None
) -> Response:
    """The same bytes for ever. Needs `billing.read`; of the own tenant `org.billing.read`."""
    return _answer(at, actor, CREDIT_NOTE, credit_note_id, if_none_match)


def _answer(at: Office, actor: Actor, kind: str, source_id: int, known: str | None) -> Response:
    with at.work(actor) as work:
        document = document_of(work, kind, source_id)
    tag = f'"{document.sha256}"'
    headers = {
        "etag": tag,
        "cache-control": "private, no-cache",
        "vary": "authorization, cookie",
        "content-disposition": f'attachment; filename="{file_name(document.number)}"',
    }
    if is_held(tag, known):
        return Response(status_code=304, headers=headers)
    return Response(document.body, media_type=PDF, headers=headers)
