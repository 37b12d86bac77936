"""What channels and endpoints may be set to, checked and written for both kinds of actors (NTF)."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import func, select

from core.errors import BadInput, NotFound, NotNow
from core.notifications.addresses import target_of
from core.notifications.events import EVENTS
from core.notifications.fanning import OFF_BY_DEFAULT as TELEPHONES
from core.notifications.mail import plain_address
from core.notifications.models import CHANNELS, NotificationChannel, WebhookEndpoint
from core.notifications.outbox import tell_tenant
from core.notifications.phones import NUMBER
from core.notifications.webhooks import new_secret, secret_place
from core.secrets import seal
from core.tenants.models import Tenant
from core.work import Work

MOST_ADDRESSES = 20
MOST_ENDPOINTS = 10
BOTH_SIGN = timedelta(hours=24)
"""How long the previous secret of an endpoint signs beside the new one."""


def set_channel(
    work: Work,
    tenant_id: int | None,
    channel: str,
    enabled: bool,
    events: Sequence[str],
    addresses: Sequence[str],
) -> NotificationChannel:
    """Set a tenant's channel, or the default; raises BadInput, NotFound."""
    if channel not in CHANNELS:
        raise BadInput(f"There is no channel {channel!r}; there are {', '.join(CHANNELS)}")
    if channel == "in_app" and not enabled:
        raise BadInput("The inbox cannot be switched off")
    known = _events(events)
    told = _addresses(channel, tenant_id, addresses)
    _require_tenant(work, tenant_id)
    row = work.session.scalar(
        select(NotificationChannel)
        .where(
            NotificationChannel.tenant_id.is_not_distinct_from(tenant_id),
            NotificationChannel.channel == channel,
        )
        .with_for_update()
    )
    if row is None:
        row = NotificationChannel(tenant_id=tenant_id, channel=channel)
        work.session.add(row)
    row.enabled, row.events, row.addresses, row.updated_at = enabled, known, told, work.now
    work.session.flush()
    work.tell(
        tenant_id=tenant_id, channel=channel, enabled=enabled, events=known, addresses=len(told)
    )
    return row


def add_endpoint(
    work: Work, tenant_id: int | None, url: str, events: Sequence[str]
) -> tuple[WebhookEndpoint, str]:
    """A new endpoint and its secret, which is shown now and never again.

    Raises BadInput, NotFound, and NotNow above MOST_ENDPOINTS.
    """
    target = target_of(url.strip(), work.settings.webhook_private_hosts)
    known = _events(events)
    _require_tenant(work, tenant_id)
    live = select(func.count()).where(
        WebhookEndpoint.tenant_id.is_not_distinct_from(tenant_id),
        WebhookEndpoint.removed_at.is_(None),
    )
    if (work.session.scalar(live) or 0) >= MOST_ENDPOINTS:
        raise NotNow(f"There are {MOST_ENDPOINTS} endpoints already; remove one first")
    endpoint = WebhookEndpoint(
        tenant_id=tenant_id,
        url=url.strip(),
        events=known,
        secret_sealed="",
        created_at=work.now,
    )
    work.session.add(endpoint)
    work.session.flush()
    secret = new_secret()
    endpoint.secret_sealed = seal(secret, secret_place(endpoint.id), work.settings)
    work.tell(tenant_id=tenant_id, endpoint_id=endpoint.id, host=target.host, events=known)
    return endpoint, secret


def rotate_endpoint(
    work: Work, tenant_id: int | None, endpoint_id: int
) -> tuple[WebhookEndpoint, str]:
    """A new secret; the one before it also signs for a day. Raises NotFound."""
    endpoint = _locked(work, tenant_id, endpoint_id)
    secret = new_secret()
    endpoint.previous_sealed, endpoint.previous_until = (
        endpoint.secret_sealed,
        work.now + BOTH_SIGN,
    )
    endpoint.secret_sealed = seal(secret, secret_place(endpoint.id), work.settings)
    work.tell(tenant_id=tenant_id, endpoint_id=endpoint.id, until=str(endpoint.previous_until))
    return endpoint, secret


def remove_endpoint(work: Work, tenant_id: int | None, endpoint_id: int) -> WebhookEndpoint:
    """Send nothing more to an endpoint; what still waits for it fails. Raises NotFound."""
    endpoint = _locked(work, tenant_id, endpoint_id)
    endpoint.removed_at = work.now
    endpoint.previous_sealed = endpoint.previous_until = None
    work.tell(tenant_id=tenant_id, endpoint_id=endpoint.id)
    return endpoint


def send_test(work: Work, tenant_id: int, channel: str, endpoint_id: int | None) -> None:
    """Let the next run send a test message on one channel. Raises BadInput, NotFound, NotNow."""
    if channel not in CHANNELS:
        raise BadInput(f"There is no channel {channel!r}; there are {', '.join(CHANNELS)}")
    if (channel == "webhook") != (endpoint_id is not None):
        raise BadInput("A test of a webhook names its endpoint, that of another channel none")
    if channel == "email" and work.settings.smtp_url is None:
        raise NotNow("No mail server is set: SALDO_SMTP_URL")
    _require_tenant(work, tenant_id)
    if channel in TELEPHONES and not _numbers(work, tenant_id, channel):
        raise NotNow("There is no telephone number to send a test to; name one first")
    facts: dict[str, object] = {"channel": channel}
    if endpoint_id is not None:
        own = work.standing.tenant_id
        endpoint = _locked(work, own, endpoint_id) if own else _any(work, tenant_id, endpoint_id)
        facts["endpoint_id"] = endpoint.id
    tell_tenant(work, "notification.test", tenant_id, facts)
    work.tell(tenant_id=tenant_id, **facts)


def _numbers(work: Work, tenant_id: int, channel: str) -> list[str]:
    found = select(NotificationChannel.addresses).where(
        NotificationChannel.tenant_id == tenant_id, NotificationChannel.channel == channel
    )
    return list(work.session.scalar(found) or ())


def _any(work: Work, tenant_id: int, endpoint_id: int) -> WebhookEndpoint:
    """An endpoint that hears of a tenant: its own, or the platform's."""
    endpoint = work.session.get(WebhookEndpoint, endpoint_id)
    if endpoint is None or endpoint.removed_at or endpoint.tenant_id not in (None, tenant_id):
        raise NotFound(f"There is no webhook endpoint {endpoint_id} for this tenant")
    return endpoint


def _locked(work: Work, tenant_id: int | None, endpoint_id: int) -> WebhookEndpoint:
    endpoint = work.session.get(WebhookEndpoint, endpoint_id, with_for_update=True)
    if endpoint is None or endpoint.removed_at is not None or endpoint.tenant_id != tenant_id:
        raise NotFound(f"There is no webhook endpoint {endpoint_id}")
    return endpoint


def _require_tenant(work: Work, tenant_id: int | None) -> None:
    if tenant_id is not None and work.session.get(Tenant, tenant_id) is None:
        raise NotFound(f"There is no tenant {tenant_id}")


def _events(events: Sequence[str]) -> list[str]:
    unknown = [event for event in events if event not in EVENTS]
    if unknown:
        raise BadInput(f"There is no event {unknown[0]!r}; docs/notifications.md lists them")
    return sorted(set(events))


def _addresses(channel: str, tenant_id: int | None, addresses: Sequence[str]) -> list[str]:
    given = list(dict.fromkeys(address.strip() for address in addresses if address.strip()))
    if not given:
        return []
    if tenant_id is None or channel not in ("email", "sms", "whatsapp"):
        raise BadInput("Addresses belong to a tenant's e-mail, SMS or WhatsApp")
    if len(given) > MOST_ADDRESSES:
        raise BadInput(f"A channel has {MOST_ADDRESSES} addresses at most")
    for address in given:
        if channel == "email":
            try:
                plain_address(address)
            except ValueError as problem:
                raise BadInput(str(problem)) from problem
        elif not NUMBER.fullmatch(address):
            raise BadInput(f"{address!r} is not a telephone number such as +46701234567")
    return given
