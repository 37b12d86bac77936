"""What an organisation's own people do with its channels, endpoints and inbox (NTF)."""

from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, select, update

from core.actions import action
from core.errors import NotAllowed, NotFound
from core.notifications import setting
from core.notifications.actions import NewSecret, told
from core.notifications.models import NotificationChannel, NotificationDelivery, WebhookEndpoint
from core.work import Work

NEEDS = "org.billing.manage"


@action("notification.own_channel.set", needs=NEEDS)
def set_own_channel(
    work: Work,
    channel: str,
    enabled: bool,
    *,
    events: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    key: str | None = None,
) -> NotificationChannel:
    """Set how the own organisation hears; no events means every event. Raises BadInput."""
    return setting.set_channel(work, own_tenant(work), channel, enabled, events, addresses)


@action("notification.own_endpoint.added", needs=NEEDS, fresh=True, reason=False)
def add_own_endpoint(work: Work, url: str, *, events: tuple[str, ...] = ()) -> NewSecret:
    """A webhook endpoint of the own organisation. Raises BadInput, NotNow."""
    return told(*setting.add_endpoint(work, own_tenant(work), url, events))


@action("notification.own_endpoint.rotated", needs=NEEDS, fresh=True, reason=False)
def rotate_own_endpoint(work: Work, endpoint_id: int) -> NewSecret:
    """A new secret for an own endpoint; the one before also signs for a day. Raises NotFound."""
    return told(*setting.rotate_endpoint(work, own_tenant(work), endpoint_id))


@action("notification.own_endpoint.removed", needs=NEEDS, fresh=True, reason=False)
def remove_own_endpoint(work: Work, endpoint_id: int, *, key: str | None = None) -> WebhookEndpoint:
    """Send nothing more to an own endpoint. Raises NotFound."""
    return setting.remove_endpoint(work, own_tenant(work), endpoint_id)


@action("notification.own_test_asked", needs=NEEDS)
def send_own_test(
    work: Work, channel: str, *, endpoint_id: int | None = None, key: str | None = None
) -> None:
    """Let the next run send a test message to the own organisation. Raises BadInput, NotFound."""
    setting.send_test(work, own_tenant(work), channel, endpoint_id)


@action("notification.read", needs="org.billing.read")
def mark_read(work: Work, notification_ids: tuple[int, ...] = (), *, key: str | None = None) -> int:
    """Mark messages of the own inbox as read, all of them when none is named; returns how many.

    Raises NotFound when one is not in the inbox.
    """
    tenant_id, mine = own_tenant(work), NotificationDelivery.user_id == work.actor.user_id
    wanted: list[Any] = [mine, NotificationDelivery.channel == "in_app"]
    if notification_ids:
        wanted.append(NotificationDelivery.notification_id.in_(notification_ids))
        found = set(
            work.session.scalars(select(NotificationDelivery.notification_id).where(*wanted))
        )
        missing = sorted(set(notification_ids) - found)
        if missing:
            raise NotFound(f"There is no message {missing[0]} in your inbox")
    read_at: datetime = work.now
    result = work.session.execute(
        update(NotificationDelivery)
        .where(*wanted, NotificationDelivery.read_at.is_(None))
        .values(read_at=read_at)
    )
    assert isinstance(result, CursorResult)
    work.tell(tenant_id=tenant_id, messages=result.rowcount)
    return result.rowcount


def own_tenant(work: Work) -> int:
    """The actor's organisation; raises NotAllowed for somebody of the platform."""
    tenant_id = work.standing.tenant_id
    if tenant_id is None:
        raise NotAllowed("Only an organisation's own users do this")
    return tenant_id
