"""The receipt of a write by an administrator: what was done, and the audit event it left."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.audit import queries
from core.audit.queries import AuditRow
from core.errors import SaldoError
from core.office import office
from core.settings import settings
from pages.parts import formats, tables, viewer

LEFT = "admin-receipt"
PLACE = ("view", "user", "plan", "job", "wallet", "tenant", "event")
"""Besides the page, the parts of the address a receipt belongs to; it goes when they change."""


@dataclass(frozen=True)
class Receipt:
    """What was done, where it is shown, and its event when that could be read."""

    words: str
    place: tuple[str | None, ...]
    event: AuditRow | None


def keep(words: str, event_type: str) -> str:
    """Keep the receipt of a committed write for the page; returns its words."""
    try:
        actor = viewer.current_actor()
        with office().work(actor) as work:
            found = queries.search(work, event_type=event_type, actor_id=actor.user_id, limit=1)
    except SaldoError:
        # The write stands even when its author may no longer look, as after giving up a role.
        found = []
    st.session_state[LEFT] = Receipt(words, _place(), found[0] if found else None)
    return words


def show() -> None:
    """The last receipt, as long as the page shows the same record or table."""
    held: Receipt | None = st.session_state.get(LEFT)
    if held is None:
        return
    if held.place != _place():
        del st.session_state[LEFT]
        return
    st.html(
        f'<p class="notice good" role="status"><b>{escape(held.words)}.</b> {_left(held.event)}</p>'
    )


def _left(event: AuditRow | None) -> str:
    if event is None:
        return ""
    when = formats.instant(event.created_at, settings().billing_timezone, seconds=True)
    reason = str(event.payload.get("reason", ""))
    why = f". Reason: “{escape(reason)}”" if reason else ""
    door = tables.link("audit", {"event": event.event_type, "before": str(event.seq + 1)})
    return (
        f'<a href="{escape(door)}" target="_self" style="color: inherit">Audit event '
        f"{event.seq}</a>, {escape(event.event_type)}, {when}{why}"
    )


def _place() -> tuple[str | None, ...]:
    page = (st.context.url or "").split("?")[0]
    return (page, *(st.query_params.get(name) for name in PLACE))
