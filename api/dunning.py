"""`/billing/dunning`, `/dunning/{id}/…`, `/sys/tenants/{id}/dunning`: the queue, and its steps."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    Answer,
    Body,
    Day,
    Limit,
    Name,
    Offset,
    Reason,
    RecordId,
    Search,
    SomeId,
    example,
    omittable,
)
from core.dunning import actions, policies, queries
from core.dunning.rules import LONGEST_LADDER, MOST_STAGES, Stage
from core.work import Work

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
    override_until: Day | None = None
    case_id: SomeId | None = None
    version: Version = None
    reason: Reason = ""


class ResumeBody(Body):
    """The end of an override."""

    case_id: SomeId | None = None
    version: Version = None
    reason: Reason = ""


class LadderBody(Body):
    """The stages of a new version; none lead a tenant back to the common ladder."""

    model_config = example(
        {
            "stages": [
                {"after_days": 1, "effect": "remind", "template": "first reminder"},
                {"after_days": 14, "effect": "suspend"},
            ],
            "version": 1,
            "reason": A_REASON,
        }
    )

    stages: Annotated[tuple[StageBody, ...], Field(max_length=MOST_STAGES)]
    version: Version = None
    reason: Reason = ""


class StageAnswer(Answer):
    """A rung of a ladder."""

    after_days: int
    effect: str
    template: str


class LadderAnswer(Answer):
    """A ladder that new cases climb, and its version."""

    version: int
    stages: list[StageAnswer]


@queue_router.get("", summary="The dunning queue", responses=refusals())
def list_cases(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    state: State | None = None,
    closed: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> queries.QueuePage:
    """Cases that run, the longest overdue first, or closed ones. Needs `billing.read`."""
    with at.work(actor) as work:
        return queries.queue(work, search, state, closed=closed, limit=limit, offset=offset)


@queue_router.get("/ladder", summary="The common ladder", responses=refusals())
def ladder(at: TheOffice, actor: Caller) -> LadderAnswer:
    """The one that new cases climb; a tenant's own stands with its cases. Needs `billing.read`."""
    with at.work(actor) as work:
        work.require("billing.read")
        return _ladder(work, None)


@queue_router.post(
    "/ladder",
    status_code=201,
    summary="Add a version of the common ladder",
    responses=refusals(400, 409),
)
def add_ladder(at: TheOffice, actor: Caller, body: LadderBody, key: Key = None) -> LadderAnswer:
    """Cases that run keep theirs. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        return _add_ladder(work, body, None, key)


@queue_router.get("/{case_id}", summary="One dunning case", responses=refusals(404))
def one(at: TheOffice, actor: Caller, case_id: RecordId) -> queries.CaseDetail:
    """With its ladder and history. Needs `billing.read`."""
    with at.work(actor) as work:
        return queries.case_detail(work, case_id)


@router.post("/{case_id}/remind", summary="Send a reminder", responses=refusals(404, 409))
def remind(
    at: TheOffice,
    actor: Caller,
    case_id: RecordId,
    body: Annotated[RemindBody, omittable(RemindBody)],
    key: Key = None,
) -> queries.CaseRow:
    """Takes the next rung with it, unless that suspends or cancels. Needs `billing.write`."""
    with at.work(actor) as work:
        actions.remind(work, case_id, version=body.version, key=key)
        return queries.written(work, case_id)


@router.post("/{case_id}/suspend", summary="Suspend the tenant", responses=refusals(400, 404, 409))
def suspend(
    at: TheOffice, actor: Caller, case_id: RecordId, body: SuspendBody, key: Key = None
) -> queries.CaseRow:
    """Needs `billing.write` and a reason."""
    with at.work(actor) as work:
        actions.suspend(work, case_id, version=body.version, reason=body.reason, key=key)
        return queries.written(work, case_id)


@tenants.get("/{tenant_id}/dunning", summary="A tenant's dunning", responses=refusals(404))
def of_tenant(at: TheOffice, actor: Caller, tenant_id: RecordId) -> queries.TenantDunning:
    """Its cases, running ones first, and its ladder. Needs `billing.read`."""
    with at.work(actor) as work:
        return queries.tenant_dunning(work, tenant_id)


@tenants.post(
    "/{tenant_id}/dunning/ladder",
    status_code=201,
    summary="Add a version of a tenant's own ladder",
    responses=refusals(400, 404, 409),
)
def add_own_ladder(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: LadderBody, key: Key = None
) -> LadderAnswer:
    """Without stages the common one holds. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        return _add_ladder(work, body, tenant_id, key)


@tenants.post(
    "/{tenant_id}/dunning/override",
    summary="Freeze dunning, or give it stages of its own",
    responses=refusals(400, 404, 409),
)
def override(
    at: TheOffice, actor: Caller, tenant_id: RecordId, body: OverrideBody, key: Key = None
) -> queries.TenantDunning:
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
        return queries.written_for(work, tenant_id)


@tenants.post(
    "/{tenant_id}/dunning/resume",
    summary="End an override of dunning",
    responses=refusals(400, 404, 409),
)
def resume(
    at: TheOffice,
    actor: Caller,
    tenant_id: RecordId,
    body: Annotated[ResumeBody, omittable(ResumeBody)],
    key: Key = None,
) -> queries.TenantDunning:
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
        return queries.written_for(work, tenant_id)


def _ladder(work: Work, tenant_id: int | None) -> LadderAnswer:
    policy = policies.policy_for(work, tenant_id)
    stages = [StageAnswer.model_validate(each) for each in policies.ladder_of(work, policy.id)]
    return LadderAnswer(version=policy.version, stages=stages)


def _add_ladder(
    work: Work, body: LadderBody, tenant_id: int | None, key: str | None
) -> LadderAnswer:
    policies.add_policy(
        work,
        tuple(stage.stage() for stage in body.stages),
        tenant_id=tenant_id,
        seen_version=body.version,
        reason=body.reason,
        key=key,
    )
    return _ladder(work, tenant_id)
