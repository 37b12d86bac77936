"""Where the gateways send their events: verified, stored, answered; a worker does the rest (PAY.4).

No sign-in: the signature over the raw body is what proves the sender.
"""

from typing import Literal

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from api.caller import TheOffice
from api.errors import refusals
from api.shapes import Answer, RecordId
from core.charging.events import Received, receive
from core.gateways.port import ForgedEvent
from core.work import Office

Provider = Literal["stripe", "paystack", "paypal"]
SIGNED_BY: dict[str, Provider] = {
    "stripe-signature": "stripe",
    "x-paystack-signature": "paystack",
    "paypal-transmission-sig": "paypal",
}
"""The header by which each gateway's events are known where they share an address."""

router = APIRouter(tags=["Webhooks"])


class ReceivedAnswer(Answer):
    """The event is kept; `new` is false for one that was delivered before."""

    received: bool = True
    new: bool


@router.post(
    "/my-billing/webhook/{provider}",
    summary="An event of a gateway",
    responses=refusals(400, 413),
)
async def webhook(request: Request, at: TheOffice, provider: Provider) -> ReceivedAnswer:
    """Signed by the company's account at the gateway."""
    return await _take(request, at, provider, None)


@router.post(
    "/my-billing/webhook/{provider}/{tenant_id}",
    summary="An event of a tenant's own account",
    responses=refusals(400, 413),
)
async def own_webhook(
    request: Request, at: TheOffice, provider: Provider, tenant_id: RecordId
) -> ReceivedAnswer:
    """Signed by the account whose keys the tenant has in Payment config."""
    return await _take(request, at, provider, tenant_id)


@router.post("/v1/billing/webhook", summary="An event of any gateway", responses=refusals(400, 413))
async def any_webhook(request: Request, at: TheOffice) -> ReceivedAnswer:
    """The gateway is known by its signature's header."""
    provider = next((name for head, name in SIGNED_BY.items() if head in request.headers), None)
    if provider is None:
        raise ForgedEvent("The event is not signed by a gateway")
    return await _take(request, at, provider, None)


async def _take(
    request: Request, at: Office, provider: Provider, tenant_id: int | None
) -> ReceivedAnswer:
    raw = await request.body()
    headers = {name.lower(): value for name, value in request.headers.items()}

    def work() -> Received:
        return receive(at, provider, raw, headers, tenant_id=tenant_id)

    return ReceivedAnswer(new=(await run_in_threadpool(work)).new)
