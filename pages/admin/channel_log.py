"""What became of messages: what failed or is unclear waits here for a person (NTF)."""

import streamlit as st

from core.access.authority import Actor
from core.notifications import queries
from core.notifications.queries import DeliveryRow
from core.office import office
from core.settings import settings
from pages.admin.channel_edits import AGAIN
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.channels import TITLES
from pages.parts.tables import Cell, Column

DELIVERIES = ("No.", "When", "Tenant", "Event", "Channel", "To", "Problem")
STUCK = {"failed": "Failed", "unknown": "Unclear", "pending": "Waiting", "sent": "Arrived"}
MOST_DOORS = 10
"""Deliveries of a page that have a button; the others follow when these are done."""


def draw(actor: Actor, tenant: int | None) -> None:
    """Deliveries of a status, and the doors to send what did not arrive again."""
    size, page = settings().table_page_rows, url.read("page", url.positive, 1)
    with st.container(border=True, key="panel-deliveries"):
        head.section("Deliveries", "failed and unclear ones wait for a person")
        moved = url.restart(url.follow("status", url.one_of(tuple(STUCK)), "failed"), "page")
        status = st.segmented_control(
            "Status",
            list(STUCK),
            key="status",
            on_change=moved,
            required=True,
            format_func=STUCK.__getitem__,
            label_visibility="collapsed",
        )
        with office().work(actor) as work:
            found = queries.deliveries(
                work, tenant_id=tenant, status=status, limit=size, offset=(page - 1) * size
            )
        if not found.count:
            states.notice("good", "There are none.")
            return
        columns = [Column(title, words=True) for title in DELIVERIES]
        tables.html(columns, [_delivery(row) for row in found.rows], label="Deliveries")
        tables.pager(found.count, page)
        if status in ("failed", "unknown") and viewer.may("billing.write"):
            with st.container(horizontal=True):
                for row in found.rows[:MOST_DOORS]:
                    confirm.door(AGAIN, str(row.id), f"Send {row.id} again…")


def _delivery(row: DeliveryRow) -> list[Cell]:
    return [
        Cell(str(row.id)),
        Cell(formats.instant(row.created_at, settings().billing_timezone)),
        Cell(row.tenant_name),
        Cell(row.event_type),
        Cell(TITLES[row.channel]),
        Cell(row.recipient),
        Cell(row.problem or "–", tone="bad" if row.problem else "muted"),
    ]
