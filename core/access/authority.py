"""Who is acting, and what that actor may do right now, read in the acting transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.access.permissions import TENANT_SIDE, effective
from core.errors import SignInNeeded

_STANDING = text("""
select u.tenant_id, s.fresh_until,
  array(select distinct p.permission from user_role r join role_permission p on p.role = r.role
        where r.user_id = u.id) as permissions,
  array(select role from user_role where user_id = u.id order by role) as roles
from app_user u join user_session s on s.user_id = u.id
where u.id = :user_id and s.id = :session_id and u.disabled_at is null
  and s.revoked_at is null and s.expires_at > :now and s.last_seen_at > :idle_since
""")


@dataclass(frozen=True)
class Actor:
    """A user in a session, or a part of the system acting by itself."""

    kind: Literal["user", "system"]
    name: str
    user_id: int | None = None
    session_id: int | None = None
    ip: str | None = None


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
    """The actor's standing at `now`; raises SignInNeeded when the session or the user ended."""
    if actor.kind == "system":
        return SYSTEM
    row = session.execute(
        _STANDING,
        {
            "user_id": actor.user_id,
            "session_id": actor.session_id,
            "now": now,
            "idle_since": idle_since,
        },
    ).one_or_none()
    if row is None:
        raise SignInNeeded
    granted = effective(set(row.permissions))
    if row.tenant_id is not None:
        # Whatever the table grants, a tenant's user never acts for the platform.
        granted &= frozenset(TENANT_SIDE)
    return Standing(granted, tuple(row.roles), row.tenant_id, row.fresh_until)
