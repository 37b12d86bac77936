"""The audit log: search, page through, look into an event, verify the chain (AUD)."""

import json
from datetime import date, timedelta
from html import escape
from typing import Any

import streamlit as st

from core.audit import queries
from core.audit.queries import AuditRow
from core.clock import start_of_day
from core.office import office
from core.settings import settings
from pages.admin import chain
from pages.parts import formats, head, states, url, viewer

TITLES = ("No.", "When", "Event", "Who", "Tenant", "What")
SAMPLE = 140


def main() -> None:
    """The filters, a page of events, and the state of the chain."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="bottom"
    ):
        head.page(
            "Audit log", "every action and system event, newest first; nothing here can be changed"
        )
        st.button(
            "Verify the chain", on_click=chain.verify, icon=":material/verified:", width="content"
        )
    chain.verdict()
    wanted = _filters()
    size = settings().table_page_rows
    with office().work(viewer.current_actor()) as work:
        rows = queries.search(work, **wanted, limit=size + 1)
    if not rows:
        states.empty("No event fits", "Widen the dates or clear a filter.")
        return
    _table(rows[:size])
    _pager(rows, size)


def _filters() -> dict[str, Any]:
    """The search as the address says it."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = _text("text", "Text in the event", 220)
        event_type = _text("event", "Event type begins with", 200)
        actor = _number("actor", "User no.")
        tenant = _number("tenant", "Tenant no.")
        since, until = _day("since", "From"), _day("until", "To and including")
    zone = settings().billing_timezone
    return {
        "text": text or None,
        "event_type": event_type or None,
        "actor_id": actor,
        "organization_id": tenant,
        "since": start_of_day(since, zone) if since else None,
        "until": start_of_day(until + timedelta(days=1), zone) if until else None,
        "before_seq": url.read("before", int, 0) or None,
    }


def _text(name: str, title: str, width: int) -> str:
    moved = url.follow(name, str, "")
    return st.text_input(title, key=name, on_change=_restart(moved), width=width)


def _number(name: str, title: str) -> int | None:
    moved = url.follow(name, _positive, None)
    return st.number_input(
        title, key=name, on_change=_restart(moved), min_value=1, step=1, width=130
    )


def _positive(given: str) -> int | None:
    number = int(given)
    if number < 1:
        raise ValueError(given)
    return number


def _day(name: str, title: str) -> date | None:
    moved = url.follow(name, url.day_or_none, None)
    return st.date_input(title, key=name, on_change=_restart(moved), width=150, format="YYYY-MM-DD")


def _restart(moved: Any) -> Any:
    """A changed filter starts again at the newest event."""

    def changed() -> None:
        st.query_params.pop("before", None)
        moved()

    return changed


def _table(rows: list[AuditRow]) -> None:
    with st.container(border=True, key="panel-audit", gap=None):
        head_row = "".join(f"<span>{title}</span>" for title in TITLES)
        st.html(f'<div class="event titles">{head_row}</div>')
        for row in rows:
            _event(row)


def _event(row: AuditRow) -> None:
    when = formats.instant(row.created_at, settings().billing_timezone, seconds=True)
    payload = json.dumps(row.payload, ensure_ascii=False, default=str)
    whole = json.dumps(row.payload, ensure_ascii=False, indent=2, default=str)
    address = f"<p>from {escape(row.ip_address)}</p>" if row.ip_address else ""
    tenant = str(row.organization_id) if row.organization_id else "–"
    short = payload if len(payload) <= SAMPLE else payload[:SAMPLE] + "…"
    st.html(
        f'<details class="event"><summary><span class="muted">{row.seq}</span><span>{when}</span>'
        f"<span><b>{escape(row.event_type)}</b></span>"
        f"<span>{escape(row.actor_name or row.actor_type)}</span><span>{tenant}</span>"
        f"<code>{escape(short)}</code></summary><pre>{escape(whole)}</pre>{address}</details>"
    )


def _pager(rows: list[AuditRow], size: int) -> None:
    with st.container(horizontal=True):
        if "before" in st.query_params:
            st.button("Newest", on_click=_show_before, args=(None,))
        if len(rows) > size:
            st.button("Older", on_click=_show_before, args=(rows[size - 1].seq,))


def _show_before(seq: int | None) -> None:
    if seq is None:
        st.query_params.pop("before", None)
    else:
        st.query_params["before"] = str(seq)


main()
