"""`/v1/tenants/{id}/access`: what a tenant may do now, cheap to ask again (USE.4)."""

import hashlib
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Header, Response

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.requests import is_held
from api.shapes import Answer, RecordId
from core.access.decision import access_of

MAX_AGE_SECONDS = 30


class AccessAnswer(Answer):
    """What a tenant may do; `until` is the day to which that is known to hold."""

    tenant_id: int
    status: str
    reads: bool
    writes: bool
    throttled: bool
    warning: str | None
    until: date | None
    plan: str | None
    limits: dict[str, int]


UNCHANGED: dict[int | str, dict[str, Any]] = {
    304: {"description": "What the ETag in If-None-Match names still holds"}
}
router = APIRouter(prefix="/v1/tenants", tags=["Access"])


@router.get(
    "/{tenant_id}/access",
    summary="What may a tenant do?",
    response_model=AccessAnswer,
    responses={**refusals(404), **UNCHANGED},
)
def access(
    at: TheOffice,
    actor: Caller,
    tenant_id: RecordId,
    if_none_match: Annotated[str | None, Header(max_length=1_000)] = None,
) -> Response:
    """Needs `billing.read`; of the own tenant `org.billing.read`."""
    with at.work(actor) as work:
        found = access_of(work, tenant_id)
    body = AccessAnswer.model_validate(found).model_dump_json().encode()
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "etag": tag,
        "cache-control": f"private, max-age={MAX_AGE_SECONDS}",
        "vary": "authorization, cookie",
    }
    if is_held(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
