"""`/sys/tenants`: organisations that sign up (SUB.2)."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.shapes import Answer, Body, Currency, Day, Limit, Name, Offset, Search, example
from core.tenants.actions import NewTenant, create_tenant
from core.tenants.queries import TenantFilters, TenantList, tenants


class TenantBody(Body):
    """What is known of an organisation when it signs up."""

    model_config = example({"name": "Fjord AB", "country": "SE", "currency": "SEK"})

    name: Name
    country: Annotated[str, Field(pattern="^[A-Z]{2}$", examples=["SE"])] | None = None
    currency: Currency
    language: Annotated[str, Field(pattern="^[a-z]{2}$")] = "en"
    billing_email: Name | None = None
    tax_id: Name | None = None
    external_id: Name | None = None
    signed_up_on: Day | None = None


class TenantAnswer(Answer):
    """An organisation on the platform."""

    id: int
    name: str
    country: str | None
    currency: str
    language: str
    billing_email: str | None
    tax_id: str | None
    external_id: str | None
    signed_up_on: date | None


State = Literal["subscribed", "former", "none"]

router = APIRouter(prefix="/sys/tenants", tags=["Tenants"])


@router.get("", summary="List tenants", responses=refusals(400))
def list_tenants(
    at: TheOffice,
    actor: Caller,
    search: Search = None,
    country: Annotated[str | None, Query(pattern="^[A-Z]{2}$")] = None,
    currency: Annotated[Currency | None, Query()] = None,
    state: Annotated[State | None, Query(description="`none` never had a plan.")] = None,
    sort: Literal["name", "newest"] = "name",
    limit: Limit = 100,
    offset: Offset = 0,
) -> TenantList:
    """With the plan each subscribes to, or did last; a tenant's caller gets its own.

    Needs `billing.read` or `saas.subscriptions.manage`, or `org.billing.read` of the own tenant.
    """
    wanted = TenantFilters(search, country, currency, state)
    with at.work(actor) as work:
        return tenants(work, wanted, order=sort, limit=limit, offset=offset)


@router.post("", status_code=201, summary="Add a tenant", responses=refusals(400, 409))
def create(at: TheOffice, actor: Caller, body: TenantBody, key: Key = None) -> TenantAnswer:
    """It has no subscription before one is assigned. Needs `saas.subscriptions.manage`."""
    new = NewTenant(**body.model_dump(exclude={"signed_up_on"}))
    with at.work(actor) as work:
        made = create_tenant(work, new, signed_up_on=body.signed_up_on, key=key)
        return TenantAnswer.model_validate(made)
