"""`/admin/jobs`: what runs by itself and what became of it; run now, set when (OPS)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, StringConstraints

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import A_REASON, NO_NUL, Answer, Body, Reason, example
from core.base import LARGEST_ID
from core.jobs import actions, queries
from core.jobs.cron import LONGEST

SomeVersion = Annotated[int, Field(ge=1, le=LARGEST_ID)]
JobName = Annotated[str, Path(min_length=1, max_length=40, pattern=NO_NUL)]


class RunAnswer(Answer):
    """A run: `outcome` is waiting, running, done, failed or skipped, `summary` counts by name."""

    id: int
    name: str
    origin: str
    asked_by: str | None
    scheduled_for: datetime | None
    attempt: int
    asked_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    outcome: str
    summary: dict[str, int]
    problem: str | None


class JobAnswer(Answer):
    """A job, its schedule as cron text and in words, its last run and the next time."""

    name: str
    does: str
    enabled: bool
    cron: str
    when: str
    built_in: bool
    version: int
    next_at: datetime | None
    last: RunAnswer | None


class JobsAnswer(Answer):
    """All jobs, and the newest runs that found something to do."""

    jobs: list[JobAnswer]
    runs: list[RunAnswer]


class ScheduleBody(Body):
    """When a job runs: `cron` as five fields, the built-in time without it; `version` as seen."""

    model_config = example({"enabled": True, "cron": "30 2 * * *", "reason": A_REASON})

    enabled: bool
    cron: Annotated[str, StringConstraints(max_length=LONGEST, pattern=NO_NUL)] | None = None
    version: SomeVersion | None = None
    reason: Reason


class RunBody(Body):
    """Why it is to run now."""

    model_config = example({"reason": A_REASON})

    reason: Reason


router = APIRouter(prefix="/admin/jobs", tags=["Jobs"])


@router.get("", summary="List jobs and their latest runs", responses=refusals())
def jobs(at: TheOffice, actor: Caller) -> JobsAnswer:
    """Needs `users.manage`."""
    with at.work(actor) as work:
        return JobsAnswer(
            jobs=[JobAnswer.model_validate(row) for row in queries.jobs(work)],
            runs=[RunAnswer.model_validate(row) for row in queries.runs(work)],
        )


@router.post(
    "/{name}/run", status_code=202, summary="Run a job now", responses=refusals(400, 404, 409)
)
def run(at: TheOffice, actor: Caller, name: JobName, body: RunBody, key: Key = None) -> RunAnswer:
    """A worker carries it out as soon as one is free. Needs `users.manage` and a reason."""
    with at.work(actor) as work:
        asked = actions.ask_run(work, name, reason=body.reason, key=key)
        return RunAnswer.model_validate(queries.row_of(asked))


@router.post(
    "/{name}/schedule", summary="Choose when a job runs", responses=refusals(400, 404, 409)
)
def schedule(
    at: TheOffice, actor: Caller, name: JobName, body: ScheduleBody, key: Key = None
) -> JobAnswer:
    """For super admins; what fell due before is not made up. Needs `users.manage`, a fresh sign-in
    and a reason.
    """
    with at.work(actor) as work:
        actions.set_schedule(
            work,
            name,
            enabled=body.enabled,
            cron=body.cron,
            version=body.version,
            reason=body.reason,
            key=key,
        )
        work.session.flush()
        return JobAnswer.model_validate(queries.job_row(work, name))
