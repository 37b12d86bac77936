"""`/sys/payments/disputes` and `/admin/billing/payments/disputes`: what card holders dispute."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import Currency, Day, Limit, Offset, RecordId, Search, SomeId
from core.payments.dispute_listing import (
    DisputeDetail,
    DisputeFilters,
    DisputePage,
    dispute_detail,
    disputes,
)

DisputeStatus = Literal["needs_response", "under_review", "won", "lost"]
Sort = Literal["evidence", "newest", "tenant", "amount"]

router = APIRouter()


@router.get("/disputes", summary="List disputes", responses=refusals(400))
def list_disputes(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    status: DisputeStatus | None = None,
    provider: Annotated[str | None, Query(max_length=12)] = None,
    currency: Annotated[Currency | None, Query()] = None,
    tenant_id: Annotated[SomeId | None, Query()] = None,
    opened_from: Day | None = None,
    opened_until: Day | None = None,
    sort: Sort = "evidence",
    descending: bool = False,
    limit: Limit = 100,
    offset: Offset = 0,
) -> DisputePage:
    """Those to be answered first come first; a tenant's caller gets its own.

    Needs `billing.read`, or `org.billing.read` of the own tenant.
    """
    wanted = DisputeFilters(
        text=search,
        status=status,
        provider=provider,
        currency=currency,
        opened_from=opened_from,
        opened_until=opened_until,
        tenant_id=tenant_id,
    )
    with at.work(actor) as work:
        return disputes(work, wanted, sort=sort, descending=descending, limit=limit, offset=offset)


@router.get("/disputes/{dispute_id}", summary="One dispute", responses=refusals(404))
def one_dispute(at: TheOffice, actor: Caller, dispute_id: RecordId) -> DisputeDetail:
    """With what it posted, which the platform's people alone see."""
    with at.work(actor) as work:
        return dispute_detail(work, dispute_id)
