"""Messages: an organisation's own inbox, channels and endpoints, and those of all tenants (NTF)."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.caller import Caller, Key, TheOffice
from api.errors import refusals
from api.notification_shapes import (
    AddEndpointBody,
    AgainAnswer,
    Channel,
    ChannelAnswer,
    ChannelBody,
    ChannelsAnswer,
    DeliveriesAnswer,
    EndpointAnswer,
    EndpointBody,
    EndpointWhyBody,
    MessagesAnswer,
    OneChannel,
    ReadAnswer,
    ReadBody,
    RedeliverBody,
    SecretAnswer,
    SetAnswer,
    SetChannelBody,
    Status,
    TriedAnswer,
    TryBody,
)
from api.shapes import Limit, Offset, RecordId, omittable
from core.base import LARGEST_ID
from core.notifications import actions, own, queries

own_router = APIRouter(prefix="/my-billing", tags=["Messages"])
router = APIRouter(prefix="/sys", tags=["Messages"])


@own_router.get("/notifications", summary="The own inbox", responses=refusals())
def inbox(at: TheOffice, actor: Caller, limit: Limit = 50, offset: Offset = 0) -> MessagesAnswer:
    """A signed-in person's own messages. Needs `org.billing.read`."""
    with at.work(actor) as work:
        return MessagesAnswer.model_validate(queries.inbox(work, limit=limit, offset=offset))


@own_router.post("/notifications/read", summary="Mark as read", responses=refusals(404, 409))
def read(
    at: TheOffice, actor: Caller, body: Annotated[ReadBody, omittable(ReadBody)], key: Key = None
) -> ReadAnswer:
    """Needs `org.billing.read`."""
    with at.work(actor) as work:
        return ReadAnswer(marked=own.mark_read(work, tuple(body.ids), key=key))


@own_router.get("/channels", summary="The own channels and endpoints", responses=refusals())
def own_channels(at: TheOffice, actor: Caller) -> ChannelsAnswer:
    """Needs `org.billing.manage`."""
    with at.work(actor) as work:
        mine = own.own_tenant(work)
        return _channels(queries.channels(work, mine), queries.endpoints(work, mine))


@own_router.put("/channels/{channel}", summary="Set an own channel", responses=refusals(400, 409))
def set_own(
    at: TheOffice, actor: Caller, channel: OneChannel, body: ChannelBody, key: Key = None
) -> SetAnswer:
    """Needs `org.billing.manage`."""
    with at.work(actor) as work:
        row = own.set_own_channel(
            work,
            channel,
            body.enabled,
            events=tuple(body.events),
            addresses=tuple(body.addresses),
            key=key,
        )
        return SetAnswer.model_validate(row)


@own_router.post(
    "/webhooks", status_code=201, summary="Add an own endpoint", responses=refusals(400, 409)
)
def add_own(at: TheOffice, actor: Caller, body: EndpointBody) -> SecretAnswer:
    """Needs `org.billing.manage` and a fresh sign-in; the secret is shown this once."""
    with at.work(actor) as work:
        made = own.add_own_endpoint(work, body.url, events=tuple(body.events))
    return SecretAnswer.model_validate(made)


@own_router.post("/webhooks/{endpoint_id}/rotate", summary="A new secret", responses=refusals(404))
def rotate_own(at: TheOffice, actor: Caller, endpoint_id: RecordId) -> SecretAnswer:
    """Needs `org.billing.manage` and a fresh sign-in; both secrets sign for a day."""
    with at.work(actor) as work:
        made = own.rotate_own_endpoint(work, endpoint_id)
    return SecretAnswer.model_validate(made)


@own_router.delete(
    "/webhooks/{endpoint_id}",
    status_code=204,
    summary="Remove an own endpoint",
    responses=refusals(404, 409),
)
def remove_own(at: TheOffice, actor: Caller, endpoint_id: RecordId, key: Key = None) -> None:
    """Needs `org.billing.manage` and a fresh sign-in."""
    with at.work(actor) as work:
        own.remove_own_endpoint(work, endpoint_id, key=key)


@own_router.post(
    "/channels/{channel}/test",
    status_code=202,
    summary="Try an own channel",
    responses=refusals(400, 404, 409),
)
def try_own(
    at: TheOffice,
    actor: Caller,
    channel: OneChannel,
    body: Annotated[TryBody, omittable(TryBody)],
    key: Key = None,
) -> TriedAnswer:
    """The next run sends a test message. Needs `org.billing.manage`."""
    with at.work(actor) as work:
        own.send_own_test(work, channel, endpoint_id=body.endpoint_id, key=key)
    return TriedAnswer(channel=channel, endpoint_id=body.endpoint_id)


@router.get("/tenants/{tenant_id}/channels", summary="A tenant's channels", responses=refusals())
def channels(at: TheOffice, actor: Caller, tenant_id: RecordId) -> ChannelsAnswer:
    """Its channels with what holds by default, and its endpoints. Needs `saas.billing.admin`."""
    with at.work(actor) as work:
        return _channels(queries.channels(work, tenant_id), queries.endpoints(work, tenant_id))


@router.put(
    "/tenants/{tenant_id}/channels/{channel}",
    summary="Set a tenant's channel",
    responses=refusals(400, 404, 409),
)
def set_for_tenant(
    at: TheOffice,
    actor: Caller,
    tenant_id: RecordId,
    channel: OneChannel,
    body: SetChannelBody,
    key: Key = None,
) -> SetAnswer:
    """Needs `saas.billing.admin` and a reason."""
    return _set(at, actor, tenant_id, channel, body, key)


@router.get("/channels", summary="The default channels", responses=refusals())
def default_channels(at: TheOffice, actor: Caller) -> ChannelsAnswer:
    """What holds for tenants that chose nothing, and the platform's own endpoints.

    Needs `saas.billing.admin`.
    """
    with at.work(actor) as work:
        return _channels(queries.channels(work, None), queries.endpoints(work, None))


@router.put("/channels/{channel}", summary="Set a default channel", responses=refusals(400, 409))
def set_default(
    at: TheOffice, actor: Caller, channel: OneChannel, body: SetChannelBody, key: Key = None
) -> SetAnswer:
    """Needs `saas.billing.admin` and a reason."""
    return _set(at, actor, None, channel, body, key)


@router.post(
    "/tenants/{tenant_id}/webhooks",
    status_code=201,
    summary="Add a tenant's endpoint",
    responses=refusals(400, 404, 409),
)
def add(at: TheOffice, actor: Caller, tenant_id: RecordId, body: AddEndpointBody) -> SecretAnswer:
    """Needs `saas.billing.admin`, a fresh sign-in and a reason; the secret is shown this once."""
    with at.work(actor) as work:
        made = actions.add_endpoint(
            work, tenant_id, body.url, events=tuple(body.events), reason=body.reason
        )
    return SecretAnswer.model_validate(made)


@router.post(
    "/webhooks",
    status_code=201,
    summary="Add the platform's endpoint",
    responses=refusals(400, 409),
)
def add_default(at: TheOffice, actor: Caller, body: AddEndpointBody) -> SecretAnswer:
    """It hears of all tenants. Needs `saas.billing.admin`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        made = actions.add_endpoint(
            work, None, body.url, events=tuple(body.events), reason=body.reason
        )
    return SecretAnswer.model_validate(made)


@router.post(
    "/tenants/{tenant_id}/webhooks/{endpoint_id}/rotate",
    summary="A new secret for a tenant's endpoint",
    responses=refusals(400, 404),
)
def rotate(
    at: TheOffice, actor: Caller, tenant_id: RecordId, endpoint_id: RecordId, body: EndpointWhyBody
) -> SecretAnswer:
    """Both secrets sign for a day. Needs `saas.billing.admin`, a fresh sign-in and a reason."""
    return _rotated(at, actor, tenant_id, endpoint_id, body)


@router.post(
    "/webhooks/{endpoint_id}/rotate",
    summary="A new secret for the platform's endpoint",
    responses=refusals(400, 404),
)
def rotate_default(
    at: TheOffice, actor: Caller, endpoint_id: RecordId, body: EndpointWhyBody
) -> SecretAnswer:
    """Both secrets sign for a day. Needs `saas.billing.admin`, a fresh sign-in and a reason."""
    return _rotated(at, actor, None, endpoint_id, body)


@router.post(
    "/tenants/{tenant_id}/webhooks/{endpoint_id}/remove",
    status_code=204,
    summary="Remove a tenant's endpoint",
    responses=refusals(400, 404, 409),
)
def remove(
    at: TheOffice,
    actor: Caller,
    tenant_id: RecordId,
    endpoint_id: RecordId,
    body: EndpointWhyBody,
    key: Key = None,
) -> None:
    """Needs `saas.billing.admin`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.remove_endpoint(work, tenant_id, endpoint_id, reason=body.reason, key=key)


@router.post(
    "/webhooks/{endpoint_id}/remove",
    status_code=204,
    summary="Remove the platform's endpoint",
    responses=refusals(400, 404, 409),
)
def remove_default(
    at: TheOffice, actor: Caller, endpoint_id: RecordId, body: EndpointWhyBody, key: Key = None
) -> None:
    """Needs `saas.billing.admin`, a fresh sign-in and a reason."""
    with at.work(actor) as work:
        actions.remove_endpoint(work, None, endpoint_id, reason=body.reason, key=key)


@router.post(
    "/tenants/{tenant_id}/channels/{channel}/test",
    status_code=202,
    summary="Try a tenant's channel",
    responses=refusals(400, 404, 409),
)
def try_one(
    at: TheOffice,
    actor: Caller,
    tenant_id: RecordId,
    channel: OneChannel,
    body: Annotated[TryBody, omittable(TryBody)],
    key: Key = None,
) -> TriedAnswer:
    """The next run sends a test message. Needs `saas.billing.admin`."""
    with at.work(actor) as work:
        actions.send_test(work, tenant_id, channel, endpoint_id=body.endpoint_id, key=key)
    return TriedAnswer(channel=channel, endpoint_id=body.endpoint_id)


@router.get("/notifications", summary="List deliveries", responses=refusals())
def deliveries(
    at: TheOffice,
    actor: Caller,
    tenant_id: Annotated[int | None, Query(ge=1, le=LARGEST_ID)] = None,
    status: Annotated[Status | None, Query()] = None,
    channel: Annotated[Channel | None, Query()] = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> DeliveriesAnswer:
    """How messages went. Needs `billing.read`."""
    with at.work(actor) as work:
        page = queries.deliveries(
            work, tenant_id=tenant_id, status=status, channel=channel, limit=limit, offset=offset
        )
    return DeliveriesAnswer.model_validate(page)


@router.post(
    "/notifications/{delivery_id}/redeliver",
    summary="Try a delivery again",
    responses=refusals(400, 404, 409),
)
def redeliver(
    at: TheOffice, actor: Caller, delivery_id: RecordId, body: RedeliverBody, key: Key = None
) -> AgainAnswer:
    """For one that failed or whose end is unknown. Needs `billing.write` and a reason."""
    with at.work(actor) as work:
        return AgainAnswer.model_validate(
            actions.redeliver(work, delivery_id, reason=body.reason, key=key)
        )


def _rotated(
    at: TheOffice, actor: Caller, tenant_id: int | None, endpoint_id: int, body: EndpointWhyBody
) -> SecretAnswer:
    with at.work(actor) as work:
        made = actions.rotate_endpoint(work, tenant_id, endpoint_id, reason=body.reason)
    return SecretAnswer.model_validate(made)


def _set(
    at: TheOffice,
    actor: Caller,
    tenant_id: int | None,
    channel: str,
    body: SetChannelBody,
    key: str | None,
) -> SetAnswer:
    with at.work(actor) as work:
        row = actions.set_channel(
            work,
            tenant_id,
            channel,
            body.enabled,
            events=tuple(body.events),
            addresses=tuple(body.addresses),
            reason=body.reason,
            key=key,
        )
        return SetAnswer.model_validate(row)


def _channels(
    rows: list[queries.ChannelRow], endpoints: list[queries.EndpointRow]
) -> ChannelsAnswer:
    return ChannelsAnswer(
        channels=[ChannelAnswer.model_validate(row) for row in rows],
        endpoints=[EndpointAnswer.model_validate(row) for row in endpoints],
    )
