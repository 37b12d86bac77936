"""What is to run now: schedules that fell due, runs that were lost, attempts to repeat (OPS).

Any number of workers may plan; one does at a time. A time that fell due is planned once, and of
several that were missed only the last. When the clock was ahead and is put right, planning goes on
from the right time; what ran ahead of it does not run again.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.access.authority import system
from core.clock import CLOCKS_DIFFER
from core.jobs.catalogue import JOBS, Job
from core.jobs.cron import last_until, parse
from core.jobs.deferring import SCHEMA, defer
from core.jobs.models import JobRun, JobSchedule
from core.work import Office, Work

PLANNER = system("jobs")
RUN = "run"
"""The queue's name for carrying out a run, which is told the run's id."""
LOST = "The worker stopped in the middle of it"
MOST_PRUNED = 10_000
_FORGOTTEN = text(f"""
-- Which runs wait though nothing in the queue would carry them out? One row per run.
select r.id, r.name from job_run r
where r.outcome = 'waiting' and not exists (
  select from {SCHEMA}.procrastinate_jobs j
  where j.task_name = '{RUN}' and j.status in ('todo', 'doing')
    and cast(j.args ->> 'run_id' as bigint) = r.id)
""")
_ONE_AT_A_TIME = text("select pg_try_advisory_xact_lock(4715)")


def plan(office: Office) -> list[int]:
    """Queue every run that is due; returns their ids, none when another worker plans already."""
    with office.work(PLANNER) as work:
        if not work.session.scalar(_ONE_AT_A_TIME):
            return []
        _note_lost(work)
        _queue_forgotten(work)
        _prune(work)
        schedules = _schedules(work)
        runs = [_due(work, job, schedules[job.name]) for job in JOBS.values()]
    return [run.id for run in runs if run is not None]


def queue(work: Work, run: JobRun) -> JobRun:
    """Let a new run wait for a worker, within the unit of work."""
    work.session.add(run)
    work.session.flush()
    defer(work, RUN, lock=JOBS[run.name].lock, run_id=run.id)
    return run


def latest(work: Work, name: str) -> JobRun | None:
    """The newest run of a job, whatever became of it."""
    newest = select(JobRun).where(JobRun.name == name).order_by(JobRun.id.desc()).limit(1)
    return work.session.scalar(newest)


def _schedules(work: Work) -> dict[str, JobSchedule]:
    """Every job's schedule; one seen for the first time begins now."""
    known = {row.name: row for row in work.session.scalars(select(JobSchedule).with_for_update())}
    missing = [name for name in JOBS if name not in known]
    if missing:
        rows = [{"name": name, "enabled": True, "planned_until": work.now} for name in missing]
        work.session.execute(insert(JobSchedule).values(rows).on_conflict_do_nothing())
        return _schedules(work)
    return known


def _due(work: Work, job: Job, schedule: JobSchedule) -> JobRun | None:
    """The run to queue for a job now, if any."""
    before = latest(work, job.name)
    if schedule.planned_until > work.now + CLOCKS_DIFFER:
        schedule.planned_until = work.now
    slot = _slot(work, job, schedule) if schedule.enabled else None
    if slot is not None:
        schedule.planned_until = slot
    if before is not None and before.outcome == "waiting":
        return None
    if slot is not None:
        if _is_planned(work, job, slot):
            return None
        return queue(work, JobRun(**_asked(work, job), origin="schedule", scheduled_for=slot))
    if before is not None and _is_to_repeat(work, job, before):
        return queue(
            work,
            JobRun(
                **_asked(work, job),
                origin=before.origin,
                asked_by=before.asked_by,
                scheduled_for=before.scheduled_for,
                attempt=before.attempt + 1,
            ),
        )
    return None


def _asked(work: Work, job: Job) -> dict[str, object]:
    return {"name": job.name, "outcome": "waiting", "asked_at": work.now}


def _slot(work: Work, job: Job, schedule: JobSchedule) -> datetime | None:
    cron = parse(schedule.cron or job.cron)
    return last_until(cron, schedule.planned_until, work.now, work.settings.billing_timezone)


def _is_planned(work: Work, job: Job, slot: datetime) -> bool:
    known = select(JobRun.id).where(JobRun.name == job.name, JobRun.scheduled_for == slot)
    return work.session.scalar(known.limit(1)) is not None


def _is_to_repeat(work: Work, job: Job, run: JobRun) -> bool:
    """Whether a run that did not succeed has attempts left and has waited; a lost one need not."""
    if run.outcome not in ("failed", "skipped") or run.origin == "operator":
        return False
    if run.attempt >= job.attempts:
        return False
    assert run.finished_at is not None
    return run.problem == LOST or run.finished_at + job.wait_after(run.attempt) <= work.now


def _note_lost(work: Work) -> None:
    silent = timedelta(seconds=work.settings.job_lost_seconds)
    work.session.execute(
        update(JobRun)
        .where(
            JobRun.outcome == "running",
            or_(JobRun.seen_at < work.now - silent, JobRun.seen_at > work.now + CLOCKS_DIFFER),
        )
        .values(outcome="failed", problem=LOST, finished_at=work.now, seen_at=None)
    )


def _queue_forgotten(work: Work) -> None:
    """A run whose job the queue gave up, say because the database was away, is queued again."""
    for run in work.session.execute(_FORGOTTEN).all():
        defer(work, RUN, lock=JOBS[run.name].lock, run_id=run.id)


def _prune(work: Work) -> None:
    long_ago = work.now - timedelta(days=work.settings.job_keep_days)
    old = select(JobRun.id).where(JobRun.finished_at < long_ago).limit(MOST_PRUNED)
    work.session.execute(delete(JobRun).where(JobRun.id.in_(old)))
