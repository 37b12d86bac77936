"""`/sys/payment-config` and `/sys/gateway-events`: keys of gateways, what they sent (PAY.4, 7)."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, SecretStr

from api.caller import Caller, TheOffice
from api.errors import refusals
from api.shapes import (
    A_REASON,
    NO_NUL,
    Answer,
    Body,
    Limit,
    Offset,
    Reason,
    RecordId,
    SomeId,
    Text,
    example,
    omittable,
)
from core.base import LARGEST_ID
from core.charging import events as handling
from core.charging import queries
from core.gateways import configuring
from core.resealing import reseal_secrets

Provider = Literal["stripe", "paystack", "paypal"]
Named = Annotated[str, Path(max_length=20, pattern=NO_NUL, description="stripe, paystack, paypal")]
Owner = Annotated[int | None, Query(ge=1, le=LARGEST_ID, description="A tenant's own keys.")]

router = APIRouter(prefix="/sys", tags=["Payment config"])


class ConfigAnswer(Answer):
    """A gateway's keys, masked; `source` is own, company, environment, simulator or none."""

    provider: str
    title: str
    tenant_id: int | None
    source: str
    mode: str | None
    shown: dict[str, str]
    version: int
    webhook_url: str
    callback_url: str


class KeysBody(Body):
    """New keys; a field that is left out keeps its value."""

    model_config = example(
        {
            "keys": {"secret_key": "sk_test_…", "webhook_secret": "whsec_…"},
            "mode": "test",
            "reason": A_REASON,
        }
    )

    keys: dict[str, SecretStr] = Field(max_length=10)
    mode: Literal["test", "live"]
    tenant_id: SomeId | None = None
    seen_version: int | None = Field(default=None, ge=0, le=LARGEST_ID)
    reason: Reason


class KeysReasonBody(Body):
    """Why."""

    model_config = example({"reason": A_REASON})

    tenant_id: SomeId | None = None
    reason: Reason


class OwnerBody(Body):
    """Whose keys are tried; the company's when left out."""

    tenant_id: SomeId | None = None


class ProbeAnswer(Answer):
    """What the gateway said."""

    words: str


class ResealAnswer(Answer):
    """How many stored secrets were sealed anew."""

    rows: int


class GatewayEventAnswer(Answer):
    """An event of a gateway: waiting, handled, ignored or failed, and what followed."""

    id: int
    provider: str
    event_id: str
    kind: str
    status: str
    attempts: int
    outcome: str | None
    problem: str | None
    received_at: datetime
    handled_at: datetime | None


class GatewayEventsAnswer(Answer):
    """A page of events."""

    rows: list[GatewayEventAnswer]
    total: int
    by_status: dict[str, int]


@router.get("/payment-config", summary="Keys of the gateways", responses=refusals(404))
def configs(at: TheOffice, actor: Caller, tenant_id: Owner = None) -> list[ConfigAnswer]:
    """Masked, with the addresses to give to the gateways. Needs `payment_config.manage`."""
    with at.work(actor) as work:
        found = configuring.gateway_configs(at, work, tenant_id)
    return [ConfigAnswer.model_validate(each) for each in found]


@router.put("/payment-config/{provider}", summary="Set keys", responses=refusals(400, 404, 409))
def set_keys(at: TheOffice, actor: Caller, provider: Named, body: KeysBody) -> ConfigAnswer:
    """Needs `payment_config.manage`, a fresh sign-in and a reason."""
    given = {name: value.get_secret_value() for name, value in body.keys.items()}
    with at.work(actor) as work:
        configuring.set_keys(
            work,
            provider,
            given,
            body.mode,
            tenant_id=body.tenant_id,
            seen_version=body.seen_version,
            reason=body.reason,
        )
    return _one(at, actor, provider, body.tenant_id)


@router.post(
    "/payment-config/{provider}/remove", summary="Forget keys", responses=refusals(400, 404)
)
def remove_keys(
    at: TheOffice, actor: Caller, provider: Named, body: KeysReasonBody
) -> ConfigAnswer:
    """Needs `payment_config.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        configuring.remove_keys(work, provider, tenant_id=body.tenant_id, reason=body.reason)
    return _one(at, actor, provider, body.tenant_id)


@router.post(
    "/payment-config/{provider}/test", summary="Test the connection", responses=refusals(400, 409)
)
def test(
    at: TheOffice, actor: Caller, provider: Named, body: Annotated[OwnerBody, omittable(OwnerBody)]
) -> ProbeAnswer:
    """Asks the gateway; no money moves. Needs `payment_config.manage`."""
    words = configuring.try_connection(at, actor, provider, tenant_id=body.tenant_id)
    return ProbeAnswer(words=words)


@router.post("/payment-config/reseal", summary="Seal secrets anew", responses=refusals(400))
def reseal(at: TheOffice, actor: Caller, body: KeysReasonBody) -> ResealAnswer:
    """Under the newest encryption key. Needs `payment_config.manage`, fresh sign-in, reason."""
    with at.work(actor) as work:
        return ResealAnswer(rows=reseal_secrets(work, reason=body.reason))


@router.get("/gateway-events", summary="Events of the gateways", responses=refusals(400))
def list_events(
    at: TheOffice,
    actor: Caller,
    provider: Provider | None = None,
    status: Literal["waiting", "handled", "ignored", "failed"] | None = None,
    search: Text | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> GatewayEventsAnswer:
    """The newest first. Needs `payment_config.manage`."""
    with at.work(actor) as work:
        page = queries.events(
            work, provider=provider, status=status, search=search, limit=limit, offset=offset
        )
    return GatewayEventsAnswer.model_validate(page)


@router.post(
    "/gateway-events/{event_id}/replay",
    summary="Handle an event again",
    responses=refusals(400, 404, 409),
)
def replay(
    at: TheOffice, actor: Caller, event_id: RecordId, body: KeysReasonBody
) -> GatewayEventAnswer:
    """Needs `payment_config.manage`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        handling.replay_event(work, event_id, reason=body.reason)
    return GatewayEventAnswer.model_validate(handling.handle(at, event_id))


def _one(at: TheOffice, actor: Caller, provider: str, tenant_id: int | None) -> ConfigAnswer:
    with at.work(actor) as work:
        found = configuring.gateway_configs(at, work, tenant_id)
    return ConfigAnswer.model_validate(next(each for each in found if each.provider == provider))
