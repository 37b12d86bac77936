"""Reads of the plan catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import selectinload

from core.errors import NotFound, NotNow
from core.plans.facts import PlanFacts, facts_of
from core.plans.models import Plan, PlanPrice
from core.subscriptions.models import Subscription
from core.work import Work

MOST_PLANS = 500


@dataclass(frozen=True)
class PriceRow:
    """A version of a price for a whole cycle; `valid_until` is its first day without it."""

    cycle: str
    currency: str
    version: int
    amount_minor: int
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True)
class PlanRow:
    """A plan of the catalogue with all versions of its prices and its running subscriptions."""

    id: int
    slug: str
    facts: PlanFacts
    is_active: bool
    created_at: datetime
    prices: tuple[PriceRow, ...]
    subscribers: int

    @property
    def currencies(self) -> list[str]:
        """The currencies it has prices in."""
        return sorted({price.currency for price in self.prices})

    def price(self, cycle: str, currency: str, on: date) -> PriceRow | None:
        """The version in force on a day."""
        return next(
            (
                row
                for row in self.prices
                if (row.cycle, row.currency) == (cycle, currency)
                and row.valid_from <= on
                and (row.valid_until is None or row.valid_until > on)
            ),
            None,
        )

    def last_price(self, cycle: str, currency: str) -> PriceRow | None:
        """The newest version, in force or still to come."""
        found = [row for row in self.prices if (row.cycle, row.currency) == (cycle, currency)]
        return max(found, key=lambda row: row.version, default=None)


def catalogue(work: Work, *, active_only: bool = False) -> list[PlanRow]:
    """The plans in the order of the pricing page. Needs `saas.plans.manage`."""
    work.require("saas.plans.manage")
    return plan_rows(work, active_only=active_only)


def plan_row(work: Work, plan_id: int) -> PlanRow:
    """One plan of the catalogue. Needs `saas.plans.manage`; raises NotFound."""
    found = next((row for row in catalogue(work) if row.id == plan_id), None)
    if found is None:
        raise NotFound(f"There is no plan {plan_id}")
    return found


def plan_rows(work: Work, *, active_only: bool) -> list[PlanRow]:
    """The first MOST_PLANS plans in the order of the pricing page, for whoever is let in."""
    wanted = (
        select(Plan)
        .options(selectinload(Plan.prices), selectinload(Plan.limits))
        .order_by(Plan.sort_order, Plan.name, Plan.id)
        .limit(MOST_PLANS)
    )
    plans = work.session.scalars(wanted.where(Plan.is_active) if active_only else wanted).all()
    held = _subscribers(work)
    return [
        PlanRow(
            id=plan.id,
            slug=plan.slug,
            facts=facts_of(plan),
            is_active=plan.is_active,
            created_at=plan.created_at,
            prices=tuple(_prices(plan.prices)),
            subscribers=held.get(plan.id, 0),
        )
        for plan in plans
    ]


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


def _subscribers(work: Work) -> dict[int, int]:
    """Subscriptions that run, by plan."""
    counted = (
        select(Subscription.plan_id, func.count().label("subscriptions"))
        .where(Subscription.status != "cancelled")
        .group_by(Subscription.plan_id)
    )
    return {row.plan_id: row.subscriptions for row in work.session.execute(counted)}


def _prices(versions: Iterable[PlanPrice]) -> Iterable[PriceRow]:
    return (
        PriceRow(
            price.cycle,
            price.currency,
            price.version,
            price.amount_minor,
            price.valid_from,
            price.valid_until,
        )
        for price in versions
    )
