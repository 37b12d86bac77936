"""Writes on meters and on what plans charge for usage (USE.1, USE.3)."""

import re
from datetime import date

from sqlalchemy import select

from core.actions import action
from core.errors import BadInput, NotFound
from core.plans.models import Plan
from core.usage.models import AGGREGATIONS, RESETS, Meter, UsagePrice, UsagePriceTier
from core.usage.pricing import Pricing, check_pricing, with_unit_cost
from core.work import Work


@action("saas.meter.created", needs="saas.plans.manage")
def create_meter(
    work: Work, name: str, aggregation: str, *, resets: str = "period", key: str | None = None
) -> Meter:
    """Something to measure; a limit of the same name in a plan is a limit on it.

    A level (`latest`) never resets, everything else with each period or each local day.
    Raises BadInput.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BadInput(f"{name!r}: a meter has lowercase letters, digits and underscores only")
    if aggregation not in AGGREGATIONS or resets not in RESETS:
        raise BadInput(f"There is no meter that is {aggregation!r} and resets {resets!r}")
    if (aggregation == "latest") != (resets == "never"):
        raise BadInput("A level (latest) never resets, and nothing else is kept for ever")
    if work.session.get(Meter, name) is not None:
        raise BadInput(f"There is already a meter {name}")
    meter = Meter(name=name, aggregation=aggregation, resets=resets, created_at=work.now)
    work.session.add(meter)
    work.session.flush()
    work.tell(meter=name, aggregation=aggregation, resets=resets)
    return meter


@action("saas.plan.usage_priced", needs="saas.plans.manage")
def set_usage_price(
    work: Work,
    plan_id: int,
    meter: str,
    currency: str,
    pricing: Pricing,
    *,
    valid_from: date | None = None,
    key: str | None = None,
) -> UsagePrice:
    """What a plan charges for a meter, for periods that start today or on a later day given.

    Periods that run keep the version they started with (PLN.2). A per-unit price without a tier
    takes `BILLING_UNIT_COST`. Raises BadInput, NotFound.
    """
    from_day = valid_from or work.today
    pricing = with_unit_cost(pricing, work.settings.billing_unit_cost)
    check_pricing(pricing)
    if not re.fullmatch(r"[A-Z]{3}", currency) or from_day < work.today:
        raise BadInput("A usage price has an ISO 4217 currency and does not start in the past")
    plan = work.session.get(Plan, plan_id, with_for_update=True)
    if plan is None:
        raise NotFound(f"There is no plan {plan_id}")
    _check_meter(work, meter)
    current = _end_current(work, plan.id, meter, currency, from_day)
    fresh = UsagePrice(
        plan_id=plan.id,
        meter=meter,
        currency=currency,
        version=current.version + 1 if current else 1,
        model=pricing.model,
        included=pricing.included,
        package_size=pricing.package_size,
        minimum_minor=pricing.minimum_minor,
        valid_from=from_day,
    )
    fresh.tiers = [
        UsagePriceTier(
            position=place,
            up_to=tier.up_to,
            unit_minor=tier.unit_minor,
            flat_minor=tier.flat_minor,
        )
        for place, tier in enumerate(pricing.tiers, start=1)
    ]
    work.session.add(fresh)
    work.session.flush()
    work.tell(
        plan_id=plan.id,
        slug=plan.slug,
        meter=meter,
        currency=currency,
        version=fresh.version,
        model=pricing.model,
        tiers=[[_text(t.up_to), str(t.unit_minor), t.flat_minor] for t in pricing.tiers],
        included=str(pricing.included),
        package_size=_text(pricing.package_size),
        minimum_minor=pricing.minimum_minor,
        valid_from=str(from_day),
    )
    return fresh


def _check_meter(work: Work, name: str) -> None:
    meter = work.session.get(Meter, name)
    if meter is None:
        raise NotFound(f"There is no meter {name!r}")
    if meter.aggregation == "latest":
        raise BadInput(f"{name} is a level; charge for a meter of its largest value instead")


def _end_current(
    work: Work, plan_id: int, meter: str, currency: str, from_day: date
) -> UsagePrice | None:
    """Let the version in force end when the new one starts."""
    current = work.session.scalar(
        select(UsagePrice).where(
            UsagePrice.plan_id == plan_id,
            UsagePrice.meter == meter,
            UsagePrice.currency == currency,
            UsagePrice.valid_until.is_(None),
        )
    )
    if current is not None:
        if current.valid_from >= from_day:
            raise BadInput(f"The price in force already starts on {current.valid_from}")
        current.valid_until = from_day
        work.session.flush()
    return current


def _text(value: object) -> str | None:
    return None if value is None else str(value)
