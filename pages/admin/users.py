"""Users and roles: who has an account, what they may do, and the permission table (ACC)."""

import streamlit as st

from core.access import queries
from core.access.queries import UserRow
from core.office import office
from core.settings import settings
from pages.admin import account, people, receipts, rights
from pages.admin.newcomer import NEW_USER
from pages.parts import confirm, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column

VIEWS = ("Users", "Permissions")
TITLES = ("Name", "E-mail", "Roles", "Tenant", "One-time code", "Last seen", "Account")
STEPS = (
    people.GRANT,
    people.REVOKE,
    people.RESET,
    people.DISABLE,
    NEW_USER,
    rights.ADD,
    rights.REMOVE,
)


def main() -> None:
    """The heading, the last receipt, and the list, one account or the permission table."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page("Users and roles", "who can sign in, and what they may do")
        confirm.door(NEW_USER, "account", "New user…")
    receipts.show()
    if chosen := url.read("user", _positive, None):
        account.draw(chosen)
    else:
        moved = url.follow("view", url.one_of(VIEWS), "Users")
        st.segmented_control(
            "View", VIEWS, key="view", on_change=moved, required=True, label_visibility="collapsed"
        )
        if st.session_state["view"] == "Permissions":
            rights.draw()
        else:
            _list()
    confirm.draw(*STEPS)


def _positive(given: str) -> int:
    if not url.whole(given):
        raise ValueError(given)
    return url.whole(given)


def _list() -> None:
    """The accounts that fit the filters of the address."""
    size = settings().table_page_rows
    with office().work(viewer.current_actor()) as work:
        titles = {row.role: row.title for row in queries.permission_table(work)}
        text, role = _filters(titles)
        found = queries.users(work, text, role, size + 1)
    if not found:
        states.empty("No account fits", "Look for another name or clear the role.")
        return
    kept = {name: value for name, value in (("text", text), ("role", role)) if value}
    with st.container(border=True, key="panel-users"):
        columns = [Column(title, words=True) for title in TITLES]
        rows = [_row(user, titles, kept) for user in found[:size]]
        tables.html(columns, rows, label="Users", folds=True)
        if len(found) > size:
            st.caption(f"The first {size} by name; look for a name to see others.")


def _filters(titles: dict[str, str]) -> tuple[str | None, str | None]:
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.follow("text", str, "")
        text = st.text_input("Name, e-mail or tenant", key="text", on_change=moved, width=280)
        moved = url.follow("role", url.one_of(tuple(titles)), "")
        role = st.selectbox(
            "Role",
            ("", *titles),
            key="role",
            on_change=moved,
            width=220,
            format_func=lambda name: titles.get(name, "Any role"),
        )
    return text or None, role or None


def _row(user: UserRow, titles: dict[str, str], kept: dict[str, str]) -> list[Cell]:
    roles = ", ".join(titles.get(role, role) for role in user.roles)
    return [
        Cell(user.name, opens=tables.link("users", {**kept, "user": str(user.id)})),
        Cell(user.email),
        Cell(roles or "None", tone="" if roles else "muted"),
        Cell(user.tenant_name or "–"),
        Cell("On" if user.totp else "Off", tone="good" if user.totp else "muted"),
        Cell(account.last_seen(user)),
        Cell("Disabled", tone="bad") if user.disabled_at else Cell("Open"),
    ]


main()
