"""What people do in the dunning queue: remind, suspend, override, resume (DUN.1–2)."""

from datetime import date

from sqlalchemy import select

from core.actions import action
from core.dunning import cases, holding, policies
from core.dunning.effects import carry_out, send_reminder
from core.dunning.models import PATHS, DunningCase
from core.dunning.rules import Stage, Task, by_hand, checked, placed, suspended_at
from core.errors import BadInput, NotFound, NotNow
from core.notifications.outbox import tell_tenant
from core.tenants.models import Tenant
from core.work import Work

FINANCE = "sys_finance"


@action("dunning.reminded", needs="billing.write", system=True)
def remind(
    work: Work,
    case_id: int,
    *,
    task: Task | None = None,
    version: int | None = None,
    key: str | None = None,
) -> DunningCase:
    """Send a reminder; by hand it takes the next rung of the ladder with it.

    A restriction ahead is put in force; a suspension or cancellation ahead is not, which are
    steps of their own. `task` is the run's. Raises NotFound, NotNow, ChangedMeanwhile.
    """
    case, invoice = cases.locked_case(work, case_id, version)
    if task is None:
        _refuse_frozen(case)
        task = by_hand(policies.stages_of(work, case), case.position, case.restriction)
    if task.effect != "remind":
        carry_out(work, case, invoice, task)
    case.position = task.position
    send_reminder(work, case, invoice)
    cases.plan_next(work, case)
    work.session.flush()
    return case


@action("tenant.suspended", needs="billing.write", reason=True, system=True)
def suspend(
    work: Work,
    case_id: int,
    *,
    task: Task | None = None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> DunningCase:
    """Suspend what the case is about, whatever its day (DUN.1).

    Raises NotFound, NotNow when it is suspended already or frozen, ChangedMeanwhile.
    """
    case, invoice = cases.locked_case(work, case_id, version)
    if task is None:
        _refuse_frozen(case)
        if case.status == "suspended":
            raise NotNow("The case is suspended already")
        stages = policies.stages_of(work, case)
        task = Task("suspend", suspended_at(stages, case.position))
    by_ladder = work.actor.kind == "system"
    carry_out(work, case, invoice, task, "" if by_ladder else reason)
    cases.plan_next(work, case)
    work.session.flush()
    return case


@action("dunning.overridden", needs=FINANCE, fresh=True)
def override(
    work: Work,
    tenant_id: int,
    path: str,
    *,
    case_id: int | None = None,
    stages: tuple[Stage, ...] = (),
    until: date | None = None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> list[int]:
    """Freeze a case, or put it on stages of its own; all open cases of the tenant unless named.

    While frozen nothing happens and what is in force stays. Own stages lift what they do not ask
    for yet. From `until` on the ladder of before holds again. Returns the cases' ids. Raises
    BadInput, NotFound, NotNow, ChangedMeanwhile.
    """
    ladder = _ladder(work, path, stages, until)
    chosen = _chosen(work, tenant_id, case_id, version)
    for case in chosen:
        _set_override(work, case, path, ladder, until, reason)
    work.session.flush()
    numbers = [case.id for case in chosen]
    work.tell(tenant_id=tenant_id, case_ids=numbers, path=path, stages=policies.as_json(ladder))
    if until is not None:
        work.tell(override_until=str(until))
    return numbers


@action("dunning.resumed", needs=FINANCE, fresh=True)
def resume(
    work: Work,
    tenant_id: int,
    *,
    case_id: int | None = None,
    version: int | None = None,
    reason: str,
    key: str | None = None,
) -> list[int]:
    """End an override: the ladder the case began with holds again, by the days overdue.

    The next run takes the step they call for. Returns the cases' ids. Raises NotFound, NotNow when
    nothing is overridden, ChangedMeanwhile.
    """
    chosen = _chosen(work, tenant_id, case_id, version, overridden=True)
    for case in chosen:
        if case.override_path is None:
            raise NotNow("The case is not overridden")
        end_override(work, case, reason)
    work.session.flush()
    numbers = [case.id for case in chosen]
    work.tell(tenant_id=tenant_id, case_ids=numbers)
    return numbers


def end_override(work: Work, case: DunningCase, reason: str = "") -> None:
    """Part of resuming, and of an override that runs out: back to the ladder of before."""
    was_custom = case.override_path == "custom"
    case.override_path = case.override_until = case.override_custom_stages = None
    if was_custom:
        _put_on_ladder(work, case)
    cases.plan_next(work, case)
    cases.log(work, case, "resumed", reason)


def _ladder(
    work: Work, path: str, stages: tuple[Stage, ...], until: date | None
) -> tuple[Stage, ...]:
    """The stages of an override, none for a freeze. Raises BadInput."""
    if path not in PATHS:
        raise BadInput(f"An override is one of {', '.join(PATHS)}, not {path!r}")
    if (path == "custom") != bool(stages):
        raise BadInput("Stages belong to the path custom, and it needs them")
    if until is not None and until <= work.today:
        raise BadInput("An override ends on a later day")
    return checked(stages) if stages else ()


def _set_override(
    work: Work,
    case: DunningCase,
    path: str,
    ladder: tuple[Stage, ...],
    until: date | None,
    reason: str,
) -> None:
    case.override_path, case.override_until = path, until
    case.override_custom_stages = policies.as_json(ladder) if ladder else None
    if path == "custom":
        _put_on_ladder(work, case)
    cases.plan_next(work, case)
    facts = {"path": path, "stages": policies.as_json(ladder)}
    if until is not None:
        facts["until"] = str(until)
    cases.log(work, case, "overridden", reason, **facts)


def _put_on_ladder(work: Work, case: DunningCase) -> None:
    """Let the case stand where its stages put it by the days it counts."""
    days = cases.days_of(case, work.today)
    before = case.restriction
    case.position, case.restriction = placed(policies.stages_of(work, case), before, days)
    case.status = "suspended" if case.restriction == "suspend" else "open"
    if before == case.restriction:
        return
    work.session.flush()
    eased = holding.lift(work, case, case.restriction)
    if eased and case.restriction is None:
        tell_tenant(work, "tenant.reactivated", case.tenant_id, {"invoice_id": case.invoice_id})


def _chosen(
    work: Work,
    tenant_id: int,
    case_id: int | None,
    version: int | None,
    *,
    overridden: bool = False,
) -> list[DunningCase]:
    """The tenant's running cases, or one of them, all locked before any is changed."""
    if work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    chosen = select(DunningCase.id).where(
        DunningCase.tenant_id == tenant_id, DunningCase.status != "closed"
    )
    if case_id is not None:
        chosen = chosen.where(DunningCase.id == case_id)
    elif overridden:
        chosen = chosen.where(DunningCase.override_path.is_not(None))
    numbers = work.session.scalars(chosen.order_by(DunningCase.invoice_id)).all()
    if not numbers:
        what = f"case {case_id}" if case_id is not None else "case"
        kind = "overridden" if overridden and case_id is None else "open"
        raise NotFound(f"The tenant {tenant_id} has no {kind} dunning {what}")
    seen = version if case_id is not None else None
    return [cases.locked_case(work, number, seen)[0] for number in numbers]


def _refuse_frozen(case: DunningCase) -> None:
    if case.override_path == "freeze":
        raise NotNow("The case is frozen; resume it first")
