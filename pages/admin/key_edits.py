"""The writes on API keys: make one, whose token is shown once, and revoke one."""

from dataclasses import dataclass
from datetime import timedelta
from html import escape

import streamlit as st

from core.access.keys import LONGEST_NAME, KeyRow, NewKey, create_key, key_of, revoke_key
from core.access.permissions import PERMISSIONS, PLATFORM_SIDE, TENANT_SIDE
from core.access.queries import tenants
from core.errors import NotFound
from core.office import office
from pages.admin import receipts
from pages.parts import url, viewer
from pages.parts.confirm import Step, is_fresh

NAME, TENANT, MAY, DAYS = (f"new-key-{field}" for field in ("name", "tenant", "may", "days"))
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""
MADE = "key-made"
PLATFORM = 0
MOST_DAYS = 3_650


@dataclass(frozen=True)
class Choices:
    """The tenants a key can belong to, by id."""

    tenants: dict[int, str]


def kept_token() -> NewKey | None:
    """The key that was just made, until its reader has put the token away."""
    held: NewKey | None = st.session_state.get(MADE)
    return held


def put_away() -> None:
    """Forget the token that was shown."""
    st.session_state.pop(MADE, None)


def _preview(_subject: str) -> Choices:
    with office().work(viewer.current_actor()) as work:
        return Choices({tenant.id: tenant.name for tenant in tenants(work)})


def _show(choices: Choices) -> None:
    """The form; before the sign-in is fresh only what it is for, as typing would be lost."""
    if not is_fresh():
        st.html("<p>A program sends its key with each request. The token is shown once.</p>")
        return
    st.text_input("What it is for", key=NAME, max_chars=LONGEST_NAME, placeholder="Web shop")
    tenant = st.selectbox(
        "Belongs to",
        (PLATFORM, *choices.tenants),
        key=TENANT,
        format_func=lambda number: choices.tenants.get(number, "The platform"),
        help="A tenant's key reaches that tenant and nothing else",
    )
    seen = viewer.current_viewer()
    offered = TENANT_SIDE if tenant else PLATFORM_SIDE
    st.multiselect(
        "May",
        [name for name in offered if tenant or (seen and seen.may(name))],
        key=_may(tenant),
        format_func=lambda name: f"{name}: {PERMISSIONS[name]}",
        placeholder="Choose what it needs and no more",
    )
    st.number_input(
        "Valid for days", 1, MOST_DAYS, None, step=1, key=DAYS, placeholder="Until it is revoked"
    )


def _create(_choices: Choices, reason: str, _key: str) -> str:
    given = st.session_state
    tenant, days = given.get(TENANT) or None, given.get(DAYS)
    with office().work(viewer.current_actor()) as work:
        made = create_key(
            work,
            str(given.get(NAME) or ""),
            tuple(given.get(_may(tenant)) or ()),
            tenant_id=tenant,
            expires_at=work.now + timedelta(days=int(days)) if days else None,
            reason=reason,
        )
    st.session_state[MADE] = made
    return receipts.keep(f"The API key {made.name} is made", "access.api_key.created")


def _may(tenant: int | None) -> str:
    return f"{MAY}-{'tenant' if tenant else 'platform'}"


def _key(subject: str) -> KeyRow:
    if not url.whole(subject):
        raise NotFound("There is no such API key")
    with office().work(viewer.current_actor()) as work:
        return key_of(work, url.whole(subject))


def _show_revoke(row: KeyRow) -> None:
    st.html(
        f"<p><b>{escape(row.name)}</b> of {escape(row.tenant_name or 'the platform')}, "
        f"{escape(row.prefix)}…</p><p>Its next request is refused. This cannot be undone.</p>"
    )


def _revoke(row: KeyRow, reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        revoke_key(work, row.id, reason=reason)
    return receipts.keep(f"The API key {row.name} is revoked", "access.api_key.revoked")


CREATE = Step("new-key", "New API key", "Make the key", _preview, _show, _create)
REVOKE = Step("revoke-key", "Revoke an API key", "Revoke it", _key, _show_revoke, _revoke)
