"""One account: its facts, and a door for each role it has or could have."""

from html import escape

import streamlit as st

from core.access import queries
from core.access.permissions import PERMISSIONS
from core.access.queries import RoleRow, UserRow
from core.office import office
from core.settings import settings
from pages.admin import people
from pages.parts import confirm, formats, viewer
from pages.parts.head import section

WIDTHS = [2, 6, 1.3]


def draw(user_id: int) -> None:
    """One account: its facts, and a door for each role it has or could have."""
    with office().work(viewer.current_actor()) as work:
        user = queries.user(work, user_id)
        table = queries.permission_table(work)
    st.button("All users", icon=":material/arrow_back:", on_click=_leave)
    with st.container(border=True, key="panel-account"):
        section(user.name, user.email)
        st.html(f'<dl class="identity sums">{_facts(user)}</dl>')
        seen = viewer.current_viewer()
        if not user.disabled_at and not (seen and seen.user_id == user.id):
            with st.container(horizontal=True):
                confirm.door(people.DISABLE, str(user.id), "Disable the account…")
                if user.totp:
                    confirm.door(people.RESET, str(user.id), "Reset one-time codes…")
    with st.container(border=True, key="panel-roles", gap="small"):
        section("Roles", "a change holds from the person's next click")
        for row in table:
            if row.role in user.roles or user.may_have(row.role):
                _role(user, row)


def _facts(user: UserRow) -> str:
    zone = settings().billing_timezone
    closed = formats.instant(user.disabled_at, zone) if user.disabled_at else ""
    facts = {
        "Account": f"Disabled {closed}" if closed else "Open",
        "Belongs to": user.tenant_name or "The platform",
        "One-time code": "On" if user.totp else "Off",
        "Last seen": last_seen(user),
        "Created": formats.instant(user.created_at, zone),
    }
    return "".join(
        f'<div class="term"><dt>{title}</dt><dd>{escape(words)}</dd></div>'
        for title, words in facts.items()
    )


def _role(user: UserRow, row: RoleRow) -> None:
    held = row.role in user.roles
    title, allows, door = st.columns(WIDTHS, vertical_alignment="center")
    everything = row.allowed == PERMISSIONS.keys()
    words = "Everything there is" if everything else people.sentence(row.allowed)
    mark = '<span class="good">✓</span> ' if held else ""
    title.html(f"{mark}<b>{escape(row.title)}</b>")
    allows.html(f'<small class="muted">{escape(words or "Opens nothing yet")}</small>')
    with door.container(horizontal=True, horizontal_alignment="right"):
        step = people.REVOKE if held else people.GRANT
        confirm.door(step, f"{user.id}:{row.role}", "Revoke…" if held else "Grant…")


def last_seen(user: UserRow) -> str:
    """When an account was last used."""
    zone = settings().billing_timezone
    return formats.instant(user.last_seen_at, zone) if user.last_seen_at else "Never"


def _leave() -> None:
    st.query_params.pop("user", None)
