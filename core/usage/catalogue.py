"""Reads of meters, and of what plans charge for them (USE.1, USE.3)."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.errors import NotFound
from core.plans.models import Plan
from core.usage.models import Meter, UsagePrice
from core.work import Work

NEEDS = "saas.plans.manage"
MOST_METERS = 500
MOST_PRICES = 500


def meters(work: Work) -> Sequence[Meter]:
    """The first MOST_METERS meters by name. Needs `saas.plans.manage`."""
    work.require(NEEDS)
    return work.session.scalars(select(Meter).order_by(Meter.name).limit(MOST_METERS)).all()


def usage_prices(work: Work, plan_id: int) -> Sequence[UsagePrice]:
    """What a plan charges by meter and currency, each with its newest version first.

    At most MOST_PRICES versions, with their tiers. Needs `saas.plans.manage`; raises NotFound.
    """
    work.require(NEEDS)
    if work.session.get(Plan, plan_id) is None:
        raise NotFound(f"There is no plan {plan_id}")
    return work.session.scalars(
        select(UsagePrice)
        .where(UsagePrice.plan_id == plan_id)
        .options(selectinload(UsagePrice.tiers))
        .order_by(UsagePrice.meter, UsagePrice.currency, UsagePrice.version.desc())
        .limit(MOST_PRICES)
    ).all()
