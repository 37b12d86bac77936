"""What tests of jobs share: runs to look at, jobs that do nothing, and an empty queue."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import select, text

from core.access.authority import system
from core.clock import SetClock
from core.jobs.models import JobRun
from core.jobs.planning import plan
from core.work import Office

TEST = system("test")


@contextmanager
def emptied(database_url: str) -> Iterator[None]:
    """The queue as new afterwards: its schema is not among those every test is given anew."""
    yield
    with psycopg.connect(database_url, autocommit=True) as db:
        db.execute("set search_path = procrastinate")
        for table in ("procrastinate_jobs", "procrastinate_workers"):
            db.execute(f"delete from {table}")
        for sequence in ("jobs_id", "events_id", "workers_id", "periodic_defers_id"):
            db.execute(f"select setval('procrastinate_{sequence}_seq', 1, false)")


def runs(office: Office, name: str | None = None) -> list[JobRun]:
    """The runs, the oldest first."""
    with office.work(TEST) as work:
        wanted = select(JobRun).order_by(JobRun.id)
        return list(work.session.scalars(wanted.where(JobRun.name == name) if name else wanted))


def outcomes(office: Office, name: str | None = None) -> list[str]:
    """What became of the runs, the oldest first."""
    return [run.outcome for run in runs(office, name)]


def queued(office: Office) -> list[dict[str, Any]]:
    """What waits in the queue: names and arguments."""
    asked = "select task_name, args, lock from procrastinate.procrastinate_jobs order by id"
    with office.work(TEST) as work:
        return [dict(row) for row in work.session.execute(text(asked)).mappings()]


def planned(office: Office, clock: SetClock, at: datetime) -> list[str]:
    """The jobs whose runs are queued when a worker looks at an instant."""
    clock.move_to(at)
    queued_now = plan(office)
    return [run.name for run in runs(office) if run.id in queued_now]
