"""The writes on a job: run it now, switch its schedule, choose other times."""

from html import escape

import streamlit as st

from core.access.actions import SUPER_ADMIN
from core.errors import SaldoError
from core.jobs import actions, queries
from core.jobs.cron import LONGEST, in_words, next_after, parse
from core.jobs.queries import JobRow
from core.office import office
from core.settings import settings
from pages.admin import receipts
from pages.parts import confirm, formats, states, viewer
from pages.parts.confirm import Step

__all__ = ["RUN", "SCHEDULE", "STEPS", "SUPER_ADMIN"]
ENABLED, CRON = "job-enabled", "job-cron"
COMING = 3
"""How many times to come are shown of a schedule."""


def _preview(name: str) -> JobRow:
    with office().work(viewer.current_actor()) as work:
        return queries.job_row(work, name)


def _show_run(job: JobRow) -> None:
    st.html(
        f"<p><b>{escape(job.title)}</b><br>{escape(job.does)}.</p>"
        '<p class="muted">It begins as soon as a worker is free. What was done already is not '
        "done again. "
        f"In a shell this is <code>saldo run {escape(job.name)}</code>.</p>"
    )


def _run(job: JobRow, reason: str, key: str) -> str:
    with office().work(viewer.current_actor()) as work:
        actions.ask_run(work, job.name, reason=reason, key=key)
    return receipts.keep(f"{job.title}: a run waits for a worker", "job.run_asked")


def _show_schedule(job: JobRow) -> None:
    st.html(f"<p><b>{escape(job.title)}</b><br>{escape(job.does)}. Now {escape(job.when)}.</p>")
    if not confirm.is_fresh():
        return
    st.toggle("Runs by itself", job.enabled, key=ENABLED)
    st.text_input(
        "Minute, hour, day, month, weekday; empty for the built-in times",
        "" if job.built_in else job.cron,
        key=CRON,
        max_chars=LONGEST,
        placeholder=job.cron,
    )
    given = str(st.session_state.get(CRON) or "").strip()
    if given:
        _explain(given)


def _explain(given: str) -> None:
    """What the text means: in words, and the next times."""
    try:
        cron = parse(given)
    except SaldoError as problem:
        states.notice("warn", str(problem))
        return
    zone, at, times = settings().billing_timezone, office().clock.now(), []
    for _ in range(COMING):
        at = next_after(cron, at, zone)
        times.append(formats.instant(at, zone))
    st.html(f"<p>Runs {escape(in_words(cron))}: {', '.join(times)}, …</p>")


def _set(job: JobRow, reason: str, key: str) -> str:
    given = st.session_state
    with office().work(viewer.current_actor()) as work:
        actions.set_schedule(
            work,
            job.name,
            enabled=bool(given.get(ENABLED, job.enabled)),
            cron=str(given.get(CRON) or "").strip() or None,
            version=job.version,
            reason=reason,
            key=key,
        )
    return receipts.keep(f"{job.title}: the schedule is changed", "job.schedule_set")


RUN = Step("run", "Run a job now", "Run it", _preview, _show_run, _run, fresh=False)
SCHEDULE = Step(
    "schedule", "Change a schedule", "Save the schedule", _preview, _show_schedule, _set
)
STEPS = (RUN, SCHEDULE)
