"""Writes on the plan catalogue: plans, price versions, switching on and off (PLN.1–2)."""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select

from core.actions import action
from core.errors import BadInput, ChangedMeanwhile, NotFound
from core.money import Money
from core.plans.facts import FLAGS, NO_PLAN, PlanFacts, changed, check_facts, facts_of
from core.plans.models import CYCLES, Plan, PlanLimit, PlanPrice
from core.work import Work


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

    @property
    def facts(self) -> PlanFacts:
        """The part of it that can be edited later."""
        return PlanFacts(
            self.name,
            self.description,
            self.limits,
            self.flags,
            self.is_recommended,
            self.sort_order,
            self.fixed_days,
        )


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


@action("saas.plan.updated", needs="saas.plans.manage")
def edit_plan(
    work: Work, plan_id: int, before: PlanFacts, after: PlanFacts, *, key: str | None = None
) -> Plan:
    """Change what can be changed of a plan; the slug stays and prices have versions of their own.

    `before` is the plan as its editor saw it. Limits and flags hold at once, `fixed_days` from the
    next period on. Raises BadInput, ChangedMeanwhile when it looks different by now, NotFound.
    """
    check_facts(after)
    plan = _locked(work, plan_id)
    if changed(facts_of(plan), before):
        raise ChangedMeanwhile
    edited = changed(before, after)
    if not edited:
        raise BadInput("Nothing of the plan would change")
    _write_facts(work, plan, after)
    work.tell(
        plan_id=plan.id,
        slug=plan.slug,
        before={name: _told(before, name) for name in edited},
        after={name: _told(after, name) for name in edited},
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
    _check_price(price)
    if from_day < work.today:
        raise BadInput("A price does not start in the past")
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
            raise BadInput(
                f"A price already starts on {current.valid_from}; the next one starts after it"
            )
        current.valid_until = from_day
        work.session.flush()
    return current


def _check(work: Work, new: NewPlan) -> None:
    if not re.fullmatch(r"[a-z0-9-]+", new.slug):
        raise BadInput(f"{new.slug!r}: a slug has lowercase letters, digits and hyphens only")
    if new.slug == NO_PLAN:
        raise BadInput(f"{NO_PLAN!r} stands for no plan in figures; choose another slug")
    if work.session.scalar(select(Plan.id).where(Plan.slug == new.slug)) is not None:
        raise BadInput(f"There is already a plan {new.slug}")
    check_facts(new.facts)
    places = [(price.cycle, price.currency) for price in new.prices]
    if len(set(places)) < len(places):
        raise BadInput("A cycle and currency has one price")
    for price in new.prices:
        _check_price(price)


def _check_price(price: NewPrice) -> None:
    """Raise BadInput or BadMoney when this cannot be a price."""
    if price.amount_minor < 0 or price.cycle not in CYCLES:
        raise BadInput("A price is not negative and has a known cycle")
    Money(price.amount_minor, price.currency)


def _write_facts(work: Work, plan: Plan, facts: PlanFacts) -> None:
    plan.name, plan.description = facts.name, facts.description
    plan.is_recommended, plan.sort_order = facts.is_recommended, facts.sort_order
    plan.fixed_days = facts.fixed_days
    for flag in FLAGS:
        setattr(plan, flag, flag in facts.flags)
    known = {limit.name: limit for limit in plan.limits}
    for name in known.keys() - facts.limits.keys():
        work.session.delete(known[name])
    for name, quantity in sorted(facts.limits.items()):
        if name in known:
            known[name].quantity = quantity
        else:
            work.session.add(PlanLimit(plan_id=plan.id, name=name, quantity=quantity))
    work.session.flush()
    work.session.refresh(plan, ["limits"])


def _told(facts: PlanFacts, name: str) -> Any:
    value = getattr(facts, name)
    return sorted(value) if isinstance(value, tuple) else value


def _locked(work: Work, plan_id: int) -> Plan:
    plan = work.session.get(Plan, plan_id, with_for_update=True)
    if plan is None:
        raise NotFound(f"There is no plan {plan_id}")
    return plan
