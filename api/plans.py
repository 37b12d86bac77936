"""`/admin/billing/plans`: the catalogue; `/v1/plans`: what the pricing page shows (PLN)."""

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api import usage_prices
from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Answer, Body, Currency, Day, LongText, Minor, Name, RecordId, example
from core.access.authority import system
from core.plans import actions, offers, queries
from core.plans.facts import LARGEST_LIMIT, LAST_PLACE, PlanFacts

Cycle = Literal["weekly", "monthly", "quarterly", "semiannual", "annual"]
Flag = Literal["api_access", "custom_branding", "priority_support"]
LimitName = Annotated[str, Field(max_length=60)]
Most = Annotated[int, Field(strict=True, ge=-1, le=LARGEST_LIMIT)]
MOST_PARTS = 100
"""Prices or limits of one plan."""
PRICING_SECONDS = 60


class FactsBody(Body):
    """Everything of a plan but its slug and prices; a limit of −1 is unlimited."""

    name: Name
    description: LongText = ""
    limits: Annotated[dict[LimitName, Most], Field(default_factory=dict, max_length=MOST_PARTS)]
    flags: Annotated[list[Flag], Field(default_factory=list)]
    is_recommended: bool = False
    sort_order: Annotated[int, Field(strict=True, ge=0, le=LAST_PLACE)] = 0
    fixed_days: bool = False

    @property
    def facts(self) -> PlanFacts:
        """The same for core."""
        given = self.model_dump(include=set(FactsBody.model_fields))
        return PlanFacts(**{**given, "flags": tuple(self.flags)})


class PriceBody(Body):
    """A price of a whole cycle."""

    cycle: Cycle
    currency: Currency
    amount_minor: Minor


class PriceFromBody(PriceBody):
    """A new version of a price, from today unless a later day is given."""

    model_config = example({"cycle": "monthly", "currency": "EUR", "amount_minor": 8900})

    valid_from: Day | None = None


class PlanBody(FactsBody):
    """A new plan with its first prices."""

    model_config = example(
        {
            "slug": "team",
            "name": "Team",
            "limits": {"max_users": 10},
            "prices": [{"cycle": "monthly", "currency": "EUR", "amount_minor": 4900}],
        }
    )

    slug: Annotated[str, Field(pattern="^[a-z0-9-]+$", max_length=60, examples=["growth"])]
    prices: Annotated[list[PriceBody], Field(max_length=MOST_PARTS)]


class PlanEditBody(Body):
    """A plan as its editor saw it, and as it shall be."""

    model_config = example(
        {"before": {"name": "Team"}, "after": {"name": "Team", "flags": ["api_access"]}}
    )

    before: FactsBody
    after: FactsBody


class ToggleBody(Body):
    """On, or off: an inactive plan is not assigned anew and not shown."""

    model_config = example({"is_active": False})

    is_active: bool


class PriceAnswer(Answer):
    """A version of a price; `valid_until` is its first day without it."""

    cycle: str
    currency: str
    version: int
    amount_minor: int
    valid_from: date
    valid_until: date | None


class FactsAnswer(Answer):
    """Everything of a plan but its slug and prices; a limit of −1 is unlimited."""

    name: str
    description: str
    limits: dict[str, int]
    flags: list[str]
    is_recommended: bool
    sort_order: int
    fixed_days: bool


class PlanAnswer(Answer):
    """A plan with every version of its prices and the number of its running subscriptions."""

    id: int
    slug: str
    facts: FactsAnswer
    is_active: bool
    created_at: datetime
    prices: list[PriceAnswer]
    subscribers: int


class PlansAnswer(Answer):
    """The plans in the order of the pricing page."""

    count: int
    rows: list[PlanAnswer]


class QuoteAnswer(Answer):
    """The price of a whole cycle, the same a month, and what it saves."""

    amount_minor: int
    monthly_minor: int
    saved_percent: int


class OfferAnswer(Answer):
    """An active plan with its quotes by cycle."""

    slug: str
    facts: FactsAnswer
    quotes: dict[str, QuoteAnswer]


class PricingAnswer(Answer):
    """The pricing page in one currency, and the currencies there are prices in."""

    currency: str
    currencies: list[str]
    offers: list[OfferAnswer]


class ChangedPlanAnswer(Answer):
    """A plan after a change."""

    id: int
    slug: str
    name: str
    is_active: bool


class NewPriceAnswer(PriceAnswer):
    """A new version of a price."""

    id: int
    plan_id: int


router = APIRouter(prefix="/admin/billing/plans", tags=["Plans"])
public = APIRouter(prefix="/v1/plans", tags=["Plans"])


@public.get("", summary="The pricing page's plans; needs no sign-in", responses=refusals())
def pricing(
    at: TheOffice, response: Response, currency: Annotated[Currency | None, Query()] = None
) -> PricingAnswer:
    """Active plans with limits, flags, prices and savings; the recommended one is marked.

    A currency without prices gives way to the reporting currency.
    """
    with at.work(system("pricing")) as work:
        found = offers.pricing(work, currency)
    response.headers["cache-control"] = f"public, max-age={PRICING_SECONDS}"
    return PricingAnswer.model_validate(found)


@router.get("", summary="List plans", responses=refusals())
def plans(at: TheOffice, actor: Caller, active_only: bool = False) -> PlansAnswer:
    """At most 500, in the order of the pricing page. Needs `saas.plans.manage`."""
    with at.work(actor) as work:
        rows = queries.catalogue(work, active_only=active_only)
    found = [PlanAnswer.model_validate(row) for row in rows]
    return PlansAnswer(count=len(found), rows=found)


@router.get("/{plan_id}", summary="One plan", responses=refusals(404))
def plan(at: TheOffice, actor: Caller, plan_id: RecordId) -> PlanAnswer:
    """Needs `saas.plans.manage`."""
    with at.work(actor) as work:
        return PlanAnswer.model_validate(queries.plan_row(work, plan_id))


@router.post("", status_code=201, summary="Create a plan", responses=refusals(400, 409))
def create(at: TheOffice, actor: Caller, body: PlanBody, key: Key = None) -> ChangedPlanAnswer:
    """The slug never changes; prices hold from today. Needs `saas.plans.manage`."""
    prices = tuple(actions.NewPrice(**price.model_dump()) for price in body.prices)
    new = actions.NewPlan(slug=body.slug, prices=prices, **vars(body.facts))
    with at.work(actor) as work:
        return ChangedPlanAnswer.model_validate(actions.create_plan(work, new, key=key))


@router.put("/{plan_id}", summary="Edit a plan", responses=refusals(400, 404, 409))
def edit(
    at: TheOffice, actor: Caller, plan_id: RecordId, body: PlanEditBody, key: Key = None
) -> ChangedPlanAnswer:
    """Refused when the plan no longer looks like `before`. Needs `saas.plans.manage`."""
    before, after = body.before.facts, body.after.facts
    with at.work(actor) as work:
        edited = actions.edit_plan(work, plan_id, before, after, key=key)
        return ChangedPlanAnswer.model_validate(edited)


@router.post("/{plan_id}/toggle", summary="Switch a plan on or off", responses=refusals(404))
def toggle(at: TheOffice, actor: Caller, plan_id: RecordId, body: ToggleBody) -> ChangedPlanAnswer:
    """Its subscribers stay until renewal. Needs `saas.plans.manage`."""
    with at.work(actor) as work:
        changed = actions.set_plan_active(work, plan_id, body.is_active)
        return ChangedPlanAnswer.model_validate(changed)


@router.post(
    "/{plan_id}/prices", status_code=201, summary="Price a plan", responses=refusals(400, 404, 409)
)
def price(
    at: TheOffice, actor: Caller, plan_id: RecordId, body: PriceFromBody, key: Key = None
) -> NewPriceAnswer:
    """A new version; running periods keep theirs. Needs `saas.plans.manage`."""
    new = actions.NewPrice(body.cycle, body.currency, body.amount_minor)
    with at.work(actor) as work:
        made = actions.set_price(work, plan_id, new, valid_from=body.valid_from, key=key)
        return NewPriceAnswer.model_validate(made)


router.include_router(usage_prices.router, prefix="/{plan_id}/usage-prices")
