"""Reads of the plan catalogue."""

from datetime import date

from sqlalchemy import or_, select

from core.errors import NotFound, NotNow
from core.plans.models import Plan, PlanPrice
from core.work import Work


def plan_by_slug(work: Work, slug: str) -> Plan:
    """A plan. Raises NotFound."""
    plan = work.session.scalar(select(Plan).where(Plan.slug == slug))
    if plan is None:
        raise NotFound(f"There is no plan {slug}")
    return plan


def assignable_plan(work: Work, plan_id: int) -> Plan:
    """A plan that may be newly assigned. Raises NotFound, and NotNow when it is switched off."""
    plan = work.session.get(Plan, plan_id)
    if plan is None:
        raise NotFound(f"There is no plan {plan_id}")
    if not plan.is_active:
        raise NotNow(f"The plan {plan.slug} is switched off and cannot be newly assigned")
    return plan


def find_price(work: Work, plan_id: int, cycle: str, currency: str, on: date) -> PlanPrice | None:
    """The version of a price in force on a day, None when the plan has none."""
    return work.session.scalar(
        select(PlanPrice).where(
            PlanPrice.plan_id == plan_id,
            PlanPrice.cycle == cycle,
            PlanPrice.currency == currency,
            PlanPrice.valid_from <= on,
            or_(PlanPrice.valid_until.is_(None), PlanPrice.valid_until > on),
        )
    )


def price_on(work: Work, plan_id: int, cycle: str, currency: str, on: date) -> PlanPrice:
    """The version of a price in force on a day. Raises NotFound when the plan has none."""
    price = find_price(work, plan_id, cycle, currency, on)
    if price is None:
        raise NotFound(f"The plan has no {cycle} price in {currency} on {on}")
    return price
