"""The ladder as data: its versions, and the one a case climbs (DUN.1)."""

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import func, or_, select

from core.actions import action
from core.dunning.models import DunningCase, DunningPolicy, DunningStage
from core.dunning.rules import Stage, checked
from core.errors import BadInput, ChangedMeanwhile, NotFound
from core.tenants.models import Tenant
from core.work import Work

Ladder = tuple[Stage, ...]


@action("dunning.policy_added", needs="sys_finance", fresh=True)
def add_policy(
    work: Work,
    stages: tuple[Stage, ...],
    *,
    tenant_id: int | None = None,
    seen_version: int | None = None,
    reason: str,
    key: str | None = None,
) -> DunningPolicy:
    """A new version of the common ladder, or of a tenant's own; cases that run keep theirs.

    No stages lead a tenant back to the common ladder. `seen_version` is the one in force
    that the person saw. Raises BadInput, NotFound, ChangedMeanwhile.
    """
    if tenant_id is not None and work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    if not stages and tenant_id is None:
        raise BadInput("The common ladder has stages")
    ladder = checked(stages) if stages else ()
    # The number is taken before the look: who adds between the two is met at the unique number.
    newest = work.session.scalar(select(func.max(DunningPolicy.version))) or 0
    current = policy_for(work, tenant_id).version
    if seen_version is not None and seen_version != current:
        raise ChangedMeanwhile(f"Version {current} holds by now; look again")
    policy = DunningPolicy(
        version=newest + 1,
        tenant_id=tenant_id,
        reason=reason.strip(),
        created_by=work.actor.user_id,
        created_at=work.now,
    )
    work.session.add(policy)
    work.session.flush()
    work.session.add_all(
        DunningStage(policy_id=policy.id, position=position, **asdict(stage))
        for position, stage in enumerate(ladder, start=1)
    )
    work.session.flush()
    rungs = [[stage.after_days, stage.effect, stage.template] for stage in ladder]
    work.tell(tenant_id=tenant_id, policy_id=policy.id, version=policy.version, stages=rungs)
    return policy


def policy_for(work: Work, tenant_id: int | None) -> DunningPolicy:
    """The version a case of a tenant begins with: its own newest, else the newest common one."""
    found = work.session.scalars(
        select(DunningPolicy)
        .where(or_(DunningPolicy.tenant_id == tenant_id, DunningPolicy.tenant_id.is_(None)))
        .order_by(DunningPolicy.tenant_id.is_(None), DunningPolicy.version.desc())
    ).all()
    own = found[0]
    if own.tenant_id is None or ladder_of(work, own.id):
        return own
    return next(policy for policy in found if policy.tenant_id is None)


def ladder_of(work: Work, policy_id: int) -> Ladder:
    """The stages of a version, in order; they never change, so that they are read once."""
    known: Ladder | None = work.kept.get((DunningPolicy, policy_id))
    if known is not None:
        return known
    rows = work.session.scalars(
        select(DunningStage)
        .where(DunningStage.policy_id == policy_id)
        .order_by(DunningStage.position)
    )
    ladder = tuple(Stage(row.after_days, row.effect, row.template) for row in rows)
    work.kept[DunningPolicy, policy_id] = ladder
    return ladder


def stages_of(work: Work, case: DunningCase) -> Ladder:
    """The ladder a case climbs: its own stages, else those of the version it began with."""
    if case.override_custom_stages is not None:
        return tuple(Stage(**stage) for stage in case.override_custom_stages)
    return ladder_of(work, case.policy_id)


def as_json(stages: Sequence[Stage]) -> list[dict[str, object]]:
    """Stages as a case keeps them."""
    return [asdict(stage) for stage in stages]
