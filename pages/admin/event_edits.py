"""The one write on events of gateways: have a stored one handled again."""

from html import escape

import streamlit as st

from core.charging.event_detail import EventDetail, event_detail
from core.charging.events import handle, replay_event
from core.errors import NotFound
from core.office import office
from pages.admin import receipts
from pages.admin.gateway_words import EVENT_STATUSES
from pages.parts import url, viewer
from pages.parts.confirm import Step


def seen(number: str) -> EventDetail:
    """The event of a number in the address. Raises NotFound."""
    if not url.whole(number):
        raise NotFound("There is no such event")
    with office().work(viewer.current_actor()) as work:
        return event_detail(work, url.whole(number))


def _show(found: EventDetail) -> None:
    st.html(
        f"<p><b>{escape(found.row.kind)}</b>, {escape(found.row.event_id)}</p>"
        "<p>The gateway is asked again what became of it. What was written already is not written "
        "twice.</p>"
    )


def _replay(found: EventDetail, reason: str, _key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        replay_event(work, found.row.id, reason=reason)
    done = handle(office(), found.row.id)
    told = done.problem or done.outcome or ""
    words = f"Event {done.id} was handled again: {EVENT_STATUSES[done.status].lower()}"
    return receipts.keep(f"{words}. {told}" if told else words, "gateway.event.replayed")


REPLAY = Step("replay", "Handle an event again", "Handle it again", seen, _show, _replay)
