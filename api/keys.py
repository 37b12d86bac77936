"""`/sys/api-keys`: keys of programs, made and revoked by people (ACC.5)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import AwareDatetime, Field

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Limit,
    Name,
    Offset,
    Reason,
    RecordId,
    SomeId,
    example,
)
from core.access import keys
from core.access.permissions import PERMISSIONS
from core.base import LARGEST_ID


class KeyBody(Body):
    """A key of the platform, or with `tenant_id` of a tenant's own software."""

    model_config = example(
        {
            "name": "Web shop",
            "permissions": ["org.billing.read", "org.billing.manage"],
            "tenant_id": 42,
            "expires_at": "2030-01-01T00:00:00Z",
            "reason": A_REASON,
        }
    )

    name: Name
    permissions: Annotated[list[Name], Field(min_length=1, max_length=len(PERMISSIONS))]
    tenant_id: SomeId | None = None
    expires_at: AwareDatetime | None = None
    reason: Reason


class RevokeBody(Body):
    """Why it ends."""

    model_config = example({"reason": A_REASON})

    reason: Reason


class MadeAnswer(Answer):
    """A key that was just made; `token` is shown now and never again."""

    id: int
    name: str
    prefix: str
    token: str
    tenant_id: int | None
    permissions: list[str]
    expires_at: datetime | None


class KeyAnswer(Answer):
    """A key as the list shows it; `created_by` is an e-mail address."""

    id: int
    name: str
    prefix: str
    tenant_id: int | None
    tenant_name: str | None
    permissions: list[str]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


class KeysAnswer(Answer):
    """Some keys, the newest first, and how many there are."""

    count: int
    rows: list[KeyAnswer]


class RevokedAnswer(Answer):
    """A key that has ended."""

    id: int
    prefix: str
    revoked_at: datetime


router = APIRouter(prefix="/sys/api-keys", tags=["API keys"])


@router.get("", summary="List API keys", responses=refusals())
def list_keys(
    at: TheOffice,
    actor: Caller,
    tenant_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> KeysAnswer:
    """The revoked ones too, without their tokens. Needs `users.manage`."""
    with at.work(actor) as work:
        page = keys.keys(work, tenant_id=tenant_id, limit=limit, offset=offset)
    return KeysAnswer.model_validate(page)


@router.post("", status_code=201, summary="Make an API key", responses=refusals(400, 404))
def create(at: TheOffice, actor: Caller, body: KeyBody) -> MadeAnswer:
    """Needs `users.manage`, a fresh sign-in and a reason; takes no `Idempotency-Key`, whose record
    would keep the token.
    """
    with at.work(actor) as work:
        made = keys.create_key(
            work,
            body.name,
            tuple(body.permissions),
            tenant_id=body.tenant_id,
            expires_at=body.expires_at,
            reason=body.reason,
        )
    return MadeAnswer.model_validate(made)


@router.post("/{key_id}/revoke", summary="Revoke an API key", responses=refusals(400, 404, 409))
def revoke(at: TheOffice, actor: Caller, key_id: RecordId, body: RevokeBody) -> RevokedAnswer:
    """Its next request is refused. Needs `users.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        ended = keys.revoke_key(work, key_id, reason=body.reason)
        return RevokedAnswer.model_validate(ended)
