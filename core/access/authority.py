"""Who is acting, and what that actor may do right now, read in the acting transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.access.permissions import SIGNED_IN, TENANT_SIDE, effective
from core.clock import CLOCKS_DIFFER
from core.errors import SignInNeeded

KEY_REFUSED = "This API key is unknown, expired or revoked"
_STANDING = text("""
select u.tenant_id, s.fresh_until,
  array(select distinct p.permission from user_role r join role_permission p on p.role = r.role
        where r.user_id = u.id) as permissions,
  array(select role from user_role where user_id = u.id order by role) as roles
from app_user u join user_session s on s.user_id = u.id
where u.id = :user_id and s.id = :session_id and u.disabled_at is null
  and s.revoked_at is null and s.expires_at > :now and s.last_seen_at > :idle_since
  and s.created_at <= :soon
""")
_KEY = text("""
select tenant_id, permissions from api_key
where id = :api_key_id and revoked_at is null and (expires_at is null or expires_at > :now)
""")


@dataclass(frozen=True)
class Actor:
    """A user in a session, a program with an API key, or a part of the system by itself."""

    kind: Literal["user", "api_key", "system"]
    name: str
    user_id: int | None = None
    session_id: int | None = None
    ip: str | None = None
    api_key_id: int | None = None


def system(name: str) -> Actor:
    """The system itself, named by the job or command that acts."""
    return Actor(kind="system", name=name)


@dataclass(frozen=True)
class Standing:
    """What the actor may do: its permissions, its tenant when it belongs to one, its freshness."""

    permissions: frozenset[str]
    roles: tuple[str, ...]
    tenant_id: int | None
    fresh_until: datetime | None
    unlimited: bool = False

    def may(self, permission: str) -> bool:
        """True when the permission is held."""
        return self.unlimited or permission in self.permissions


SYSTEM = Standing(frozenset(), (), None, None, unlimited=True)


def standing(session: Session, actor: Actor, now: datetime, idle_since: datetime) -> Standing:
    """The actor's standing at `now`; raises SignInNeeded when session, user or key ended."""
    if actor.kind == "system":
        return SYSTEM
    if actor.kind == "api_key":
        return _of_key(session, actor, now)
    row = session.execute(
        _STANDING,
        {
            "user_id": actor.user_id,
            "session_id": actor.session_id,
            "now": now,
            "idle_since": idle_since,
            # A session that was opened while the clock was ahead would outlive every other.
            "soon": now + CLOCKS_DIFFER,
        },
    ).one_or_none()
    if row is None:
        raise SignInNeeded
    granted = _granted(row.permissions, row.tenant_id) | {SIGNED_IN}
    return Standing(granted, tuple(row.roles), row.tenant_id, row.fresh_until)


def _of_key(session: Session, actor: Actor, now: datetime) -> Standing:
    """A key's standing; it has no roles and is never freshly signed in."""
    row = session.execute(_KEY, {"api_key_id": actor.api_key_id, "now": now}).one_or_none()
    if row is None:
        raise SignInNeeded(KEY_REFUSED)
    return Standing(_granted(row.permissions, row.tenant_id), (), row.tenant_id, None)


def _granted(permissions: list[str], tenant_id: int | None) -> frozenset[str]:
    granted = effective(set(permissions))
    # Whatever the table grants, a tenant's user or key never acts for the platform.
    return granted if tenant_id is None else granted & frozenset(TENANT_SIDE)
