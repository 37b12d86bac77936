"""Schedules with their last and next runs, and the history of runs (OPS)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from core.jobs.catalogue import JOBS, Job, the_job, title_of
from core.jobs.cron import in_words, next_after, parse
from core.jobs.models import JobRun, JobSchedule
from core.work import Work

MOST_RUNS = 500


@dataclass(frozen=True)
class RunRow:
    """A run; `seconds` it took, None while it waits or runs. Summaries hold counts by name."""

    id: int
    name: str
    title: str
    origin: str
    asked_by: str | None
    scheduled_for: datetime | None
    attempt: int
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    outcome: str
    summary: dict[str, Any]
    problem: str | None


@dataclass(frozen=True)
class JobRow:
    """A job with its schedule; `next_at` is None while it is off.

    `version` counts the changes to the schedule.
    """

    name: str
    title: str
    does: str
    enabled: bool
    cron: str
    when: str
    built_in: bool
    version: int
    next_at: datetime | None
    last: RunRow | None


def jobs(work: Work) -> list[JobRow]:
    """Every job, in the order of the catalogue. Needs `users.manage`."""
    work.require("users.manage")
    schedules = {row.name: row for row in work.session.scalars(select(JobSchedule))}
    last = _last_runs(work)
    return [_job(work, job, schedules.get(job.name), last.get(job.name)) for job in JOBS.values()]


def job_row(work: Work, name: str) -> JobRow:
    """One job; raises NotFound for a name there is not."""
    the_job(name)
    return next(row for row in jobs(work) if row.name == name)


def runs(
    work: Work, name: str | None = None, *, idle: bool = False, limit: int = 50
) -> list[RunRow]:
    """Runs, the newest first; scheduled ones that found nothing to do only if asked for.

    Needs `users.manage`; raises NotFound for a job there is not.
    """
    work.require("users.manage")
    wanted = select(JobRun).order_by(JobRun.id.desc()).limit(min(limit, MOST_RUNS))
    if name is not None:
        wanted = wanted.where(JobRun.name == the_job(name).name)
    if not idle:
        wanted = wanted.where(or_(JobRun.idle.is_(False), JobRun.origin != "schedule"))
    return [row_of(run) for run in work.session.scalars(wanted)]


def overdue(work: Work, late: timedelta) -> list[str] | None:
    """Jobs whose time came more than `late` ago and that nobody has begun; None before any worker.

    Needs `users.manage`.
    """
    work.require("users.manage")
    schedules = list(work.session.scalars(select(JobSchedule).where(JobSchedule.enabled)))
    if not schedules:
        return None
    zone, found = work.settings.billing_timezone, []
    for row in schedules:
        job = JOBS.get(row.name)
        if job is None:
            continue
        due = next_after(parse(row.cron or job.cron), row.planned_until, zone)
        if due is not None and due < work.now - late:
            found.append(row.name)
    return sorted(found)


def row_of(run: JobRun) -> RunRow:
    """A run as the doors show it."""
    took = run.finished_at - run.started_at if run.finished_at and run.started_at else None
    return RunRow(
        run.id,
        run.name,
        title_of(run.name),
        run.origin,
        run.asked_by,
        run.scheduled_for,
        run.attempt,
        run.asked_at,
        run.started_at,
        run.finished_at,
        round(took.total_seconds(), 1) if took is not None else None,
        run.outcome,
        run.summary,
        run.problem,
    )


def _last_runs(work: Work) -> dict[str, RunRow]:
    newest = select(func.max(JobRun.id)).group_by(JobRun.name)
    found = work.session.scalars(select(JobRun).where(JobRun.id.in_(newest)))
    return {run.name: row_of(run) for run in found}


def _job(work: Work, job: Job, schedule: JobSchedule | None, last: RunRow | None) -> JobRow:
    enabled = schedule.enabled if schedule else True
    chosen = schedule.cron if schedule else None
    cron = parse(chosen or job.cron)
    zone = work.settings.billing_timezone
    return JobRow(
        job.name,
        job.title,
        job.does,
        enabled,
        cron.text,
        in_words(cron),
        chosen is None,
        schedule.version if schedule else 1,
        next_after(cron, work.now, zone) if enabled else None,
        last,
    )
