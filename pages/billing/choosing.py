"""The choice of a tenant, which the address holds."""

import streamlit as st

from core.office import office
from core.subscriptions.detail import tenant_names
from pages.admin import receipts
from pages.parts import states, url, viewer


def tenant() -> int | None:
    """The tenant that is chosen; None when there is none, which the page then says."""
    with office().work(viewer.current_actor()) as work:
        names = tenant_names(work)
    if not names:
        states.empty(
            "There is no tenant yet",
            "They are made under “Tenants”, and a company is brought in under “Import data”.",
        )
        return None
    followed = url.follow("tenant", url.positive, None)

    def moved() -> None:
        st.session_state.pop(receipts.LEFT, None)
        followed()

    if st.session_state["tenant"] not in names:
        st.session_state["tenant"] = None
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Tenant",
            list(names),
            index=None,
            key="tenant",
            on_change=moved,
            format_func=names.__getitem__,
            placeholder="Choose a tenant",
            width=320,
        )
    if chosen is None:
        states.empty("No tenant is chosen", "Choose one by its name above.")
        return None
    return int(chosen)
