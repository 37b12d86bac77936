"""`/sys/subscriptions` and `/admin/billing/subscriptions`: the list, and every change (SUB)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Answer, Currency, Day, Limit, Offset, RecordId, Search, SomeId, omittable
from api.subscription_changes import CHANGES, SET_STATUS, Change
from api.subscription_rows import DetailAnswer, RenewalsAnswer, SubscriptionPageAnswer
from api.subscription_shapes import (
    AssignBody,
    Changing,
    Collection,
    ItemAnswer,
    RemoveItemBody,
    SubscriptionAnswer,
)
from core.subscriptions.detail import detail
from core.subscriptions.listing import Filters, subscriptions
from core.subscriptions.renewals import COMING, LONGEST_WINDOW, renewals

Sort = Literal["tenant", "plan", "status", "mrr", "renews", "started", "open"]
AnyStatus = Literal[
    "trial",
    "active",
    "past_due",
    "grace_period",
    "read_only",
    "unpaid",
    "paused",
    "suspended",
    "cancelled",
]
Outcome = Literal["all", "coming", "not"]
Slug = Annotated[str | None, Query(pattern="^[a-z0-9-]+$", max_length=60)]
Country = Annotated[
    str | None, Query(pattern="^[A-Z]{2}$", description="The tenant's, ISO 3166 such as SE.")
]

router = APIRouter()
status_router = APIRouter(prefix="/subscriptions", tags=["Subscriptions"])


@router.get("", summary="List subscriptions", responses=refusals())
def list_subscriptions(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    status: AnyStatus | None = None,
    plan: Slug = None,
    currency: Annotated[Currency | None, Query()] = None,
    country: Country = None,
    collection: Collection | None = None,
    tenant_id: Annotated[SomeId | None, Query()] = None,
    renews_from: Day | None = None,
    renews_until: Day | None = None,
    sort: Sort = "tenant",
    descending: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> SubscriptionPageAnswer:
    """Needs `billing.read` or `saas.subscriptions.manage`; a tenant's caller gets its own."""
    wanted = Filters(
        text=search,
        status=status,
        plan=plan,
        currency=currency,
        collection=collection,
        renews_from=renews_from,
        renews_until=renews_until,
        tenant_id=tenant_id,
        country=country,
    )
    with at.work(actor) as work:
        page = subscriptions(
            work, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        )
    return SubscriptionPageAnswer.model_validate(page)


@router.get("/renewals", summary="What renews in the next days", responses=refusals(400))
def list_renewals(
    at: TheOffice,
    actor: Caller,
    days: Annotated[int, Query(ge=0, le=LONGEST_WINDOW, description="How far to look.")] = 30,
    outcome: Annotated[Outcome, Query(description="All, or what will or will not come.")] = "all",
    tenant_id: Annotated[SomeId | None, Query()] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> RenewalsAnswer:
    """The next renewal of each subscription, by day; totals are of all of the window.

    Needs `billing.read` or `saas.subscriptions.manage`; a tenant's caller gets its own.
    """
    with at.work(actor) as work:
        found = renewals(work, days, tenant_id=tenant_id)
    wanted = [
        row
        for row in found.rows
        if outcome == "all" or (row.outcome in COMING) == (outcome == "coming")
    ]
    return RenewalsAnswer.model_validate(
        {
            **vars(found),
            "count": len(wanted),
            "rows": wanted[offset : offset + limit],
        }
    )


@router.get("/{subscription_id}", summary="One subscription", responses=refusals(404))
def one(at: TheOffice, actor: Caller, subscription_id: RecordId) -> DetailAnswer:
    """With its items, plan history and documents. Needs what the list needs."""
    with at.work(actor) as work:
        return DetailAnswer.model_validate(detail(work, subscription_id))


@router.post(
    "", status_code=201, summary="Assign a subscription", responses=refusals(400, 404, 409)
)
def assign(at: TheOffice, actor: Caller, body: AssignBody, key: Key = None) -> SubscriptionAnswer:
    """Needs `saas.subscriptions.manage`."""
    with at.work(actor) as work:
        made = body.do(work, key)
    return SubscriptionAnswer.model_validate(made)


@router.post("/items/{item_id}/remove", summary="Remove an item", responses=refusals(400, 404, 409))
def remove_item(
    at: TheOffice,
    actor: Caller,
    item_id: RecordId,
    body: Annotated[RemoveItemBody, omittable(RemoveItemBody)],
    key: Key = None,
) -> ItemAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        removed = body.do(work, item_id, key)
    return ItemAnswer.model_validate(removed)


def _offer(change: Change, door: APIRouter) -> None:
    def carry_out(
        at: TheOffice, actor: Caller, subscription_id: RecordId, body: Changing, key: Key = None
    ) -> Answer:
        with at.work(actor) as work:
            done = body.do(work, subscription_id, key)
        return change.answer.model_validate(done)

    carry_out.__annotations__["body"] = change.taken
    door.add_api_route(
        f"/{{subscription_id}}/{change.path}",
        carry_out,
        methods=["POST"],
        name=change.name,
        summary=change.summary,
        description=change.needs,
        response_model=change.answer,
        status_code=change.status,
        responses=refusals(400, 404, 409),
    )


for each in CHANGES:
    _offer(each, router)
_offer(SET_STATUS, status_router)
