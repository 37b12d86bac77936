"""`/my-billing/…`: the own organisation's subscription and invoices (SUB.3, INV.4)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Answer, Body, Currency, Limit, Offset, SomeId, example
from api.subscription_rows import DetailAnswer, RenewalAnswer
from api.subscription_shapes import SubscriptionAnswer
from core.invoices.listing import InvoiceFilters, InvoicePage, invoices
from core.notifications.own import own_tenant
from core.subscriptions.own import own_subscription, set_own_auto_renew

InvoiceStatus = Literal[
    "overdue",
    "issued",
    "partially_paid",
    "paid",
    "partially_refunded",
    "refunded",
    "cancelled",
    "written_off",
]

router = APIRouter(prefix="/my-billing", tags=["My billing"])


class OwnSubscriptionAnswer(Answer):
    """The own subscription with all that belongs to it; `renewal` is null when none is ahead."""

    detail: DetailAnswer
    renewal: RenewalAnswer | None


class OwnRenewalBody(Body):
    """Whether a subscription renews by itself."""

    model_config = example({"subscription_id": 7, "auto_renew": False})

    subscription_id: SomeId
    auto_renew: bool = Field(strict=True)


@router.get("/subscription", summary="The own subscription", responses=refusals(404))
def subscription(at: TheOffice, actor: Caller) -> OwnSubscriptionAnswer:
    """The running one, or the newest. Needs `org.billing.read`."""
    with at.work(actor) as work:
        return OwnSubscriptionAnswer.model_validate(own_subscription(work))


@router.post("/auto-renew", summary="Renew by itself, or not", responses=refusals(404, 409))
def auto_renew(
    at: TheOffice, actor: Caller, body: OwnRenewalBody, key: Key = None
) -> SubscriptionAnswer:
    """Needs `org.billing.manage`."""
    with at.work(actor) as work:
        done = set_own_auto_renew(work, body.subscription_id, body.auto_renew, key=key)
        work.session.flush()
        return SubscriptionAnswer.model_validate(done)


@router.get("/invoices", summary="The own invoices", responses=refusals())
def own_invoices(
    at: TheOffice,
    actor: Caller,
    status: InvoiceStatus | None = None,
    currency: Annotated[Currency | None, Query()] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> InvoicePage:
    """The newest first, without drafts. Needs `org.billing.read`."""
    with at.work(actor) as work:
        wanted = InvoiceFilters(status=status, currency=currency, tenant_id=own_tenant(work))
        return invoices(work, wanted, limit=limit, offset=offset)
