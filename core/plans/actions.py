"""Writes on the plan catalogue: plans, price versions, switching on and off (PLN.1–2)."""

import re
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from core.actions import action
from core.errors import BadInput, NotFound
from core.plans.models import CYCLES, Plan, PlanLimit, PlanPrice
from core.work import Work

FLAGS = ("api_access", "custom_branding", "priority_support")


@dataclass(frozen=True)
class NewPrice:
    """A price for a whole cycle, in minor units."""

    cycle: str
    currency: str
    amount_minor: int


@dataclass(frozen=True)
class NewPlan:
    """A plan as it is entered; a limit of −1 means unlimited."""

    slug: str
    name: str
    prices: tuple[NewPrice, ...]
    description: str = ""
    limits: dict[str, int] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    is_recommended: bool = False
    sort_order: int = 0
    fixed_days: bool = False


@action("saas.plan.created", needs="saas.plans.manage")
def create_plan(work: Work, new: NewPlan, *, key: str | None = None) -> Plan:
    """A plan with its first prices, valid from today. Raises BadInput; the slug never changes."""
    _check(work, new)
    plan = Plan(
        slug=new.slug,
        name=new.name,
        description=new.description,
        sort_order=new.sort_order,
        is_recommended=new.is_recommended,
        fixed_days=new.fixed_days,
        created_at=work.now,
        **{flag: flag in new.flags for flag in FLAGS},
    )
    plan.prices = [
        PlanPrice(
            cycle=price.cycle,
            currency=price.currency,
            amount_minor=price.amount_minor,
            version=1,
            valid_from=work.today,
        )
        for price in new.prices
    ]
    plan.limits = [PlanLimit(name=name, quantity=n) for name, n in sorted(new.limits.items())]
    work.session.add(plan)
    work.session.flush()
    work.tell(
        plan_id=plan.id,
        slug=plan.slug,
        limits=dict(new.limits),
        flags=list(new.flags),
        prices=[[p.cycle, p.currency, p.amount_minor] for p in new.prices],
    )
    return plan


@action("saas.plan.priced", needs="saas.plans.manage")
def set_price(
    work: Work,
    plan_id: int,
    price: NewPrice,
    *,
    valid_from: date | None = None,
    key: str | None = None,
) -> PlanPrice:
    """A new version of a price, from today unless a later day is given (PLN.2).

    Running periods keep the version they started with. Raises BadInput, NotFound.
    """
    from_day = valid_from or work.today
    if price.amount_minor < 0 or price.cycle not in CYCLES or from_day < work.today:
        raise BadInput("A price is not negative, has a known cycle and does not start in the past")
    plan = _locked(work, plan_id)
    current = _end_current(work, plan, price, from_day)
    fresh = PlanPrice(
        plan_id=plan.id,
        cycle=price.cycle,
        currency=price.currency,
        valid_from=from_day,
        amount_minor=price.amount_minor,
        version=current.version + 1 if current else 1,
    )
    work.session.add(fresh)
    work.session.flush()
    work.tell(
        plan_id=plan.id,
        slug=plan.slug,
        cycle=price.cycle,
        currency=price.currency,
        before_minor=current.amount_minor if current else None,
        after_minor=price.amount_minor,
        valid_from=str(from_day),
    )
    return fresh


@action("saas.plan.toggled", needs="saas.plans.manage")
def set_plan_active(work: Work, plan_id: int, is_active: bool) -> Plan:
    """Switch a plan on or off; one that is off is not assigned anew (PLN.2)."""
    plan = _locked(work, plan_id)
    plan.is_active = is_active
    work.tell(plan_id=plan.id, slug=plan.slug, is_active=is_active)
    return plan


def _end_current(work: Work, plan: Plan, price: NewPrice, from_day: date) -> PlanPrice | None:
    """Let the version in force end when the new one starts."""
    current = work.session.scalar(
        select(PlanPrice).where(
            PlanPrice.plan_id == plan.id,
            PlanPrice.cycle == price.cycle,
            PlanPrice.currency == price.currency,
            PlanPrice.valid_until.is_(None),
        )
    )
    if current is not None:
        if current.valid_from >= from_day:
            raise BadInput(f"The price in force already starts on {current.valid_from}")
        current.valid_until = from_day
        work.session.flush()
    return current


def _check(work: Work, new: NewPlan) -> None:
    if not re.fullmatch(r"[a-z0-9-]+", new.slug):
        raise BadInput(f"{new.slug!r}: a slug has lowercase letters, digits and hyphens only")
    if work.session.scalar(select(Plan.id).where(Plan.slug == new.slug)) is not None:
        raise BadInput(f"There is already a plan {new.slug}")
    if unknown := set(new.flags) - set(FLAGS):
        raise BadInput(f"Unknown flags: {', '.join(sorted(unknown))}")
    places = [(price.cycle, price.currency) for price in new.prices]
    if len(set(places)) < len(places):
        raise BadInput("A cycle and currency has one price")
    if any(price.cycle not in CYCLES or price.amount_minor < 0 for price in new.prices):
        raise BadInput("A price is not negative and has a known cycle")
    if any(quantity < -1 for quantity in new.limits.values()):
        raise BadInput("A limit is −1 for unlimited, or not negative")


def _locked(work: Work, plan_id: int) -> Plan:
    plan = work.session.get(Plan, plan_id, with_for_update=True)
    if plan is None:
        raise NotFound(f"There is no plan {plan_id}")
    return plan
