"""Writes on users, roles and permissions; each needs `users.manage` and a fresh sign-in."""

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.access.models import Role, RolePermission, User, UserRole
from core.access.permissions import PERMISSIONS
from core.access.proof import hashed
from core.access.sessions import revoke_all
from core.actions import action
from core.errors import BadInput, NotAllowed, NotFound, NotNow
from core.tenants.models import Tenant
from core.work import Work

SUPER_ADMIN = "super_admin"


@action("access.user.created", needs="users.manage", fresh=True, system=True)
def create_user(
    work: Work,
    email: str,
    name: str,
    password: str,
    roles: tuple[str, ...],
    *,
    tenant_id: int | None = None,
    reason: str,
    key: str | None = None,
) -> User:
    """A new local account. Raises BadInput on an address that is taken or a short password."""
    email = email.strip().lower()
    if "@" not in email or not email.isascii():
        raise BadInput(f"{email!r} is not an e-mail address of plain letters, digits and signs")
    if tenant_id is not None and work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    if work.session.query(User).filter_by(email=email).first():
        raise BadInput(f"{email} already has an account")
    user = User(
        email=email,
        name=name.strip() or email,
        password_hash=hashed(password),
        tenant_id=tenant_id,
        created_at=work.now,
    )
    work.session.add(user)
    work.session.flush()
    for role in roles:
        _give(work, user, role)
    work.tell(tenant_id=tenant_id, user_id=user.id, roles=list(roles))
    return user


@action("access.user.disabled", needs="users.manage", fresh=True)
def disable_user(work: Work, user_id: int, *, reason: str) -> User:
    """Close an account; all its sessions end at once."""
    user = _user(work, user_id)
    if user.id == work.actor.user_id:
        raise NotNow("Nobody closes their own account")
    if user.disabled_at is not None:
        raise NotNow(f"{user.email} is closed already")
    keep_a_super_admin(work, user)
    user.disabled_at = work.now
    revoke_all(work.session, user.id, work.now)
    work.tell(user_id=user.id)
    return user


@action("access.role.granted", needs="users.manage", fresh=True)
def grant_role(work: Work, user_id: int, role: str, *, reason: str) -> User:
    """Give a user a role; tenants' users get only tenant roles."""
    user = _user(work, user_id)
    if not _give(work, user, role):
        raise NotNow(f"{user.email} has the role {role} already")
    work.tell(tenant_id=user.tenant_id, user_id=user.id, role=role)
    return user


@action("access.role.revoked", needs="users.manage", fresh=True)
def revoke_role(work: Work, user_id: int, role: str, *, reason: str) -> User:
    """Take a role away; it bites at the user's next action, in open sessions too."""
    user = _user(work, user_id)
    if role == SUPER_ADMIN:
        keep_a_super_admin(work, user)
    gone = work.session.execute(
        delete(UserRole)
        .where(UserRole.user_id == user.id, UserRole.role == role)
        .returning(UserRole.role)
    ).all()
    if not gone:
        raise NotFound(f"{user.email} does not have the role {role}")
    work.tell(tenant_id=user.tenant_id, user_id=user.id, role=role)
    return user


@action("access.permission.granted", needs="users.manage", fresh=True)
def grant_permission(work: Work, role: str, permission: str, *, reason: str) -> None:
    """Add a row to the permission table; only a super admin edits it."""
    _edit_table(work, role, permission)
    added = work.session.execute(
        insert(RolePermission)
        .values(role=role, permission=permission)
        .on_conflict_do_nothing()
        .returning(RolePermission.role)
    ).all()
    if not added:
        raise NotNow(f"{role} has {permission} already")


@action("access.permission.revoked", needs="users.manage", fresh=True)
def revoke_permission(work: Work, role: str, permission: str, *, reason: str) -> None:
    """Take a row out of the permission table; super_admin keeps all of its own."""
    if role == SUPER_ADMIN:
        raise NotNow("super_admin keeps every permission, so that nobody is locked out")
    _edit_table(work, role, permission)
    gone = work.session.execute(
        delete(RolePermission)
        .where(RolePermission.role == role, RolePermission.permission == permission)
        .returning(RolePermission.role)
    ).all()
    if not gone:
        raise NotFound(f"{role} does not have {permission}")


@action("access.totp.reset", needs="users.manage", fresh=True)
def reset_totp(work: Work, user_id: int, *, reason: str) -> User:
    """Switch off the one-time codes of somebody whose phone is gone; all their sessions end.

    Raises NotNow for one's own, which one's own page does, and where none are asked for.
    """
    user = _user(work, user_id)
    if user.id == work.actor.user_id:
        raise NotNow("Your own one-time codes are turned off on the page of your sign-in")
    if user.totp_sealed is None:
        raise NotNow(f"{user.email} signs in without one-time codes")
    if SUPER_ADMIN in _roles(work, user) and SUPER_ADMIN not in work.standing.roles:
        raise NotAllowed("Only a super admin resets the codes of another one")
    user.totp_sealed = None
    revoke_all(work.session, user.id, work.now)
    work.tell(tenant_id=user.tenant_id, user_id=user.id)
    return user


def _user(work: Work, user_id: int) -> User:
    user = work.session.get(User, user_id)
    if user is None:
        raise NotFound(f"There is no user {user_id}")
    return user


def _roles(work: Work, user: User) -> list[str]:
    return list(work.session.scalars(select(UserRole.role).where(UserRole.user_id == user.id)))


def _give(work: Work, user: User, role: str) -> bool:
    """Give the role; False when the user has it already."""
    if work.session.get(Role, role) is None:
        raise NotFound(f"There is no role {role}")
    if (user.tenant_id is not None) != role.startswith("org_"):
        raise BadInput(
            f"{role} does not fit: org_ roles are for tenants' users, others for the platform's"
        )
    by_person = work.actor.kind == "user"
    if role == SUPER_ADMIN and by_person and SUPER_ADMIN not in work.standing.roles:
        raise NotAllowed("Only a super admin makes another one")
    given = insert(UserRole).values(user_id=user.id, role=role).on_conflict_do_nothing()
    return bool(work.session.execute(given.returning(UserRole.role)).all())


def keep_a_super_admin(work: Work, user: User) -> None:
    """Refuse to take the last super admin who can still sign in; two at once wait here."""
    others = work.session.scalars(
        select(UserRole.user_id)
        .join(User, User.id == UserRole.user_id)
        .where(UserRole.role == SUPER_ADMIN, User.disabled_at.is_(None))
        .with_for_update(of=UserRole)
    ).all()
    if set(others) == {user.id}:
        raise NotNow(f"{user.email} is the last super admin; name another one first")


def _edit_table(work: Work, role: str, permission: str) -> None:
    if SUPER_ADMIN not in work.standing.roles:
        raise NotAllowed("Only a super admin edits the permission table")
    if work.session.get(Role, role) is None:
        raise NotFound(f"There is no role {role}")
    if permission not in PERMISSIONS:
        raise NotFound(f"There is no permission {permission}")
    work.tell(role=role, permission=permission)
