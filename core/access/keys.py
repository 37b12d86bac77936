"""API keys: made once, shown once, hashed, scoped to permissions and maybe a tenant (ACC.5)."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, text

from core.access.authority import KEY_REFUSED, Actor, system
from core.access.models import ApiKey
from core.access.permissions import PLATFORM_SIDE, TENANT_SIDE
from core.actions import action
from core.errors import BadInput, NotAllowed, NotFound, NotNow, SignInNeeded
from core.tenants.models import Tenant
from core.work import Office, Work

MARK = "sk_saldo_"
PREFIX_LENGTH = len(MARK) + 12
LONGEST_TOKEN = 200
LONGEST_NAME = 100
MOST_KEYS = 500
SEEN_STEP = timedelta(minutes=1)
_NOBODY = hashlib.sha256(b"nobody has this key").digest()
_KEYS = """
-- Which keys were made, and when was each last used? One row per key, the newest first.
select k.id, k.name, k.prefix, k.tenant_id, t.name as tenant_name, k.permissions,
  u.email as created_by, k.created_at, k.expires_at, k.last_used_at, k.revoked_at
from api_key k
join app_user u on u.id = k.created_by
left join tenant t on t.id = k.tenant_id
where {conditions}
order by k.id desc
limit :limit offset :offset
"""
_COUNT = "select count(*) from api_key k where {conditions}"


@dataclass(frozen=True)
class NewKey:
    """A key that was just made; `token` is shown now and never again."""

    id: int
    name: str
    prefix: str
    token: str
    tenant_id: int | None
    permissions: tuple[str, ...]
    expires_at: datetime | None


@dataclass(frozen=True)
class KeyRow:
    """A key as a list shows it; `created_by` is an e-mail address."""

    id: int
    name: str
    prefix: str
    tenant_id: int | None
    tenant_name: str | None
    permissions: tuple[str, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class KeyPage:
    """Some keys, and how many there are."""

    rows: list[KeyRow]
    count: int


@action("access.api_key.created", needs="users.manage", fresh=True)
def create_key(
    work: Work,
    name: str,
    permissions: tuple[str, ...],
    *,
    tenant_id: int | None = None,
    expires_at: datetime | None = None,
    reason: str,
) -> NewKey:
    """A key for a tenant's software, or one of the platform with no tenant.

    A platform key may do no more than who makes it. There is no idempotency key: its record would
    keep the token. Raises BadInput, NotAllowed, NotFound.
    """
    name = name.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise BadInput(f"A key has a name of 1 to {LONGEST_NAME} characters")
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= work.now):
        raise BadInput("A key expires at a later instant, given with its offset from UTC")
    _check_permissions(work, permissions, tenant_id)
    token = f"{MARK}{secrets.token_hex(6)}_{secrets.token_urlsafe(32)}"
    key = ApiKey(
        name=name,
        prefix=token[:PREFIX_LENGTH],
        token_sha256=_digest(token),
        tenant_id=tenant_id,
        permissions=sorted(set(permissions)),
        created_by=work.actor.user_id,
        created_at=work.now,
        expires_at=expires_at,
    )
    work.session.add(key)
    work.session.flush()
    granted = tuple(key.permissions)
    _tell(work, key, permissions=list(granted), expires_at=expires_at and expires_at.isoformat())
    return NewKey(key.id, name, key.prefix, token, tenant_id, granted, expires_at)


@action("access.api_key.revoked", needs="users.manage", fresh=True)
def revoke_key(work: Work, key_id: int, *, reason: str) -> ApiKey:
    """End a key; its next request is refused. Raises NotFound, NotNow."""
    key = work.session.get(ApiKey, key_id, with_for_update=True)
    if key is None:
        raise NotFound(f"There is no API key {key_id}")
    if key.revoked_at is not None:
        raise NotNow(f"The API key {key.prefix} is revoked already")
    key.revoked_at = work.now
    _tell(work, key)
    return key


def key_actor(office: Office, token: str, ip: str | None = None) -> Actor:
    """The program a token belongs to; raises SignInNeeded with the same words whatever is wrong."""
    with office.work(system("api key")) as work:
        key = None
        if token.startswith(MARK) and len(token) <= LONGEST_TOKEN and token.isascii():
            prefix = token[:PREFIX_LENGTH]
            key = work.session.scalar(select(ApiKey).where(ApiKey.prefix == prefix))
        right = hmac.compare_digest(key.token_sha256 if key else _NOBODY, _digest(token))
        if key is None or not right or key.revoked_at or _is_over(key, work.now):
            raise SignInNeeded(KEY_REFUSED)
        if key.last_used_at is None or work.now - key.last_used_at >= SEEN_STEP:
            key.last_used_at = work.now
    return Actor("api_key", key.prefix, ip=ip, api_key_id=key.id)


def keys(work: Work, *, tenant_id: int | None = None, limit: int = 100, offset: int = 0) -> KeyPage:
    """The keys there are, the revoked ones too, the newest first. Needs `users.manage`."""
    work.require("users.manage")
    conditions = "true" if tenant_id is None else "k.tenant_id = :tenant_id"
    wanted: dict[str, Any] = {} if tenant_id is None else {"tenant_id": tenant_id}
    span = {"limit": max(1, min(limit, MOST_KEYS)), "offset": max(0, offset)}
    found = work.session.execute(text(_KEYS.format(conditions=conditions)), {**wanted, **span})
    rows = [KeyRow(**{**row._mapping, "permissions": tuple(row.permissions)}) for row in found]
    count = work.session.scalar(text(_COUNT.format(conditions=conditions)), wanted) or 0
    return KeyPage(rows, count)


def key_of(work: Work, key_id: int) -> KeyRow:
    """One key, as the list shows it. Needs `users.manage`; raises NotFound."""
    work.require("users.manage")
    span = {"limit": 1, "offset": 0, "key_id": key_id}
    found = work.session.execute(text(_KEYS.format(conditions="k.id = :key_id")), span).first()
    if found is None:
        raise NotFound(f"There is no API key {key_id}")
    return KeyRow(**{**found._mapping, "permissions": tuple(found.permissions)})


def _check_permissions(work: Work, permissions: tuple[str, ...], tenant_id: int | None) -> None:
    allowed = PLATFORM_SIDE if tenant_id is None else TENANT_SIDE
    if not permissions:
        raise BadInput(f"A key has permissions: some of {', '.join(allowed)}")
    for permission in permissions:
        if permission not in allowed:
            whose = "of the platform" if tenant_id is None else "of a tenant"
            raise BadInput(f"A key {whose} cannot have {permission!r}: {', '.join(allowed)}")
        if tenant_id is None and not work.standing.may(permission):
            raise NotAllowed(f"A key may do no more than who makes it; you lack {permission}")
    if tenant_id is not None and work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")


def _is_over(key: ApiKey, now: datetime) -> bool:
    return key.expires_at is not None and key.expires_at <= now


def _tell(work: Work, key: ApiKey, **facts: object) -> None:
    named = {"api_key_id": key.id, "name": key.name, "prefix": key.prefix}
    work.tell(tenant_id=key.tenant_id, **named, **facts)


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
