"""The permission table: which role grants what; a super admin adds and takes away."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.access import actions, queries
from core.access.permissions import INCLUDED, PERMISSIONS
from core.access.queries import RoleRow
from core.errors import ChangedMeanwhile, NotFound, NotNow
from core.office import office
from pages.admin import receipts
from pages.parts import formats, tables, viewer
from pages.parts.confirm import DO, Step
from pages.parts.head import section

KEEPER = "super_admin"
LEGEND = "✓ granted, (✓) included in another permission, – not granted"
STYLE = """<style>
.table.rights th, .table.rights td { text-align: center; padding-inline: .25rem; }
.table.rights th { min-width: 3.5rem; }
.table.rights .words { text-align: left; white-space: normal; min-width: 15rem; }
.table.rights td.words span { font-weight: 400; }
.table.rights td.words b { display: block; font-weight: 550; }
.table.rights td a { display: block; padding: .25rem; }
.table.rights .held { color: var(--accent); font-weight: 700; }
.table.rights .none { color: var(--faint); }
</style>"""


@dataclass(frozen=True)
class Right:
    """A cell of the table: a role as it was seen, and one permission."""

    row: RoleRow
    permission: str


def draw() -> None:
    """The matrix of permissions and roles; its marks are doors for a super admin."""
    seen = viewer.current_viewer()
    edits = seen is not None and KEEPER in seen.roles
    with office().work(viewer.current_actor()) as work:
        table = queries.permission_table(work)
    told = "Choose a mark to change it." if edits else "Only a super admin changes it."
    with st.container(border=True, key="panel-rights"):
        section("What each role may do", f"{LEGEND}. {told}")
        titles = "".join(
            f'<th scope="col" title="{escape(row.role)}">{escape(row.title)}</th>' for row in table
        )
        lines = "".join(_line(name, table, edits) for name in PERMISSIONS)
        members = "".join(f"<td>{formats.number(row.members)}</td>" for row in table)
        st.html(
            f'{STYLE}<div class="table rights" tabindex="0" role="region" '
            f'aria-label="Permission table"><table><thead><tr>'
            f'<th scope="col" class="words">Permission</th>{titles}</tr></thead>'
            f"<tbody>{lines}</tbody>"
            f'<tfoot><tr><td class="words">Open accounts</td>{members}</tr></tfoot></table></div>'
        )


def _line(permission: str, table: list[RoleRow], edits: bool) -> str:
    cells = "".join(f"<td>{_mark(row, permission, edits)}</td>" for row in table)
    return (
        f'<tr><td class="words"><b>{escape(permission)}</b>'
        f'<span class="muted">{escape(PERMISSIONS[permission])}</span></td>{cells}</tr>'
    )


def _mark(row: RoleRow, permission: str, edits: bool) -> str:
    held = permission in row.granted
    sign = "✓" if held else "(✓)" if permission in row.allowed else "–"
    span = f'<span class="{"none" if sign == "–" else "held"}">{sign}</span>'
    if not edits or (held and row.role == KEEPER):
        return span
    step = REMOVE if held else ADD
    verb, side = ("Take", "from") if held else ("Add", "to")
    label = f"{verb} {permission} {side} {row.title}"
    door = tables.link("users", {"view": "Permissions", DO: f"{step.name}:{row.role}:{permission}"})
    return (
        f'<a href="{escape(door)}" target="_self" aria-label="{escape(label)}" '
        f'title="{escape(label)}">{span}</a>'
    )


def _preview(subject: str) -> Right:
    """The cell a dialog is about: `<role>:<permission>`."""
    role, _, permission = subject.partition(":")
    if permission not in PERMISSIONS:
        raise NotFound("There is no such permission")
    return Right(_row(role), permission)


def _row(role: str) -> RoleRow:
    with office().work(viewer.current_actor()) as work:
        found = next((row for row in queries.permission_table(work) if row.role == role), None)
    if found is None:
        raise NotFound("There is no such role")
    return found


def _show(right: Right) -> None:
    inner = INCLUDED.get(right.permission, ())
    whole = f"<br>It includes {escape(', '.join(inner))}." if inner else ""
    people = right.row.members
    count = "1 open account has" if people == 1 else f"{formats.number(people)} open accounts have"
    st.html(
        f"<p><b>{escape(right.permission)}</b><br>{escape(PERMISSIONS[right.permission])}{whole}"
        f'</p><p>Role: <b>{escape(right.row.title)}</b>. <span class="muted">{count} it; the '
        "change holds from their next click.</span></p>"
    )


def _add(right: Right, reason: str, _key: str) -> str:
    _still(right, held=False)
    with office().work(viewer.current_actor()) as work:
        actions.grant_permission(work, right.row.role, right.permission, reason=reason)
    words = f"{right.row.title} now has {right.permission}"
    return receipts.keep(words, "access.permission.granted")


def _remove(right: Right, reason: str, _key: str) -> str:
    _still(right, held=True)
    with office().work(viewer.current_actor()) as work:
        actions.revoke_permission(work, right.row.role, right.permission, reason=reason)
    words = f"{right.row.title} no longer has {right.permission}"
    return receipts.keep(words, "access.permission.revoked")


def _still(right: Right, *, held: bool) -> None:
    """Refuse a change that is done already, or a role that looks different by now."""
    now = _row(right.row.role)
    if (right.permission in now.granted) != held:
        raise NotNow(f"{now.title} {'does not have' if held else 'has'} {right.permission} already")
    if now.granted != right.row.granted:
        raise ChangedMeanwhile


ADD = Step("permit", "Add a permission", "Add it", _preview, _show, _add)
REMOVE = Step("forbid", "Take a permission away", "Take it away", _preview, _show, _remove)
