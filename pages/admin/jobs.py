"""Jobs: what runs by itself, when, and what became of it; run one now (OPS)."""

from datetime import datetime

import streamlit as st

from core.access.sessions import Viewer
from core.jobs import queries
from core.jobs.queries import JobRow, RunRow
from core.office import office
from core.settings import settings
from pages.admin import job_edits, receipts
from pages.parts import confirm, formats, head, states, tables, url, viewer
from pages.parts.tables import Cell, Column

MOST_RUNS = 50
JOBS = ("Job", "What it does", "When", "Last run", "Outcome", "Next run")
RUNS = ("Job", "Started", "By", "Outcome", "What it did")
TONES = {"done": "good", "failed": "bad", "skipped": "muted", "waiting": "muted"}


def main() -> None:
    """The heading, the schedules, the writes on a chosen job, and the latest runs."""
    head.page("Jobs", "what runs by itself, when, and what became of it")
    receipts.show()
    with office().work(viewer.current_actor()) as work:
        jobs = queries.jobs(work)
    _schedules(jobs)
    chosen, idle = _filters({job.name: job.title for job in jobs})
    with office().work(viewer.current_actor()) as work:
        runs = queries.runs(work, chosen, idle=idle, limit=MOST_RUNS)
    _runs(runs)
    confirm.draw(*job_edits.STEPS)


def _schedules(jobs: list[JobRow]) -> None:
    with st.container(border=True, key="panel-jobs"):
        head.section("Schedules", f"times of {settings().billing_timezone}")
        rows = [_job(job) for job in jobs]
        tables.html(
            [Column(title, words=True) for title in JOBS], rows, label="Schedules", folds=True
        )


def _job(job: JobRow) -> list[Cell]:
    last = job.last
    coming = _at(job.next_at) if job.enabled else "Switched off"
    return [
        Cell(job.title, opens=tables.link("jobs", {"job": job.name}), tone="strong"),
        Cell(job.does),
        Cell(job.when[:1].upper() + job.when[1:] + ("" if job.built_in else ", chosen here")),
        Cell(_at(last.started_at or last.asked_at) if last else "Never"),
        _outcome(last) if last else Cell("–"),
        Cell(coming, tone="" if job.enabled else "muted"),
    ]


def _filters(titles: dict[str, str]) -> tuple[str | None, bool]:
    """The job chosen in the address with its writes; whether runs that did nothing are wanted."""
    with st.container(horizontal=True, key="filters", vertical_alignment="bottom"):
        moved = url.follow("job", url.one_of(tuple(titles)), "")
        chosen = st.selectbox(
            "Job",
            ("", *titles),
            key="job",
            on_change=moved,
            width=240,
            format_func=lambda name: titles.get(name, "All jobs"),
        )
        idle = st.toggle("Also scheduled runs that found nothing to do", key="idle")
        if chosen:
            confirm.door(job_edits.RUN, chosen, "Run now…")
            if _is_super_admin(viewer.current_viewer()):
                confirm.door(job_edits.SCHEDULE, chosen, "Change the schedule…")
    return chosen or None, idle


def _is_super_admin(seen: Viewer | None) -> bool:
    return seen is not None and job_edits.SUPER_ADMIN in seen.roles


def _runs(runs: list[RunRow]) -> None:
    if not runs:
        words = "Runs that found something to do stand here, and those that somebody asked for."
        states.empty("No run to show", words)
        return
    with st.container(border=True, key="panel-runs"):
        head.section("Latest runs", f"the newest {MOST_RUNS} at most")
        rows = [_run(run) for run in runs]
        tables.html(
            [Column(title, words=True) for title in RUNS], rows, label="Latest runs", folds=True
        )


def _run(run: RunRow) -> list[Cell]:
    again = f" (attempt {run.attempt})" if run.attempt > 1 else ""
    return [
        Cell(run.title),
        Cell(_at(run.started_at or run.asked_at)),
        Cell((run.asked_by or "Schedule") + again),
        _outcome(run),
        Cell(run.problem, tone=TONES[run.outcome]) if run.problem else Cell(_did(run)),
    ]


def _outcome(run: RunRow) -> Cell:
    return Cell(run.outcome.capitalize() + _took(run), tone=TONES.get(run.outcome, ""))


def _did(run: RunRow) -> str:
    """The counts in words, without those that are nought."""
    told = [
        f"{name.replace('_', ' ')} {formats.number(count)}"
        for name, count in run.summary.items()
        if count
    ]
    return ", ".join(told).capitalize() or ("Nothing to do" if run.outcome == "done" else "–")


def _at(instant: datetime | None) -> str:
    return formats.instant(instant, settings().billing_timezone) if instant else "–"


def _took(run: RunRow) -> str:
    """How long a run took; nothing while it waits or runs."""
    if run.seconds is None:
        return ""
    return f" in {formats.lasted(run.seconds)}"


main()
