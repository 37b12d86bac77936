"""Gateway events: what the gateways sent, what followed from it, and handling it again (PAY.4)."""

import json
from datetime import datetime
from html import escape

import streamlit as st

from core.charging.event_detail import EventDetail
from core.charging.queries import EventRow, events
from core.errors import NotFound
from core.gateways.registry import TITLES
from core.office import office
from core.settings import settings
from pages.admin import event_edits, receipts
from pages.admin.gateway_words import EVENT_STATUSES, EVENT_TONES
from pages.billing import look
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column
from pages.receivables import lists

COLUMNS = (
    Column("Received", words=True),
    Column("Gateway", words=True),
    Column("Kind", words=True),
    Column("Status", words=True),
    Column("What followed", words=True),
    Column("Number", words=True, spare=2),
)


def main() -> None:
    """One event when the address names it, else the list."""
    head.page("Gateway events", "what the gateways sent, and what followed from it")
    receipts.show()
    if chosen := st.query_params.get("event", ""):
        _one(chosen)
    else:
        _list()
    confirm.draw(event_edits.REPLAY)


def _list() -> None:
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        text = lists.text("Number or kind")
        provider = lists.choice("provider", "Gateway", TITLES)
        status = lists.choice("status", "Status", EVENT_STATUSES)
    size = settings().table_page_rows
    asked = url.read("page", url.positive, 1)
    with office().work(viewer.current_actor()) as work:
        found = events(
            work,
            provider=provider,
            status=status,
            search=text,
            limit=size,
            offset=(asked - 1) * size,
        )
    by_status = {name: found.by_status[name] for name in EVENT_STATUSES if name in found.by_status}
    lists.counts("gateway-events", by_status, EVENT_STATUSES)
    if not found.total:
        states.none(
            "event",
            "The gateways send events to the webhook addresses on the page “Payment config”.",
            narrowed=any((text, provider, status)),
        )
        return
    with st.container(border=True, key="panel-events"):
        count = "1 event" if found.total == 1 else f"{formats.number(found.total)} events"
        head.section(count, "newest first; a time opens the event")
        look.long_words()
        tables.html(COLUMNS, [_row(row) for row in found.rows], label="Gateway events", folds=True)
        tables.pager(found.total, asked)


def _row(row: EventRow) -> list[Cell]:
    again = f", tried {row.attempts} times" if row.attempts > 1 else ""
    return [
        Cell(_at(row.received_at), opens=tables.link("gateway-events", {"event": str(row.id)})),
        Cell(TITLES[row.provider]),
        Cell(row.kind),
        Cell(EVENT_STATUSES[row.status] + again, tone=EVENT_TONES[row.status]),
        Cell(row.problem, tone="wrap bad")
        if row.problem
        else Cell(row.outcome or "–", tone="wrap"),
        Cell(row.event_id, tone="wrap muted"),
    ]


def _one(chosen: str) -> None:
    try:
        found = event_edits.seen(chosen)
    except NotFound as problem:
        lists.back("gateway-events", "There is no such event", str(problem))
        return
    row = found.row
    with st.container(border=True, key="panel-event"):
        head.section(row.kind, f"{TITLES[row.provider]}, {row.event_id}")
        st.html(_facts(found))
        if row.problem:
            states.notice("bad", row.problem)
        if row.status != "waiting":
            confirm.door(event_edits.REPLAY, str(row.id), "Handle it again…")
        look.ways({"All events": tables.link("gateway-events", {})})
    with st.container(border=True, key="panel-body"):
        head.section("The body", "as it came")
        st.code(_pretty(found.body), language="json", wrap_lines=True)


def _facts(found: EventDetail) -> str:
    row = found.row
    status = f'<span class="{EVENT_TONES[row.status]}">{EVENT_STATUSES[row.status]}</span>'
    terms = {
        "Status": status,
        "What followed": escape(row.outcome or "–"),
        "Sent": _at(found.sent_at),
        "Received": _at(row.received_at),
        "Handled": _at(row.handled_at),
        "Failed attempts": formats.number(row.attempts),
        "Account": escape(found.tenant_name or "The company's"),
    }
    cells = "".join(
        f'<div class="term"><dt>{title}</dt><dd>{text}</dd></div>' for title, text in terms.items()
    )
    return f'<dl class="identity sums">{cells}</dl>'


def _at(instant: datetime | None) -> str:
    return formats.instant(instant, settings().billing_timezone, seconds=True) if instant else "–"


def _pretty(body: str) -> str:
    """JSON with one line a value; what is none stays as it came."""
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body


main()
