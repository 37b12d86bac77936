"""The published analytics copy as pages see it: one reader per process, and how fresh it is."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
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
        if problem := warehouse().problem():
            _line("stale", [f"the last sync failed: {escape(problem)}"])
        return
    parts = [f"Figures as of <b>{_when(found.published_at)}</b>", f"run {escape(found.run_id[:8])}"]
    old = office().clock.now() - found.published_at > timedelta(hours=settings().stale_hours)
    if found.problem:
        parts.append(f"last sync failed: {escape(found.problem)} – showing the last good copy")
    elif old:
        parts.append(f"older than {settings().stale_hours} hours – ask for a sync")
    kind = "stale" if found.problem or old else "fresh"
    if found.warning:
        parts.append(escape(found.warning))
    _line(kind, parts)


def just_now_line() -> None:
    """When a page was read that shows what the database holds at the moment."""
    _line("fresh", [f"Read just now, <b>{_when(office().clock.now())}</b>"])


def _when(moment: datetime) -> str:
    return formats.instant(moment, settings().billing_timezone)


def _line(kind: str, parts: Sequence[str]) -> None:
    st.html(f'<p class="freshness {kind}"><i></i>{" · ".join(parts)}</p>')
