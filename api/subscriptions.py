"""`/sys/subscriptions` and `/admin/billing/subscriptions`: the list, and every change (SUB)."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Currency, Limit, Offset, RecordId, Search, SomeId
from api.subscription_rows import DetailAnswer, SubscriptionPageAnswer
from api.subscription_shapes import (
    AddItemBody,
    AssignBody,
    AutoRenewBody,
    CancelBody,
    ChangePlanBody,
    Collection,
    CollectionBody,
    ExtendTrialBody,
    ItemAnswer,
    PauseBody,
    RemoveItemBody,
    ResumeBody,
    StatusBody,
    SubscriptionAnswer,
)
from core.subscriptions.detail import detail
from core.subscriptions.listing import Filters, subscriptions

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
Slug = Annotated[str | None, Query(pattern="^[a-z0-9-]+$", max_length=60)]

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
    collection: Collection | None = None,
    tenant_id: Annotated[SomeId | None, Query()] = None,
    renews_from: date | None = None,
    renews_until: date | None = None,
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
    )
    with at.work(actor) as work:
        page = subscriptions(
            work, wanted, sort=sort, descending=descending, limit=limit, offset=offset
        )
    return SubscriptionPageAnswer.model_validate(page)


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


@router.post(
    "/{subscription_id}/change-plan", summary="Change the plan", responses=refusals(400, 404, 409)
)
def change_plan(
    at: TheOffice,
    actor: Caller,
    subscription_id: RecordId,
    body: ChangePlanBody,
    key: Key = None,
) -> SubscriptionAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post("/{subscription_id}/pause", summary="Pause", responses=refusals(400, 404, 409))
def pause(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: PauseBody, key: Key = None
) -> SubscriptionAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post("/{subscription_id}/resume", summary="Resume today", responses=refusals(400, 404, 409))
def resume(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: ResumeBody, key: Key = None
) -> SubscriptionAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post("/{subscription_id}/cancel", summary="Cancel", responses=refusals(400, 404, 409))
def cancel(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: CancelBody, key: Key = None
) -> SubscriptionAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post(
    "/{subscription_id}/extend-trial", summary="Extend a trial", responses=refusals(400, 404, 409)
)
def extend_trial(
    at: TheOffice,
    actor: Caller,
    subscription_id: RecordId,
    body: ExtendTrialBody,
    key: Key = None,
) -> SubscriptionAnswer:
    """By 30 days at most in total. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post(
    "/{subscription_id}/auto-renew",
    summary="Switch renewing by itself",
    responses=refusals(400, 404, 409),
)
def auto_renew(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: AutoRenewBody, key: Key = None
) -> SubscriptionAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post(
    "/{subscription_id}/collection",
    summary="Choose how it is collected",
    responses=refusals(400, 404, 409),
)
def collection(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: CollectionBody, key: Key = None
) -> SubscriptionAnswer:
    """From the next invoice on. Needs `saas.subscriptions.manage`."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)


@router.post(
    "/{subscription_id}/items",
    status_code=201,
    summary="Add an item",
    responses=refusals(400, 404, 409),
)
def add_item(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: AddItemBody, key: Key = None
) -> ItemAnswer:
    """Prorated for the rest of the period. Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        added = body.do(work, subscription_id, key)
    return ItemAnswer.model_validate(added)


@router.post("/items/{item_id}/remove", summary="Remove an item", responses=refusals(400, 404, 409))
def remove_item(
    at: TheOffice, actor: Caller, item_id: RecordId, body: RemoveItemBody, key: Key = None
) -> ItemAnswer:
    """Needs `sys_finance`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        removed = body.do(work, item_id, key)
    return ItemAnswer.model_validate(removed)


@status_router.post(
    "/{subscription_id}/status", summary="Set the status", responses=refusals(400, 404, 409)
)
def set_status(
    at: TheOffice, actor: Caller, subscription_id: RecordId, body: StatusBody, key: Key = None
) -> SubscriptionAnswer:
    """Needs `saas.subscriptions.manage`; `cancelled` what a cancellation needs."""
    with at.work(actor) as work:
        changed = body.do(work, subscription_id, key)
    return SubscriptionAnswer.model_validate(changed)
