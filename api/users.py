"""`/sys/users` and `/sys/roles`: accounts, their roles and the permission table (ACC.1)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import Field, SecretStr, StringConstraints

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    NO_NUL,
    Answer,
    Body,
    Limit,
    Name,
    Reason,
    RecordId,
    SomeId,
    Text,
    example,
)
from core.access import actions, queries
from core.access.proof import LONGEST_PASSWORD

MOST_ROLES = 20
OneName = Annotated[str, Path(min_length=1, max_length=60, pattern=NO_NUL)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=LONGEST_PASSWORD)]
Email = Annotated[str, StringConstraints(min_length=3, max_length=320, pattern=NO_NUL)]
ByName = Annotated[Text | None, Query(description="Part of a name, an e-mail or a tenant.")]


class NewUserBody(Body):
    """A local account; a tenant's has `org_` roles, the platform's the others."""

    model_config = example(
        {
            "email": "eva@example.com",
            "name": "Eva Lind",
            "password": "a long first password",
            "roles": ["billing"],
            "reason": A_REASON,
        }
    )

    email: Email
    name: Name
    password: Password
    roles: Annotated[list[Name], Field(max_length=MOST_ROLES, default_factory=list)]
    tenant_id: SomeId | None = None
    reason: Reason


class WhyBody(Body):
    """Why it is done."""

    model_config = example({"reason": A_REASON})

    reason: Reason


class RoleBody(WhyBody):
    """The role to grant."""

    model_config = example({"role": "sys_finance", "reason": A_REASON})

    role: Name


class PermissionBody(WhyBody):
    """The permission to add to a role."""

    model_config = example({"permission": "analytics.sql", "reason": A_REASON})

    permission: Name


class UserAnswer(Answer):
    """An account; `totp` says whether it signs in with one-time codes as well."""

    id: int
    name: str
    email: str
    tenant_id: int | None
    tenant_name: str | None
    roles: list[str]
    totp: bool
    last_seen_at: datetime | None
    created_at: datetime
    disabled_at: datetime | None


class UsersAnswer(Answer):
    """Accounts by name, `limit` at most; `more` says that others fit too."""

    more: bool
    rows: list[UserAnswer]


class RoleAnswer(Answer):
    """A role: what it grants by itself, all that allows, and how many open accounts have it."""

    role: str
    title: str
    granted: list[str]
    allowed: list[str]
    members: int


class RolesAnswer(Answer):
    """The permission table, the default roles first."""

    count: int
    rows: list[RoleAnswer]


router = APIRouter(prefix="/sys/users", tags=["Users"])
role_router = APIRouter(prefix="/sys/roles", tags=["Users"])


@router.get("", summary="List accounts", responses=refusals())
def list_users(
    at: TheOffice, actor: Caller, search: ByName = None, role: Text | None = None,
    limit: Limit = 100,
) -> UsersAnswer:  # fmt: skip
    """Needs `users.manage`."""
    with at.work(actor) as work:
        found = queries.users(work, search, role, limit + 1)
    rows = [UserAnswer.model_validate(row) for row in found[:limit]]
    return UsersAnswer(more=len(found) > limit, rows=rows)


@router.get("/{user_id}", summary="One account", responses=refusals(404))
def one_user(at: TheOffice, actor: Caller, user_id: RecordId) -> UserAnswer:
    """Needs `users.manage`."""
    with at.work(actor) as work:
        return UserAnswer.model_validate(queries.user(work, user_id))


@router.post("", status_code=201, summary="Open an account", responses=refusals(400, 404, 409))
def create_user(at: TheOffice, actor: Caller, body: NewUserBody, key: Key = None) -> UserAnswer:
    """Needs `users.manage`, a fresh sign-in and a reason; the password is shown nowhere."""
    with at.work(actor) as work:
        made = actions.create_user(
            work,
            body.email,
            body.name,
            body.password.get_secret_value(),
            tuple(body.roles),
            tenant_id=body.tenant_id,
            reason=body.reason,
            key=key,
        )
        return UserAnswer.model_validate(queries.user(work, made.id))


@router.post("/{user_id}/disable", summary="Close an account", responses=refusals(400, 404, 409))
def disable_user(at: TheOffice, actor: Caller, user_id: RecordId, body: WhyBody) -> UserAnswer:
    """Its sessions end at once. Needs `users.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.disable_user(work, user_id, reason=body.reason)
        work.session.flush()
        return UserAnswer.model_validate(queries.user(work, user_id))


@router.post(
    "/{user_id}/totp/reset", summary="Reset one-time codes", responses=refusals(400, 404, 409)
)
def reset_totp(at: TheOffice, actor: Caller, user_id: RecordId, body: WhyBody) -> UserAnswer:
    """For a phone that is gone; the sessions end. Needs what closing an account needs."""
    with at.work(actor) as work:
        actions.reset_totp(work, user_id, reason=body.reason)
        work.session.flush()
        return UserAnswer.model_validate(queries.user(work, user_id))


@router.post("/{user_id}/roles", summary="Grant a role", responses=refusals(400, 404, 409))
def grant_role(at: TheOffice, actor: Caller, user_id: RecordId, body: RoleBody) -> UserAnswer:
    """Needs `users.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.grant_role(work, user_id, body.role, reason=body.reason)
        return UserAnswer.model_validate(queries.user(work, user_id))


@router.post(
    "/{user_id}/roles/{role}/revoke", summary="Revoke a role", responses=refusals(400, 404, 409)
)
def revoke_role(
    at: TheOffice, actor: Caller, user_id: RecordId, role: OneName, body: WhyBody
) -> UserAnswer:
    """It bites at the person's next action. Needs `users.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.revoke_role(work, user_id, role, reason=body.reason)
        return UserAnswer.model_validate(queries.user(work, user_id))


@role_router.get("", summary="The permission table", responses=refusals())
def roles(at: TheOffice, actor: Caller) -> RolesAnswer:
    """What each role grants. Needs `users.manage`."""
    with at.work(actor) as work:
        rows = [_role(row) for row in queries.permission_table(work)]
    return RolesAnswer(count=len(rows), rows=rows)


@role_router.post(
    "/{role}/permissions", summary="Add a permission to a role", responses=refusals(400, 404, 409)
)
def grant_permission(
    at: TheOffice, actor: Caller, role: OneName, body: PermissionBody
) -> RoleAnswer:
    """For super admins. Needs `users.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.grant_permission(work, role, body.permission, reason=body.reason)
        return _one_role(queries.permission_table(work), role)


@role_router.post(
    "/{role}/permissions/{permission}/revoke",
    summary="Take a permission from a role",
    responses=refusals(400, 404, 409),
)
def revoke_permission(
    at: TheOffice, actor: Caller, role: OneName, permission: OneName, body: WhyBody
) -> RoleAnswer:
    """For super admins; `super_admin` keeps all of its own. Needs what adding one needs."""
    with at.work(actor) as work:
        actions.revoke_permission(work, role, permission, reason=body.reason)
        return _one_role(queries.permission_table(work), role)


def _one_role(table: list[queries.RoleRow], name: str) -> RoleAnswer:
    return _role(next(row for row in table if row.role == name))


def _role(row: queries.RoleRow) -> RoleAnswer:
    return RoleAnswer(
        role=row.role,
        title=row.title,
        granted=sorted(row.granted),
        allowed=sorted(row.allowed),
        members=row.members,
    )
