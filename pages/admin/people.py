"""The writes on one account: grant a role, revoke a role, reset one-time codes, disable."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from core.access import actions, queries
from core.access.permissions import PERMISSIONS, SAAS_ADMIN
from core.access.queries import RoleRow, UserRow
from core.errors import ChangedMeanwhile, NotFound, NotNow
from core.office import office
from core.work import Work
from pages.admin import receipts
from pages.parts import states, url, viewer
from pages.parts.confirm import Step


@dataclass(frozen=True)
class Change:
    """An account as it was seen, the role in question, and what the roles allow."""

    user: UserRow
    role: RoleRow | None
    table: tuple[RoleRow, ...]

    @property
    def title(self) -> str:
        """What the role is called."""
        return self.role.title if self.role else ""


def allowed(roles: tuple[str, ...], table: tuple[RoleRow, ...]) -> frozenset[str]:
    """What a set of roles allows together."""
    return frozenset(name for row in table if row.role in roles for name in row.allowed)


def words(names: frozenset[str]) -> list[str]:
    """What permissions allow, in words; one that only gathers others is left to those."""
    return [PERMISSIONS[name] for name in PERMISSIONS if name in names - {SAAS_ADMIN}]


def sentence(names: frozenset[str]) -> str:
    """The same as one sentence; words that begin with initials keep them."""
    told = [w if w[1:2].isupper() else w[:1].lower() + w[1:] for w in words(names)]
    joined = "; ".join(told)
    return joined[:1].upper() + joined[1:]


def _preview(subject: str) -> Change:
    """The account and role a dialog is about: `<user>` or `<user>:<role>`."""
    number, _, role = subject.partition(":")
    with office().work(viewer.current_actor()) as work:
        user = queries.user(work, url.whole(number))
        table = tuple(queries.permission_table(work))
    chosen = {row.role: row for row in table}.get(role)
    if role and chosen is None:
        raise NotFound("There is no such role")
    return Change(user, chosen, table)


def _who(change: Change) -> None:
    user = change.user
    tenant = f", {user.tenant_name}" if user.tenant_name else ""
    role = f"<p>Role: <b>{escape(change.title)}</b></p>" if change.role else ""
    st.html(
        f"<p><b>{escape(user.name)}</b><br>"
        f'<span class="muted">{escape(user.email)}{escape(tenant)}</span></p>{role}'
    )


def _show_grant(change: Change) -> None:
    _who(change)
    now = allowed(change.user.roles, change.table)
    gained = allowed((_role(change),), change.table) - now
    _list(f"As {change.title} this person can in addition", gained, "what other roles allow")


def _show_revoke(change: Change) -> None:
    _who(change)
    left = tuple(role for role in change.user.roles if role != _role(change))
    lost = allowed(change.user.roles, change.table) - allowed(left, change.table)
    _list(f"Without {change.title} this person can no longer", lost, "what no other role allows")
    seen = viewer.current_viewer()
    if seen and seen.user_id == change.user.id and "users.manage" in lost:
        states.notice(
            "warn", "This is your own account: afterwards you cannot open this page or undo it."
        )


def _show_disable(change: Change) -> None:
    _who(change)
    st.html("<p>All its sessions end at once. Its roles and history stay on record.</p>")


def _show_reset(change: Change) -> None:
    _who(change)
    st.html(
        "<p>For somebody whose phone is gone. Signing in then asks for the password alone, until "
        "they turn codes on again; all their sessions end at once. Make sure that it is they who "
        "ask.</p>"
    )


def _list(told: str, names: frozenset[str], otherwise: str) -> None:
    if names:
        lines = "".join(f"<li>{escape(item)}</li>" for item in words(names))
        st.html(f"<p>{escape(told)}:</p><ul>{lines}</ul>")
    else:
        st.html(f'<p class="muted">Nothing beyond {escape(otherwise)}.</p>')


def _grant(change: Change, reason: str, _key: str) -> str:
    def act(work: Work, now: UserRow) -> None:
        if _role(change) in now.roles:
            raise NotNow(f"{now.name} is {change.title} already")
        _unchanged(change, now)
        actions.grant_role(work, now.id, _role(change), reason=reason)

    told = f"{change.user.name} now has the role {change.title}"
    return _written(change, act, told, "access.role.granted")


def _revoke(change: Change, reason: str, _key: str) -> str:
    def act(work: Work, now: UserRow) -> None:
        _unchanged(change, now)
        actions.revoke_role(work, now.id, _role(change), reason=reason)

    told = f"{change.user.name} no longer has the role {change.title}"
    return _written(change, act, told, "access.role.revoked")


def _disable(change: Change, reason: str, _key: str) -> str:
    def act(work: Work, now: UserRow) -> None:
        if now.disabled_at:
            raise NotNow(f"The account of {now.name} is closed already")
        actions.disable_user(work, now.id, reason=reason)

    told = f"The account of {change.user.name} is closed"
    return _written(change, act, told, "access.user.disabled")


def _reset(change: Change, reason: str, _key: str) -> str:
    def act(work: Work, now: UserRow) -> None:
        actions.reset_totp(work, now.id, reason=reason)

    return _written(change, act, f"{change.user.name} signs in without a code", "access.totp.reset")


def _written(
    change: Change, act: Callable[[Work, UserRow], None], told: str, event_type: str
) -> str:
    """One write on the account as it is now, which stays still until the write is done."""
    with office().work(viewer.current_actor()) as work:
        act(work, queries.user(work, change.user.id, hold=True))
    return receipts.keep(told, event_type)


def _unchanged(change: Change, now: UserRow) -> None:
    if (now.roles, now.disabled_at) != (change.user.roles, change.user.disabled_at):
        raise ChangedMeanwhile


def _role(change: Change) -> str:
    if change.role is None:
        raise NotFound("There is no such role")
    return change.role.role


GRANT = Step("grant", "Grant a role", "Grant the role", _preview, _show_grant, _grant)
REVOKE = Step("revoke", "Revoke a role", "Revoke the role", _preview, _show_revoke, _revoke)
RESET = Step("reset-totp", "Reset one-time codes", "Reset", _preview, _show_reset, _reset)
DISABLE = Step("disable", "Disable an account", "Disable", _preview, _show_disable, _disable)
