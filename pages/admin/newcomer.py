"""The dialog that makes an account; the password is read once and shown nowhere."""

from dataclasses import dataclass

import streamlit as st

from core.access import actions, queries
from core.access.proof import LONGEST_PASSWORD, SHORTEST_PASSWORD
from core.access.queries import TENANT_ROLE, RoleRow
from core.errors import BadInput
from core.office import office
from pages.admin import receipts
from pages.parts import viewer
from pages.parts.confirm import Step

PLATFORM = 0
LONGEST_NAME, LONGEST_EMAIL = 200, 320
NAME, EMAIL, PASSWORD, TENANT, ROLES = (
    f"new-user-{field}" for field in ("name", "email", "password", "tenant", "roles")
)
"""The keys of the fields; Streamlit forgets their values when the dialog closes."""


@dataclass(frozen=True)
class Choices:
    """What the form offers: tenants by id, and the roles there are."""

    tenants: dict[int, str]
    roles: tuple[RoleRow, ...]


def _preview(_subject: str) -> Choices:
    with office().work(viewer.current_actor()) as work:
        named = {tenant.id: tenant.name for tenant in queries.tenants(work)}
        return Choices(named, tuple(queries.permission_table(work)))


def _show(choices: Choices) -> None:
    """The form; before the sign-in is fresh only what it is for, as typing would be lost."""
    seen = viewer.current_viewer()
    if seen is None or seen.fresh_until is None or seen.fresh_until <= office().clock.now():
        st.html("<p>A new account signs in with its e-mail address and a first password.</p>")
        return
    st.text_input("Name", key=NAME, max_chars=LONGEST_NAME)
    st.text_input("E-mail", key=EMAIL, max_chars=LONGEST_EMAIL, autocomplete="off")
    st.text_input(
        "First password",
        key=PASSWORD,
        type="password",
        max_chars=LONGEST_PASSWORD,
        autocomplete="new-password",
        placeholder=f"At least {SHORTEST_PASSWORD} characters",
        help="Hand it over yourself; Saldo shows it to nobody",
    )
    tenant = st.selectbox(
        "Belongs to",
        (PLATFORM, *choices.tenants),
        key=TENANT,
        format_func=lambda number: choices.tenants.get(number, "The platform"),
        help="A tenant's user sees that tenant and nothing else",
    )
    titles = {
        row.role: row.title
        for row in choices.roles
        if row.role.startswith(TENANT_ROLE) == bool(tenant)
    }
    st.multiselect(
        "Roles",
        titles,
        key=f"{ROLES}-{'tenant' if tenant else 'platform'}",
        format_func=lambda role: titles.get(role, role),
        placeholder="None yet",
    )


def _create(_choices: Choices, reason: str, _key: str) -> str:
    """Make the account. The unique address makes it once; a key would keep a password's hash."""
    given = st.session_state
    tenant = given.get(TENANT) or None
    email = str(given.get(EMAIL, "")).strip()
    if not email.isascii() or not email.isprintable() or " " in email:
        raise BadInput("An e-mail address has plain letters, digits and signs, and no spaces")
    name = "".join(part for part in str(given.get(NAME, "")) if part.isprintable()).strip()
    if not name:
        raise BadInput("Give the person's name")
    roles = given.get(f"{ROLES}-{'tenant' if tenant else 'platform'}") or ()
    with office().work(viewer.current_actor()) as work:
        user = actions.create_user(
            work,
            email,
            name,
            str(given.get(PASSWORD, "")),
            tuple(roles),
            tenant_id=tenant,
            reason=reason,
        )
    st.query_params["user"] = str(user.id)
    return receipts.keep(f"{user.name} has an account", "access.user.created")


NEW_USER = Step("create", "New user", "Create the account", _preview, _show, _create)
