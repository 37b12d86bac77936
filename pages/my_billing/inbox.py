"""The own inbox: what Saldo told this person about their organisation's account (NTF)."""

import streamlit as st

from core.errors import NotAllowed
from core.notifications import queries
from core.office import office
from core.settings import settings
from pages.parts import formats, head, inbox, states, tables, url, viewer


def main() -> None:
    """One message when the address names it, the list otherwise."""
    seen = viewer.current_viewer()
    if seen is None or seen.tenant_id is None:
        raise NotAllowed("Only an organisation's own users have an inbox here")
    head.page("Inbox", "messages about your organisation's account")
    chosen = url.read("message", url.positive, None)
    if chosen:
        st.button("All messages", icon=":material/arrow_back:", on_click=_leave)
        inbox.draw_one(chosen)
    else:
        _list()


def _leave() -> None:
    st.query_params.pop("message", None)


def _list() -> None:
    size = settings().table_page_rows
    page = url.read("page", url.positive, 1)
    with office().work(viewer.current_actor()) as work:
        found = queries.inbox(work, limit=size, offset=(page - 1) * size)
    if not found.count:
        states.empty("Nothing here yet", "Renewals, invoices and payments are told of here.")
        return
    with st.container(border=True, key="panel-inbox"):
        with st.container(
            horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
        ):
            count = formats.number(found.unread)
            head.section("Messages", f"newest first, {count} unread")
            if found.unread:
                st.button("Mark all as read", key="read-all", on_click=inbox.mark_all)
        inbox.draw_list(found.rows)
        tables.pager(found.count, page)


main()
