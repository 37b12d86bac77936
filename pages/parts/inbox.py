"""The inbox: how many messages are unread, the list of them, and one of them."""

from html import escape

import streamlit as st

from core.access.sessions import Viewer
from core.errors import SaldoError
from core.notifications import own, queries
from core.notifications.queries import InboxRow
from core.office import office
from core.settings import settings
from pages.parts import formats, head, states, tables, viewer
from pages.parts.tables import Cell, Column

EVERY_SECONDS = 20
"""How often an open page asks whether something came in."""
COLUMNS = (Column("When", words=True), Column("Message", words=True))


def badge(seen: Viewer) -> None:
    """The count of unread messages in the sidebar, for an organisation's own people.

    Called after the page, which may have marked some as read.
    """
    if seen.tenant_id is not None and seen.may("org.billing.read"):
        with st.sidebar:
            _badge()


@st.fragment(run_every=EVERY_SECONDS)
def _badge() -> None:
    try:
        with office().work(viewer.current_actor()) as work:
            unread = queries.unread(work)
    except SaldoError:
        return
    if unread:
        words = "1 unread message" if unread == 1 else f"{formats.number(unread)} unread messages"
        door = '<a href="/inbox" target="_self" style="color: inherit">'
        st.html(f'<p class="muted">{door}{escape(words)}</a></p>')


def mark_all() -> None:
    """Mark everything as read; for a button."""
    with office().work(viewer.current_actor()) as work:
        own.mark_read(work)


def draw_list(rows: list[InboxRow]) -> None:
    """Messages as a table, the unread ones strong."""
    tables.html(COLUMNS, [_row(row) for row in rows], label="Messages")


def draw_one(number: int) -> None:
    """One message; whoever opens it has read it."""
    actor = viewer.current_actor()
    with office().work(actor) as work:
        found = queries.inbox(work, only=number).rows
    if not found:
        states.empty("There is no such message", "It is not in your inbox.")
        return
    (message,) = found
    if message.read_at is None:
        with office().work(actor) as work:
            own.mark_read(work, (number,))
    with st.container(border=True, key="panel-message"):
        head.section(message.title, _when(message))
        st.html("".join(f"<p>{escape(part)}</p>" for part in message.body.split("\n\n")))
        if message.details:
            st.html(_terms(message.details))
        if message.invoice_id is not None:
            door = f"/sys/invoices/{message.invoice_id}/pdf"
            st.html(f'<a class="action" href="{door}" target="_blank">Invoice as PDF</a>')


def _row(message: InboxRow) -> list[Cell]:
    tone = "" if message.read_at else "strong"
    door = tables.link("inbox", {"message": str(message.id)})
    return [Cell(_when(message), tone="muted"), Cell(message.title, opens=door, tone=tone)]


def _when(message: InboxRow) -> str:
    return formats.instant(message.created_at, settings().billing_timezone)


def _terms(details: list[tuple[str, str]]) -> str:
    cells = "".join(
        f'<div class="term"><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>'
        for label, value in details
    )
    return f'<dl class="identity sums">{cells}</dl>'
