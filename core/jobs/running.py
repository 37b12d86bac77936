"""Carrying a run out: one of its kind at a time, with signs of life, its end on record (OPS)."""

import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from threading import Event, Thread
from typing import TypeVar

import structlog
from sqlalchemy import Connection, text, update
from sqlalchemy.exc import SQLAlchemyError

from core.access.authority import system
from core.errors import NotNow, SaldoError
from core.jobs.catalogue import Job, the_job
from core.jobs.models import JobRun
from core.work import Office

Summary = Mapping[str, int]
"""Counts by name, the only thing a run leaves behind about its work."""
T = TypeVar("T")
log = structlog.get_logger()
RUNNER = system("jobs")
BUSY = "Another run of it was going on"
LONGEST_PROBLEM = 500
FRAMES = 4
BEATS = 4
"""Signs of life within the time after which a silent run counts as lost."""
_HOLD = text("select pg_try_advisory_lock(4716, hashtext(:lock))")
_RELEASE = text("select pg_advisory_unlock(4716, hashtext(:lock))")


def run_queued(office: Office, run_id: int, does: Mapping[str, Callable[[Office], Summary]]) -> str:
    """Carry out a run that waits; returns its outcome. One that does not wait is left alone."""
    with office.work(RUNNER) as work:
        run = work.session.get(JobRun, run_id)
    if run is None or run.outcome != "waiting":
        return "gone" if run is None else run.outcome
    with holding(office, the_job(run.name)) as held:
        if not held:
            return _skip(office, run_id)
        if not _begin(office, run_id):
            return "gone"
        try:
            _watched(office, run_id, lambda: does[run.name](office), lambda summary: summary)
        except Exception as problem:
            _report(run.name, run_id, problem)
            return "failed"
    return "done"


def run_by_hand(
    office: Office, name: str, does: Callable[[], T], summary: Callable[[T], Summary]
) -> T:
    """Run a job for an operator and keep its run on record; raises what the job raises.

    Raises NotNow while another run of it goes on.
    """
    job = the_job(name)
    with holding(office, job) as held:
        if not held:
            raise NotNow(f"Another run of {job.lock} is going on")
        with office.work(RUNNER) as work:
            run = JobRun(
                name=name,
                origin="operator",
                asked_by="command line",
                asked_at=work.now,
                started_at=work.now,
                seen_at=work.now,
                outcome="running",
            )
            work.session.add(run)
        return _watched(office, run.id, does, summary)


@contextmanager
def holding(office: Office, job: Job) -> Iterator[bool]:
    """Hold a job's lock across processes while the block runs; False when another has it.

    It is the connection's, so that a process that dies lets it go.
    """
    with office.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        held = bool(connection.scalar(_HOLD, {"lock": job.lock}))
        try:
            yield held
        finally:
            if held and not connection.invalidated:
                _let_go(connection, job)


def _let_go(connection: Connection, job: Job) -> None:
    try:
        connection.scalar(_RELEASE, {"lock": job.lock})
    except SQLAlchemyError:
        # The server is gone, and the lock with it.
        connection.invalidate()


def _watched(
    office: Office, run_id: int, does: Callable[[], T], summary: Callable[[T], Summary]
) -> T:
    """Do it while giving signs of life; what became of it is written down in any case."""
    outcome = "failed"
    counts: dict[str, int] = {}
    problem: str | None = "It was stopped"
    try:
        with _signs_of_life(office, run_id):
            result = does()
        counts, outcome, problem = dict(summary(result)), "done", None
    except Exception as raised:
        problem = _words(raised)
        raise
    finally:
        _end(office, run_id, outcome, counts, problem)
    return result


@contextmanager
def _signs_of_life(office: Office, run_id: int) -> Iterator[None]:
    over = Event()
    thread = Thread(target=_beat, args=(office, run_id, over), name=f"run-{run_id}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(office: Office, run_id: int, over: Event) -> None:
    while not over.wait(office.settings.job_lost_seconds / BEATS):
        try:
            with office.work(RUNNER) as work:
                alive = update(JobRun).where(JobRun.id == run_id, JobRun.outcome == "running")
                work.session.execute(alive.values(seen_at=work.now))
        except (SaldoError, SQLAlchemyError) as problem:
            log.warning("job_sign_of_life_failed", run=run_id, kind=type(problem).__name__)


def _begin(office: Office, run_id: int) -> bool:
    with office.work(RUNNER) as work:
        begun = work.session.scalar(
            update(JobRun)
            .where(JobRun.id == run_id, JobRun.outcome == "waiting")
            .values(outcome="running", started_at=work.now, seen_at=work.now)
            .returning(JobRun.id)
        )
    return begun is not None


def _skip(office: Office, run_id: int) -> str:
    with office.work(RUNNER) as work:
        work.session.execute(
            update(JobRun)
            .where(JobRun.id == run_id, JobRun.outcome == "waiting")
            .values(outcome="skipped", started_at=work.now, finished_at=work.now, problem=BUSY)
        )
    return "skipped"


def _end(
    office: Office, run_id: int, outcome: str, counts: dict[str, int], problem: str | None
) -> None:
    """Write the end down, unless the run counts as lost meanwhile."""
    with office.work(RUNNER) as work:
        work.session.execute(
            update(JobRun)
            .where(JobRun.id == run_id, JobRun.outcome == "running")
            .values(
                outcome=outcome,
                summary=counts,
                problem=problem,
                idle=outcome == "done" and not any(counts.values()),
                finished_at=work.now,
                seen_at=None,
            )
        )


def _words(problem: Exception) -> str:
    """Our own refusals are written to be shown; what others say may hold a secret."""
    if isinstance(problem, SaldoError):
        return str(problem)[:LONGEST_PROBLEM]
    return f"It failed unexpectedly ({type(problem).__name__}); the log says where"


def _report(name: str, run_id: int, problem: Exception) -> None:
    """Say in the log where it failed, without the words of others."""
    frames = traceback.extract_tb(problem.__traceback__)[-FRAMES:]
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    log.error("job_failed", job=name, run=run_id, kind=type(problem).__name__, where=where)
