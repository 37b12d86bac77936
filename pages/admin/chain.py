"""Verifying the audit chain, and saying what was found."""

from datetime import UTC, datetime

import streamlit as st

from core.audit import queries
from core.errors import SaldoError
from core.office import office
from core.settings import settings
from pages.parts import formats, states, viewer

REPORT = "audit-report"


def verify() -> None:
    """Recompute the whole chain; the answer stays until the page is left."""
    try:
        with office().work(viewer.current_actor()) as work:
            report = queries.verify(work)
    except SaldoError as problem:
        st.session_state[REPORT] = str(problem)
        return
    st.session_state[REPORT] = (report, datetime.now(UTC))


def verdict() -> None:
    """Say what the last verification found, if there was one."""
    held = st.session_state.get(REPORT)
    if held is None:
        return
    if isinstance(held, str):
        states.notice("bad", held)
        return
    report, at = held
    checked = formats.instant(at, settings().billing_timezone)
    if report.intact:
        states.notice(
            "good",
            f"The chain is whole: {formats.number(report.rows)} events checked at "
            f"{checked}; head {report.head_seq}, {report.head_hash[:16]}…",
        )
    else:
        states.notice(
            "bad",
            f"The chain is broken at event {report.broken_seq}. Stop writing and "
            "compare with the anchors kept outside the database.",
        )
