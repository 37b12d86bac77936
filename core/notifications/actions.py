"""What the platform's people do with channels, endpoints and deliveries (NTF)."""

from dataclasses import dataclass
from datetime import datetime

from core.actions import action
from core.errors import NotFound, NotNow
from core.notifications import setting
from core.notifications.models import NotificationChannel, NotificationDelivery, WebhookEndpoint
from core.work import Work

NEEDS = "saas.billing.admin"


@dataclass(frozen=True)
class NewSecret:
    """An endpoint's secret, shown now and never again; both sign until `previous_until`."""

    endpoint_id: int
    url: str
    secret: str
    previous_until: datetime | None = None


@action("notification.channel.set", needs=NEEDS, reason=True)
def set_channel(
    work: Work,
    tenant_id: int | None,
    channel: str,
    enabled: bool,
    *,
    events: tuple[str, ...] = (),
    addresses: tuple[str, ...] = (),
    reason: str,
    key: str | None = None,
) -> NotificationChannel:
    """Set how a tenant hears, or all that did not choose (no tenant). Raises BadInput, NotFound.

    No events means every event. Addresses are further e-mail addresses, or telephone numbers.
    """
    return setting.set_channel(work, tenant_id, channel, enabled, events, addresses)


@action("notification.endpoint.added", needs=NEEDS, fresh=True)
def add_endpoint(
    work: Work, tenant_id: int | None, url: str, *, events: tuple[str, ...] = (), reason: str
) -> NewSecret:
    """A webhook endpoint of a tenant, or the platform's own that hears of all tenants.

    It takes no idempotency key, whose record would keep the secret. Raises BadInput, NotFound,
    NotNow.
    """
    endpoint, secret = setting.add_endpoint(work, tenant_id, url, events)
    return told(endpoint, secret)


@action("notification.endpoint.rotated", needs=NEEDS, fresh=True)
def rotate_endpoint(
    work: Work, tenant_id: int | None, endpoint_id: int, *, reason: str
) -> NewSecret:
    """A new secret for an endpoint; the one before also signs for a day. Raises NotFound."""
    endpoint, secret = setting.rotate_endpoint(work, tenant_id, endpoint_id)
    return told(endpoint, secret)


@action("notification.endpoint.removed", needs=NEEDS, fresh=True)
def remove_endpoint(
    work: Work, tenant_id: int | None, endpoint_id: int, *, reason: str, key: str | None = None
) -> WebhookEndpoint:
    """Send nothing more to an endpoint. Raises NotFound."""
    return setting.remove_endpoint(work, tenant_id, endpoint_id)


@action("notification.test_asked", needs=NEEDS)
def send_test(
    work: Work,
    tenant_id: int,
    channel: str,
    *,
    endpoint_id: int | None = None,
    key: str | None = None,
) -> None:
    """Let the next run send a test message. Raises BadInput, NotFound, NotNow."""
    setting.send_test(work, tenant_id, channel, endpoint_id)


@action("notification.redelivered", needs="billing.write", reason=True)
def redeliver(
    work: Work, delivery_id: int, *, reason: str, key: str | None = None
) -> NotificationDelivery:
    """Let the next run try a failed or unclear delivery afresh, under the same id.

    Raises NotFound, and NotNow for one that has arrived or is still tried.
    """
    delivery = work.session.get(NotificationDelivery, delivery_id, with_for_update=True)
    if delivery is None:
        raise NotFound(f"There is no delivery {delivery_id}")
    if delivery.status not in ("failed", "unknown"):
        raise NotNow(f"The delivery is {delivery.status}; only a failed or unclear one is repeated")
    work.tell(
        tenant_id=delivery.tenant_id,
        delivery_id=delivery.id,
        notification_id=delivery.notification_id,
        channel=delivery.channel,
        before=delivery.status,
    )
    delivery.status, delivery.attempts, delivery.due_at = "pending", 0, work.now
    delivery.claim = None
    work.session.flush()
    return delivery


def told(endpoint: WebhookEndpoint, secret: str) -> NewSecret:
    """An endpoint's new secret as its maker sees it."""
    return NewSecret(endpoint.id, endpoint.url, secret, endpoint.previous_until)
