"""The published analytics copy as pages see it: one reader per process, and how fresh it is."""

import threading
from datetime import timedelta
from html import escape

import streamlit as st

from core.errors import NoCopy
from core.office import office
from core.settings import settings
from etl.warehouse import CopyInfo, Reading, Warehouse
from pages.parts import formats

_held = threading.local()


@st.cache_resource(show_spinner=False)
def warehouse() -> Warehouse:
    """The reader of the analytics copy; safe for many threads."""
    return Warehouse(settings())


def take() -> None:
    """Hold on to the newest copy for this page run, so that all its figures come from one."""
    try:
        _held.reading = warehouse().reading()
    except NoCopy:
        _held.reading = None


def reading() -> Reading:
    """The copy this page run holds; the newest outside of one. Raises NoCopy."""
    held: Reading | None = getattr(_held, "reading", None)
    return held or warehouse().reading()


def info() -> CopyInfo | None:
    """What the published copy says of itself; None before the first sync."""
    try:
        return reading().info()
    except NoCopy:
        return None


def freshness_line() -> None:
    """As of when the figures are, from which run, and whether the last sync failed."""
    found = info()
    if found is None:
        return
    when = formats.instant(found.published_at, settings().billing_timezone)
    old = office().clock.now() - found.published_at > timedelta(hours=settings().stale_hours)
    parts = [f"Figures as of <b>{when}</b>", f"run {escape(found.run_id[:8])}"]
    if found.problem:
        parts.append(f"last sync failed: {escape(found.problem)} – showing the last good copy")
    elif old:
        parts.append(f"older than {settings().stale_hours} hours – ask for a sync")
    kind = "stale" if found.problem or old else "fresh"
    if found.warning:
        parts.append(escape(found.warning))
    st.html(f'<p class="freshness {kind}"><i></i>{" · ".join(parts)}</p>')
