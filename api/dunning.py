"""`/billing/dunning`, `/dunning/{id}/…`, `/sys/tenants/{id}/dunning`: the queue, and its steps."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Limit,
    Name,
    Offset,
    Reason,
    RecordId,
    Search,
    SomeId,
    example,
)
from core.dunning import actions, queries
from core.dunning.rules import LONGEST_LADDER, MOST_STAGES, Stage

Effect = Literal["remind", "throttle", "read_only", "suspend", "cancel"]
State = Literal["reminding", "restricted", "suspended", "overridden"]
Version = Annotated[int | None, Field(ge=1, description="The version the decision was made on.")]

queue_router = APIRouter(prefix="/billing/dunning", tags=["Dunning"])
router = APIRouter()
tenants = APIRouter(prefix="/sys/tenants", tags=["Dunning"])


class StageBody(Body):
    """A rung of a ladder of its own; without a name it is called by its effect."""

    after_days: Annotated[int, Field(ge=0, le=LONGEST_LADDER)]
    effect: Effect
    template: Name | None = None

    def stage(self) -> Stage:
        """The stage as core knows it."""
        return Stage(self.after_days, self.effect, self.template or "")


class RemindBody(Body):
    """A reminder; the version guards against two people."""

    version: Version = None


class SuspendBody(Body):
    """A suspension and its reason."""

    model_config = example({"reason": A_REASON})

    reason: Reason
    version: Version = None


class OverrideBody(Body):
    """Freeze, or stages of its own; all running cases of the tenant unless one is named."""

    model_config = example(
        {"override_path": "freeze", "override_until": "2027-01-31", "reason": A_REASON}
    )

    override_path: Literal["freeze", "custom"]
    override_custom_stages: Annotated[tuple[StageBody, ...], Field(max_length=MOST_STAGES)] = ()
    override_until: date | None = None
    case_id: SomeId | None = None
    version: Version = None
    reason: Reason = ""


class ResumeBody(Body):
    """The end of an override."""

    case_id: SomeId | None = None
    version: Version = None
    reason: Reason = ""


class StageAnswer(Answer):
    """A rung of a ladder."""

    after_days: int
    effect: str
    template: str


class CaseAnswer(Answer):
    """A case; minor units, `days` are those its ladder counts."""

    id: int
    tenant_id: int
    tenant_name: str
    invoice_id: int
    number: str | None
    subscription_id: int | None
    currency: str
    due_minor: int
    due_on: date
    days_overdue: int
    days: int
    status: str
    restriction: str | None
    position: int
    stage: str
    next_stage: str
    next_effect: str
    next_on: date | None
    override_path: str | None
    override_until: date | None
    failure_code: str | None
    failed_on: date | None
    failures: int
    reminded_on: date | None
    opened_on: date
    closed_on: date | None
    close_reason: str | None
    policy_version: int
    version: int


class QueueAnswer(Answer):
    """Some cases, how many fit, and how many stand in each part of the queue."""

    rows: list[CaseAnswer]
    count: int
    counts: dict[str, int]


class EventAnswer(Answer):
    """Something that was done to a case."""

    id: int
    created_at: datetime
    kind: str
    position: int
    facts: dict[str, Any]
    reason: str
    actor_type: str
    actor_name: str | None


class CaseDetailAnswer(Answer):
    """A case with its ladder and its history, newest first."""

    row: CaseAnswer
    stages: list[StageAnswer]
    events: list[EventAnswer]


class TenantDunningAnswer(Answer):
    """A tenant's cases, and the ladder a new one would climb."""

    tenant_id: int
    policy_version: int
    stages: list[StageAnswer]
    cases: list[CaseAnswer]


@queue_router.get("", summary="The dunning queue", responses=refusals())
def list_cases(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    state: State | None = None,
    closed: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> QueueAnswer:
    """Cases that run, the longest overdue first, or closed ones. Needs `billing.read`."""
    with at.work(actor) as work:
        page = queries.queue(work, search, state, closed=closed, limit=limit, offset=offset)
    return QueueAnswer.model_validate(page)


@queue_router.get("/{case_id}", summary="One dunning case", responses=refusals(404))
def one(at: TheOffice, actor: Caller, case_id: RecordId) -> CaseDetailAnswer:
    """With its ladder and history. Needs `billing.read`."""
    with at.work(actor) as work:
        return CaseDetailAnswer.model_validate(queries.case_detail(work, case_id))


@router.post("/{case_id}/remind", summary="Send a reminder", responses=refusals(404, 409))
def remind(
    at: TheOffice, actor: Caller, case_id: RecordId, body: RemindBody, key: Key = None
) -> CaseAnswer:
    """Takes the next rung with it, unless that suspends or cancels. Needs `billing.write`."""
    with at.work(actor) as work:
        actions.remind(work, case_id, version=body.version, key=key)
        return CaseAnswer.model_validate(queries.written(work, case_id))


@router.post("/{case_id}/suspend", summary="Suspend the tenant", responses=refusals(400, 404, 409))
def suspend(
    at: TheOffice, actor: Caller, case_id: RecordId, body: SuspendBody, key: Key = None
) -> CaseAnswer:
    """Needs `billing.write` and a reason."""
    with at.work(actor) as work:
        actions.suspend(work, case_id, version=body.version, reason=body.reason, key=key)
        return CaseAnswer.model_validate(queries.written(work, case_id))


@tenants.get("/{tenant_id}/dunning", summary="A tenant's dunning", responses=refusals(404))
def of_tenant(at: TheOffice, actor: Caller, tenant_id: RecordId) -> TenantDunningAnswer:
    """Its cases, running ones first, and its ladder. Needs `billing.read`."""
    with at.work(actor) as work:
        return TenantDunningAnswer.model_validate(queries.tenant_dunning(work, tenant_id))


@tenants.post(
    "/{tenant_id}/dunning/override",
    summary="Freeze dunning, or give it stages of its own",
    responses=refusals(400, 404, 409),
)
def override(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: OverrideBody, key: Key = None
) -> TenantDunningAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.override(
            work,
            tenant_id,
            body.override_path,
            case_id=body.case_id,
            stages=tuple(stage.stage() for stage in body.override_custom_stages),
            until=body.override_until,
            version=body.version,
            reason=body.reason,
            key=key,
        )
        return TenantDunningAnswer.model_validate(queries.written_for(work, tenant_id))


@tenants.post(
    "/{tenant_id}/dunning/resume",
    summary="End an override of dunning",
    responses=refusals(400, 404, 409),
)
def resume(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: ResumeBody, key: Key = None
) -> TenantDunningAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.resume(
            work,
            tenant_id,
            case_id=body.case_id,
            version=body.version,
            reason=body.reason,
            key=key,
        )
        return TenantDunningAnswer.model_validate(queries.written_for(work, tenant_id))
