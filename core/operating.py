"""How the house is doing, in numbers: what waits, what failed, when jobs last went well (OPS)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from core.bank.models import BankTransfer, UnmatchedBankTransfer
from core.clock import start_of_day
from core.gateways.models import GatewayEvent
from core.jobs.catalogue import JOBS
from core.jobs.models import JobRun
from core.notifications.models import NotificationDelivery
from core.work import Work

FAILURES_SINCE = timedelta(days=1)
UNDELIVERED = ("pending", "claimed", "sending")
STUCK = ("failed", "unknown")


@dataclass(frozen=True)
class Queue:
    """What waits to be done by a machine or by a person: how many, and since when the oldest."""

    name: str
    waiting: int
    oldest_at: datetime | None


@dataclass(frozen=True)
class JobStanding:
    """A job: when a run last ended well, and how many failed within a day."""

    name: str
    done_at: datetime | None
    failed: int


@dataclass(frozen=True)
class House:
    """All queues and jobs at one instant."""

    queues: tuple[Queue, ...]
    jobs: tuple[JobStanding, ...]


def house(work: Work) -> House:
    """How everything stands that runs by itself; two short reads of partial indexes a queue.

    Needs `users.manage`, as the history of jobs does.
    """
    work.require("users.manage")
    event, delivery = GatewayEvent, NotificationDelivery
    queues = (
        _queue(work, "gateway_events_waiting", event.received_at, event.status, ("waiting",)),
        _queue(work, "gateway_events_failed", event.received_at, event.status, ("failed",)),
        _queue(work, "messages_waiting", delivery.due_at, delivery.status, UNDELIVERED),
        _queue(work, "messages_stuck", delivery.due_at, delivery.status, STUCK),
        _transfers(work),
        _queue(work, "job_runs_waiting", JobRun.asked_at, JobRun.outcome, ("waiting",)),
        _queue(work, "job_runs_running", JobRun.seen_at, JobRun.outcome, ("running",)),
    )
    return House(queues, _jobs(work))


def _queue(
    work: Work,
    name: str,
    since: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None],
    status: InstrumentedAttribute[str],
    wanted: tuple[str, ...],
) -> Queue:
    asked = select(func.count(), func.min(since)).where(status.in_(wanted))
    waiting, oldest = work.session.execute(asked).one()
    return Queue(name, waiting, oldest)


def _transfers(work: Work) -> Queue:
    """Bank transfers in the inbox; their age counts from the bank's booking."""
    asked = (
        select(func.count(), func.min(BankTransfer.booked_on))
        .select_from(UnmatchedBankTransfer)
        .join(BankTransfer, BankTransfer.id == UnmatchedBankTransfer.bank_transfer_id)
        .where(UnmatchedBankTransfer.status == "open")
    )
    waiting, booked = work.session.execute(asked).one()
    zone = work.settings.billing_timezone
    oldest = None if booked is None else start_of_day(booked, zone)
    return Queue("transfers_unmatched", waiting, oldest)


def _jobs(work: Work) -> tuple[JobStanding, ...]:
    recent = JobRun.finished_at > work.now - FAILURES_SINCE
    asked = select(
        JobRun.name,
        func.max(case((JobRun.outcome == "done", JobRun.finished_at))),
        func.count().filter(JobRun.outcome == "failed", recent),
    ).group_by(JobRun.name)
    found = {name: (done, failed) for name, done, failed in work.session.execute(asked)}
    return tuple(JobStanding(name, *found.get(name, (None, 0))) for name in JOBS)
