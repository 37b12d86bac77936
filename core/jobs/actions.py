"""Running a job now, and choosing when it runs; the super admin's, but for the books' (OPS)."""

from sqlalchemy import select

from core.access.actions import SUPER_ADMIN
from core.actions import action
from core.errors import BadInput, ChangedMeanwhile, NotAllowed, NotNow
from core.jobs.catalogue import JOBS, the_job
from core.jobs.cron import parse
from core.jobs.models import JobRun, JobSchedule
from core.jobs.planning import queue
from core.work import Work

REFRESHING = ("reconcile", "recognition", "sync")
"""Jobs whose outcome reconciliation and month close wait for."""


@action("job.run_asked", needs="users.manage", reason=True)
def ask_run(work: Work, name: str, *, reason: str, key: str | None = None) -> JobRun:
    """Let a worker run a job as soon as one is free. Raises NotNow when a run waits already."""
    return _asked(work, name)


@action("books.refresh_asked", needs="sys_finance", reason=True)
def ask_refresh(work: Work, name: str, *, reason: str, key: str | None = None) -> JobRun:
    """The same for a job of REFRESHING, by whoever closes the books.

    Raises BadInput for another job, NotNow when a run waits already.
    """
    if name not in REFRESHING:
        raise BadInput(f"{name!r} is none of {', '.join(REFRESHING)}")
    return _asked(work, name)


def _asked(work: Work, name: str) -> JobRun:
    job = the_job(name)
    waiting = select(JobRun.id).where(JobRun.name == job.name, JobRun.outcome == "waiting")
    if work.session.scalar(waiting) is not None:
        raise NotNow(f"A run of {job.name} waits for a worker already")
    run = JobRun(
        name=job.name,
        origin="person",
        asked_by=work.actor.name,
        asked_at=work.now,
        outcome="waiting",
    )
    queue(work, run)
    work.tell(job=job.name, run_id=run.id)
    return run


@action("job.schedule_set", needs="users.manage", fresh=True)
def set_schedule(
    work: Work,
    name: str,
    *,
    enabled: bool,
    cron: str | None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> JobSchedule:
    """Switch a job's schedule on or off; `cron` is None for the built-in time.

    Only a super admin does. What fell due before is not made up. Raises BadInput for text that is
    no schedule, ChangedMeanwhile when `version` was seen and is not the one that stands.
    """
    job = the_job(name)
    if SUPER_ADMIN not in work.standing.roles:
        raise NotAllowed("Only a super admin chooses when jobs run")
    chosen = parse(cron).text if cron and cron.strip() else None
    chosen = None if chosen == job.cron else chosen
    schedule = _held(work, name)
    if version is not None and version != schedule.version:
        raise ChangedMeanwhile
    if (enabled, chosen) == (schedule.enabled, schedule.cron):
        raise BadInput("Nothing would change")
    work.tell(
        job=name,
        enabled=enabled,
        cron=chosen or job.cron,
        before={"enabled": schedule.enabled, "cron": schedule.cron or job.cron},
    )
    schedule.enabled, schedule.cron = enabled, chosen
    schedule.planned_until, schedule.version = work.now, schedule.version + 1
    return schedule


@action("job.schedules_rested", needs=None, system=True)
def rest(work: Work, names: list[str]) -> None:
    """Switch schedules off, as for a simulated company whose days have ended."""
    for name in names:
        schedule = _held(work, name)
        schedule.enabled, schedule.version = False, schedule.version + 1
    work.tell(jobs=names)


def undecided(work: Work) -> list[str]:
    """The jobs that age the company and about whose schedule nobody has decided yet."""
    decided = work.session.scalars(select(JobSchedule.name).where(JobSchedule.version > 1)).all()
    return [job.name for job in JOBS.values() if job.ages and job.name not in decided]


def _held(work: Work, name: str) -> JobSchedule:
    """A job's schedule, locked; one that nobody planned by yet begins now."""
    held = select(JobSchedule).where(JobSchedule.name == name).with_for_update()
    schedule = work.session.scalar(held)
    if schedule is None:
        schedule = JobSchedule(name=name, enabled=True, version=1, planned_until=work.now)
        work.session.add(schedule)
    return schedule
