"""What can be edited of a plan, and what of it is possible; pure (PLN.1–2)."""

import re
from dataclasses import dataclass, field, replace

from core.errors import BadInput
from core.plans.models import UNLIMITED, Plan

FLAGS = ("api_access", "custom_branding", "priority_support")
LONGEST_NAME = 80
LONGEST_DESCRIPTION = 400
LARGEST_LIMIT = 10**15
LAST_PLACE = 1_000_000
"""The largest `sort_order`."""
NO_PLAN = "none"
"""What figures by plan call rows without a plan, so no plan has it as its slug."""
_LIMIT_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")


@dataclass(frozen=True)
class PlanFacts:
    """Everything of a plan but its slug and prices; a limit of −1 means unlimited."""

    name: str
    description: str = ""
    limits: dict[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    is_recommended: bool = False
    sort_order: int = 0
    fixed_days: bool = False


def facts_of(plan: Plan) -> PlanFacts:
    """The facts of a plan as they stand."""
    return PlanFacts(
        name=plan.name,
        description=plan.description,
        limits={limit.name: limit.quantity for limit in plan.limits},
        flags=tuple(flag for flag in FLAGS if getattr(plan, flag)),
        is_recommended=plan.is_recommended,
        sort_order=plan.sort_order,
        fixed_days=plan.fixed_days,
    )


def changed(before: PlanFacts, after: PlanFacts) -> list[str]:
    """The names of the facts that differ; the order of flags says nothing."""
    old, new = _ordered(before), _ordered(after)
    return [name for name in vars(old) if getattr(old, name) != getattr(new, name)]


def check_facts(facts: PlanFacts) -> None:
    """Raise BadInput, in words, when a plan cannot have these facts."""
    if not facts.name.strip() or len(facts.name) > LONGEST_NAME:
        raise BadInput(f"A plan has a name of up to {LONGEST_NAME} characters")
    if len(facts.description) > LONGEST_DESCRIPTION:
        raise BadInput(f"A description has up to {LONGEST_DESCRIPTION} characters")
    if unknown := set(facts.flags) - set(FLAGS):
        raise BadInput(f"Unknown flags: {', '.join(sorted(unknown))}")
    if not 0 <= facts.sort_order <= LAST_PLACE:
        raise BadInput(f"A place on the pricing page is a number from 0 to {LAST_PLACE}")
    for name, quantity in facts.limits.items():
        if not _LIMIT_NAME.fullmatch(name):
            raise BadInput(
                f"{name!r}: a limit's name has lowercase letters, digits and underscores, "
                "and starts with a letter"
            )
        if not UNLIMITED <= quantity <= LARGEST_LIMIT:
            raise BadInput(f"{name}: a limit is −1 for unlimited, or 0 to {LARGEST_LIMIT:,}")


def _ordered(facts: PlanFacts) -> PlanFacts:
    return replace(facts, flags=tuple(sorted(facts.flags)))
