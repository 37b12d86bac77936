"""Builders of usage: events, meters and prices."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import select

from core.plans.models import Plan
from core.usage.actions import create_meter, set_usage_price
from core.usage.counting import UsageEvent
from core.usage.ingesting import ingest
from core.usage.models import UsageCounter
from core.usage.pricing import Pricing, Tier
from core.work import Office
from tests.billing import JOB
from tests.builders import a_user, acting


def an_event(
    office: Office,
    tenant_id: int,
    event_id: str,
    meter: str = "max_shipments",
    quantity: str = "1",
    *,
    at: datetime | None = None,
    subject: str | None = None,
) -> UsageEvent:
    """An event of now unless another instant is given."""
    occurred_at = at or office.clock.now()
    return UsageEvent(tenant_id, event_id, meter, occurred_at, Decimal(quantity), subject)


def taken_in(office: Office, *events: UsageEvent) -> list[str]:
    """The statuses of a batch."""
    with office.work(JOB) as work:
        return [receipt.status for receipt in ingest(work, events)]


def a_meter(office: Office, name: str, aggregation: str, resets: str = "period") -> None:
    """A meter made by a super admin."""
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        create_meter(work, name, aggregation, resets=resets)


def a_price(
    office: Office,
    plan: Plan,
    pricing: Pricing,
    meter: str = "max_shipments",
    currency: str = "EUR",
) -> None:
    """What a plan charges for a meter from today."""
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        set_usage_price(work, plan.id, meter, currency, pricing)


def per_unit(unit_minor: str, minimum_minor: int = 0, included: str = "0") -> Pricing:
    """So many minor units for each unit."""
    tiers = (Tier(None, Decimal(unit_minor)),)
    return Pricing("per_unit", tiers, Decimal(included), None, minimum_minor)


def counters(office: Office, tenant_id: int) -> dict[tuple[str, str], Decimal]:
    """The value of each counter of a tenant by meter and start of its window."""
    with office.work(JOB) as work:
        rows = work.session.scalars(
            select(UsageCounter).where(UsageCounter.tenant_id == tenant_id)
        ).all()
        return {(row.meter, str(row.window_start)): row.value for row in rows}
