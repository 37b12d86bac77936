"""Who has an account, what they may do, and the permission table, for the admin page (ACC.1)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql

from core.access.permissions import PERMISSIONS, ROLES, effective
from core.base import LARGEST_ID
from core.errors import NotAllowed, NotFound
from core.listing import literal
from core.work import Work

MOST_USERS = 1_000
MOST_ROLES = 200
MOST_TENANTS = 10_000
LONGEST_SEARCH = 200
TENANT_ROLE = "org_"
"""How the names of the roles of tenants' users begin."""

_USERS = """
-- Which accounts fit the search, and when was each last active? One row per user.
select u.id, u.name, u.email, u.tenant_id, t.name as tenant_name,
  array(select r.role from user_role r where r.user_id = u.id order by r.role) as roles,
  u.totp_sealed is not null as totp,
  (select max(s.last_seen_at) from user_session s where s.user_id = u.id) as last_seen_at,
  u.created_at, u.disabled_at
from app_user u
left join tenant t on t.id = u.tenant_id
where {conditions}
order by lower(u.name), u.id
limit :limit
"""
_HELD = sql("select id from app_user where id = :user_id for update")
_TABLE = sql("""
-- What does each role grant, and how many open accounts have it? One row per role.
select r.name as role, r.title,
  array(select p.permission from role_permission p where p.role = r.name) as granted,
  (select count(*) from user_role m join app_user u on u.id = m.user_id
   where m.role = r.name and u.disabled_at is null) as members
from role r
order by r.name
limit :limit
""")
_TENANTS = sql("select id, name from tenant order by lower(name), id limit :limit")


@dataclass(frozen=True)
class UserRow:
    """An account as a page shows it; `last_seen_at` is None before the first sign-in."""

    id: int
    name: str
    email: str
    tenant_id: int | None
    tenant_name: str | None
    roles: tuple[str, ...]
    totp: bool
    last_seen_at: datetime | None
    created_at: datetime
    disabled_at: datetime | None

    def may_have(self, role: str) -> bool:
        """True when the role is on the user's side: a tenant's or the platform's."""
        return role.startswith(TENANT_ROLE) == (self.tenant_id is not None)


@dataclass(frozen=True)
class RoleRow:
    """A role of the permission table; `allowed` adds what its permissions include."""

    role: str
    title: str
    granted: frozenset[str]
    allowed: frozenset[str]
    members: int


@dataclass(frozen=True)
class TenantName:
    """A tenant to choose from."""

    id: int
    name: str


def users(
    work: Work, text: str | None = None, role: str | None = None, limit: int = 100
) -> list[UserRow]:
    """Accounts by name; `text` is looked for in name, e-mail and tenant. Needs `users.manage`."""
    _admit(work)
    wanted: dict[str, dict[str, Any]] = {}
    if text and text.strip():
        clause = "(u.name ilike :part or u.email ilike :part or t.name ilike :part)"
        wanted[clause] = {"part": f"%{literal(text.strip()[:LONGEST_SEARCH])}%"}
    if role:
        clause = "exists (select 1 from user_role r where r.user_id = u.id and r.role = :role)"
        wanted[clause] = {"role": role}
    return _read(work, wanted, max(1, min(limit, MOST_USERS)))


def user(work: Work, user_id: int, *, hold: bool = False) -> UserRow:
    """One account; `hold` keeps others from changing it until the work ends.

    Needs `users.manage`; raises NotFound.
    """
    _admit(work)
    if not 0 < user_id <= LARGEST_ID:
        raise NotFound("There is no such user")
    if hold:
        work.session.execute(_HELD, {"user_id": user_id})
    found = _read(work, {"u.id = :user_id": {"user_id": user_id}}, 1)
    if not found:
        raise NotFound(f"There is no user {user_id}")
    return found[0]


def permission_table(work: Work) -> list[RoleRow]:
    """What each role grants, the default roles first. Needs `users.manage`."""
    _admit(work)
    known = {role: place for place, role in enumerate(ROLES)}
    rows = [
        RoleRow(
            row.role,
            row.title,
            frozenset(row.granted),
            effective(set(row.granted)) & PERMISSIONS.keys(),
            row.members,
        )
        for row in work.session.execute(_TABLE, {"limit": MOST_ROLES})
    ]
    return sorted(rows, key=lambda row: (known.get(row.role, len(known)), row.role))


def tenants(work: Work, limit: int = MOST_TENANTS) -> list[TenantName]:
    """The tenants an account can belong to, by name. Needs `users.manage`."""
    _admit(work)
    rows = work.session.execute(_TENANTS, {"limit": max(1, min(limit, MOST_TENANTS))})
    return [TenantName(row.id, row.name) for row in rows]


def _admit(work: Work) -> None:
    work.require("users.manage")
    if work.standing.tenant_id is not None:
        raise NotAllowed("Accounts are managed by the platform, not by a tenant's users")


def _read(work: Work, wanted: dict[str, dict[str, Any]], limit: int) -> list[UserRow]:
    statement = sql(_USERS.format(conditions=" and ".join(wanted) or "true"))
    values = {name: value for part in wanted.values() for name, value in part.items()}
    rows = work.session.execute(statement, {**values, "limit": limit})
    return [UserRow(**{**row._mapping, "roles": tuple(row.roles)}) for row in rows]
