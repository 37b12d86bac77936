"""`/admin/billing/plans/{id}/usage-prices`: what usage of a plan costs (USE.3)."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Answer, Body, Currency, Day, Minor, Name, RecordId, example
from api.usage import Number, Quantity
from core.usage import actions, catalogue
from core.usage.pricing import MOST_TIERS, UNIT_PLACES, Pricing, Tier

Model = Literal["per_unit", "graduated", "volume", "package"]
UnitMinor = Annotated[Decimal, Field(ge=0, max_digits=20, decimal_places=UNIT_PLACES)]


class TierBody(Body):
    """Units up to and with `up_to`, the last tier without it; prices in minor units or parts."""

    up_to: Quantity | None = None
    unit_minor: UnitMinor
    flat_minor: Minor = 0

    def tier(self) -> Tier:
        """The tier as core knows it."""
        return Tier(self.up_to, self.unit_minor, self.flat_minor)


class UsagePriceBody(Body):
    """What a plan charges for a meter, for periods that start today or on a later day given."""

    model_config = example(
        {
            "meter": "max_shipments",
            "currency": "EUR",
            "model": "graduated",
            "tiers": [{"up_to": "1000", "unit_minor": "0.5"}, {"unit_minor": "0.25"}],
        }
    )

    meter: Name
    currency: Currency
    model: Model = "per_unit"
    tiers: Annotated[tuple[TierBody, ...], Field(max_length=MOST_TIERS)] = ()
    included: Quantity = Decimal(0)
    package_size: Quantity | None = None
    minimum_minor: Minor = 0
    valid_from: Day | None = None

    def pricing(self) -> Pricing:
        """The pricing as core knows it."""
        return Pricing(
            self.model,
            tuple(tier.tier() for tier in self.tiers),
            self.included,
            self.package_size,
            self.minimum_minor,
        )


class TierAnswer(Answer):
    """A tier; `up_to` is null in the last one."""

    up_to: Number | None
    unit_minor: Number
    flat_minor: int


class UsagePriceAnswer(Answer):
    """A version of what a plan charges for a meter; `valid_until` is its first day without it."""

    id: int
    plan_id: int
    meter: str
    currency: str
    version: int
    model: str
    tiers: list[TierAnswer]
    included: Number
    package_size: Number | None
    minimum_minor: int
    valid_from: date
    valid_until: date | None


class UsagePricesAnswer(Answer):
    """What a plan charges by meter and currency, each with its newest version first."""

    count: int
    rows: list[UsagePriceAnswer]


router = APIRouter()


@router.get("", summary="What a plan's usage costs", responses=refusals(404))
def usage_prices(at: TheOffice, actor: Caller, plan_id: RecordId) -> UsagePricesAnswer:
    """Every version, 500 at most. Needs `saas.plans.manage`."""
    with at.work(actor) as work:
        found = catalogue.usage_prices(work, plan_id)
        rows = [UsagePriceAnswer.model_validate(row) for row in found]
    return UsagePricesAnswer(count=len(rows), rows=rows)


@router.post("", status_code=201, summary="Price a plan's usage", responses=refusals(400, 404, 409))
def set_usage_price(
    at: TheOffice, actor: Caller, plan_id: RecordId, body: UsagePriceBody, key: Key = None
) -> UsagePriceAnswer:
    """A new version; periods that run keep theirs. Needs `saas.plans.manage`.

    A per-unit price without a tier takes the usual cost of a unit.
    """
    with at.work(actor) as work:
        made = actions.set_usage_price(
            work,
            plan_id,
            body.meter,
            body.currency,
            body.pricing(),
            valid_from=body.valid_from,
            key=key,
        )
        return UsagePriceAnswer.model_validate(made)
