"""What was told, to whom, and how it went; inboxes, channels and endpoints (NTF)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text as sql

from core.errors import BadInput, NotAllowed, NotFound
from core.notifications.events import EVENTS
from core.notifications.fanning import OFF_BY_DEFAULT
from core.notifications.models import CHANNELS, STATUSES
from core.notifications.rendering import Told, render
from core.work import Work

MOST_ROWS = 500
_COLUMNS = """
n.id as notification_id, n.event_type, n.facts, n.created_at, t.id as tenant_id,
  t.name as tenant_name, t.language
"""
_INBOX = sql(f"""
-- What does a person's inbox hold? One row per message, the newest first.
select d.read_at, {_COLUMNS}
from notification_delivery d join notification n on n.id = d.notification_id
join tenant t on t.id = n.tenant_id
where d.channel = 'in_app' and d.user_id = :user_id and d.tenant_id = :tenant_id
  and (cast(:only as bigint) is null or n.id = :only)
order by n.id desc limit :limit offset :offset
""")
_UNREAD = sql("""
-- How many messages does a person's inbox hold, and how many are unread?
select count(*) as held, count(*) filter (where read_at is null) as unread
from notification_delivery
where channel = 'in_app' and user_id = :user_id and tenant_id = :tenant_id
""")
_WHERE = """
(cast(:tenant_id as bigint) is null or d.tenant_id = :tenant_id)
  and (cast(:status as text) is null or d.status = :status)
  and (cast(:channel as text) is null or d.channel = :channel)
"""
_DELIVERIES = sql(f"""
-- How did deliveries go? One row per delivery, the newest first.
select d.id, d.notification_id, d.tenant_id, t.name as tenant_name, n.event_type, d.channel,
  d.recipient, d.status, d.attempts, d.due_at, d.sent_at, d.problem, d.created_at, d.reference
from notification_delivery d join notification n on n.id = d.notification_id
join tenant t on t.id = d.tenant_id
where {_WHERE} order by d.id desc limit :limit offset :offset
""")
_COUNT = sql(f"select count(*) from notification_delivery d where {_WHERE}")
_CHANNELS = sql("""
-- How does a tenant hear? One row per channel that it, or the default, sets.
select channel, enabled, events, addresses, tenant_id from notification_channel
where tenant_id is null or tenant_id = :tenant_id order by tenant_id nulls first
""")
_ENDPOINTS = sql("""
-- Which endpoints does a tenant, or the platform itself, have? One row per endpoint.
select id, tenant_id, url, events, created_at, disabled_at, disabled_why, previous_until
from webhook_endpoint
where removed_at is null and tenant_id is not distinct from cast(:tenant_id as bigint)
order by id
""")


@dataclass(frozen=True)
class InboxRow:
    """A message of an inbox; `invoice_id` names the document it is about."""

    id: int
    event: str
    title: str
    body: str
    details: list[tuple[str, str]]
    created_at: datetime
    read_at: datetime | None
    invoice_id: int | None


@dataclass(frozen=True)
class InboxPage:
    """Some messages, the newest first; how many there are, and how many are unread."""

    rows: list[InboxRow]
    count: int
    unread: int


@dataclass(frozen=True)
class DeliveryRow:
    """A delivery; `recipient` is an address, a number, `user:id` or `endpoint:id`."""

    id: int
    notification_id: int
    tenant_id: int
    tenant_name: str
    event_type: str
    channel: str
    recipient: str
    status: str
    attempts: int
    due_at: datetime
    sent_at: datetime | None
    problem: str | None
    created_at: datetime
    reference: str


@dataclass(frozen=True)
class DeliveryPage:
    """Some deliveries, the newest first, and how many there are."""

    rows: list[DeliveryRow]
    count: int


@dataclass(frozen=True)
class ChannelRow:
    """What holds for a channel: `own` when the tenant set it, else by default."""

    channel: str
    enabled: bool
    events: list[str]
    addresses: list[str]
    own: bool


@dataclass(frozen=True)
class EndpointRow:
    """A webhook endpoint; its secret is never shown again."""

    id: int
    tenant_id: int | None
    url: str
    events: list[str]
    created_at: datetime
    disabled_at: datetime | None
    disabled_why: str | None
    previous_until: datetime | None


def inbox(work: Work, *, only: int | None = None, limit: int = 50, offset: int = 0) -> InboxPage:
    """The actor's own messages; `only` names one. Needs `org.billing.read`, and a tenant's user."""
    asked = _own_user(work)
    held = work.session.execute(_UNREAD, asked).one()
    values = {**asked, "only": only, **_span(limit, offset)}
    rows = work.session.execute(_INBOX, values).all()
    found = [_message(work, row) for row in rows if row.event_type in EVENTS]
    return InboxPage(found, held.held, held.unread)


def unread(work: Work) -> int:
    """How many messages the actor has not read. Needs `org.billing.read`."""
    return int(work.session.execute(_UNREAD, _own_user(work)).one().unread)


def deliveries(
    work: Work,
    *,
    tenant_id: int | None = None,
    status: str | None = None,
    channel: str | None = None,
    limit: int = 100,
    offset: int = 0,
) -> DeliveryPage:
    """Deliveries of all tenants, or one's. Needs `billing.read`; raises BadInput."""
    work.require("billing.read")
    if status not in (None, *STATUSES) or channel not in (None, *CHANNELS):
        raise BadInput(f"A delivery is {', '.join(STATUSES)}, on {', '.join(CHANNELS)}")
    asked = {"tenant_id": tenant_id, "status": status, "channel": channel}
    rows = work.session.execute(_DELIVERIES, {**asked, **_span(limit, offset)})
    found = [DeliveryRow(**{**row._mapping, "reference": row.reference.hex}) for row in rows]
    return DeliveryPage(found, work.session.scalar(_COUNT, asked) or 0)


def channels(work: Work, tenant_id: int | None) -> list[ChannelRow]:
    """What holds for each channel of a tenant, or by default. The own organisation's people may."""
    _admit(work, tenant_id)
    rows = {
        row.channel: row for row in work.session.execute(_CHANNELS, {"tenant_id": tenant_id or 0})
    }
    return [_channel(name, rows.get(name), tenant_id) for name in CHANNELS]


def endpoints(work: Work, tenant_id: int | None) -> list[EndpointRow]:
    """A tenant's webhook endpoints, or the platform's own. The own organisation's people may."""
    _admit(work, tenant_id)
    rows = work.session.execute(_ENDPOINTS, {"tenant_id": tenant_id})
    return [EndpointRow(**row._mapping) for row in rows]


def _channel(name: str, row: Any, tenant_id: int | None) -> ChannelRow:
    if row is None:
        return ChannelRow(name, name not in OFF_BY_DEFAULT, [], [], False)
    own = tenant_id is not None and row.tenant_id == tenant_id
    return ChannelRow(name, row.enabled, list(row.events), list(row.addresses), own)


def _admit(work: Work, tenant_id: int | None) -> None:
    own = work.standing.tenant_id
    work.require("saas.billing.admin" if own is None else "org.billing.manage")
    if own is not None and tenant_id is None:
        raise NotAllowed("A tenant's users see their own channels only")
    if own not in (None, tenant_id):
        raise NotFound(f"There is no tenant {tenant_id}")


def _own_user(work: Work) -> dict[str, int]:
    work.require("org.billing.read")
    if work.standing.tenant_id is None or work.actor.user_id is None:
        raise NotAllowed("Only an organisation's own users have an inbox here")
    return {"user_id": work.actor.user_id, "tenant_id": work.standing.tenant_id}


def _message(work: Work, row: Any) -> InboxRow:
    told = Told(
        row.notification_id,
        row.event_type,
        row.facts,
        row.created_at,
        row.tenant_id,
        row.tenant_name,
        row.language,
    )
    words = render(told, work.settings)
    invoice = row.facts.get("invoice", {}).get("id")
    return InboxRow(
        told.id,
        told.event,
        words.subject,
        words.body,
        words.details,
        told.created_at,
        row.read_at,
        invoice,
    )


def _span(limit: int, offset: int) -> dict[str, int]:
    return {"limit": max(1, min(limit, MOST_ROWS)), "offset": max(0, offset)}
