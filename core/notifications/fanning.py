"""From a notification to its deliveries: one for each recipient on each channel (NTF)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, text, update
from sqlalchemy.dialects.postgresql import insert

from core.access.authority import Actor
from core.notifications.events import EVENTS
from core.notifications.models import Notification, NotificationDelivery
from core.settings import Settings
from core.work import Office, Work

BATCH = 100
TEST = "notification.test"
OFF_BY_DEFAULT = ("sms", "whatsapp")
_WAITING = text("""
-- What was not handed out yet? One row per notification, the oldest first.
select n.id, n.tenant_id, n.event_type, n.audience, n.facts, n.created_at, t.billing_email
from notification n join tenant t on t.id = n.tenant_id
where n.fanned_at is null order by n.id limit :limit for update of n skip locked
""")
_PEOPLE = text("""
-- Who of these tenants can sign in, and who of them looks after billing? One row per person.
select u.id, u.tenant_id, u.email, exists (
  select from user_role r join role_permission p on p.role = r.role
  where r.user_id = u.id and p.permission = 'org.billing.manage') as is_admin
from app_user u where u.tenant_id = any(:tenants) and u.disabled_at is null
""")
_CHANNELS = text("""
-- How do these tenants want to hear? One row per channel set, the defaults without tenant.
select tenant_id, channel, enabled, events, addresses
from notification_channel where tenant_id is null or tenant_id = any(:tenants)
""")
_ENDPOINTS = text("""
-- Which webhook endpoints hear of these tenants? One row per endpoint.
select id, tenant_id, events from webhook_endpoint
where (tenant_id is null or tenant_id = any(:tenants))
  and disabled_at is null and removed_at is null
""")


@dataclass(frozen=True)
class Choice:
    """Whether a tenant hears on a channel, of which events (none named: all), and where else."""

    enabled: bool
    events: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


ALL = Choice(enabled=True)


@dataclass(frozen=True)
class Person:
    """A user of a tenant."""

    id: int
    email: str
    is_admin: bool


@dataclass(frozen=True)
class Receivers:
    """Everybody and everything that can hear of a tenant; endpoints with the events they want.

    The platform's own endpoints follow the platform's choice, whatever the tenant's is.
    """

    people: tuple[Person, ...] = ()
    billing_email: str | None = None
    choices: dict[str, Choice] = field(default_factory=dict)
    endpoints: dict[int, tuple[str, ...]] = field(default_factory=dict)
    platform_choice: Choice = ALL
    platform_endpoints: dict[int, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Letter:
    """A delivery to be: its channel, its recipient there, and the user of an inbox."""

    channel: str
    recipient: str
    user_id: int | None = None


def fan_out(office: Office, actor: Actor, limit: int) -> int:
    """Make the deliveries of notifications that have none; returns how many notifications."""
    done = 0
    while done < limit:
        with office.work(actor) as work:
            found = work.session.execute(_WAITING, {"limit": min(BATCH, limit - done)}).all()
            if not found:
                break
            _hand_out(work, found)
        done += len(found)
    return done


def letters(
    event: str,
    audience: str,
    facts: dict[str, Any],
    receivers: Receivers,
    settings: Settings,
    *,
    is_old: bool = False,
) -> list[Letter]:
    """Who is to hear of an event, once each; of an old one through the inbox alone."""
    found = [*_inboxes(audience, receivers)]
    if not is_old:
        found += _mails(event, audience, receivers, settings)
        found += _telephones(event, receivers)
        found += _hooks(event, receivers)
    if event == TEST:
        found = _only_tested(found, facts, receivers, settings)
    return list(dict.fromkeys(found))


def choice(receivers: Receivers, channel: str) -> Choice:
    """What holds for a channel when neither the tenant nor the platform said anything."""
    return receivers.choices.get(channel, Choice(channel not in OFF_BY_DEFAULT))


def _heard(receivers: Receivers, audience: str) -> Iterable[Person]:
    return (one for one in receivers.people if audience == "everyone" or one.is_admin)


def _inboxes(audience: str, receivers: Receivers) -> list[Letter]:
    heard = _heard(receivers, audience)
    return [Letter("in_app", f"user:{one.id}", one.id) for one in heard]


def _mails(event: str, audience: str, receivers: Receivers, settings: Settings) -> list[Letter]:
    if settings.smtp_url is None:
        return []
    found: list[str] = []
    if _wants(choice(receivers, "email"), event):
        found += [one.email for one in _heard(receivers, audience)]
        found += [receivers.billing_email] if receivers.billing_email else []
        found += choice(receivers, "email").addresses
    if EVENTS[event].operations and settings.operations_email:
        found.append(settings.operations_email)
    return [Letter("email", address.strip().lower()) for address in found if address.strip()]


def _telephones(event: str, receivers: Receivers) -> list[Letter]:
    return [
        Letter(channel, number)
        for channel in OFF_BY_DEFAULT
        if _wants(choice(receivers, channel), event)
        for number in choice(receivers, channel).addresses
    ]


def _hooks(event: str, receivers: Receivers) -> list[Letter]:
    whose = (
        (choice(receivers, "webhook"), receivers.endpoints),
        (receivers.platform_choice, receivers.platform_endpoints),
    )
    return [
        _hook(number)
        for chosen, endpoints in whose
        if _wants(chosen, event)
        for number, events in endpoints.items()
        if not events or event in events
    ]


def _hook(number: int) -> Letter:
    return Letter("webhook", f"endpoint:{number}")


def _wants(chosen: Choice, event: str) -> bool:
    return chosen.enabled and (not chosen.events or event in chosen.events)


def _only_tested(
    found: Sequence[Letter], facts: dict[str, Any], receivers: Receivers, settings: Settings
) -> list[Letter]:
    """A test goes to the channel that is tested, whatever events it wants otherwise."""
    channel, number = facts.get("channel"), facts.get("endpoint_id")
    if channel == "webhook":
        return [_hook(number)] if isinstance(number, int) else []
    if channel == "email":
        chosen = {
            **receivers.choices,
            "email": Choice(True, (), choice(receivers, "email").addresses),
        }
        everywhere = Receivers(receivers.people, receivers.billing_email, chosen)
        return _mails(TEST, "admins", everywhere, settings)
    if channel in OFF_BY_DEFAULT:
        return [Letter(channel, number) for number in choice(receivers, channel).addresses]
    return [one for one in found if one.channel == channel]


def _hand_out(work: Work, found: Sequence[Row[Any]]) -> None:
    receivers = _receivers(work, {row.tenant_id: row.billing_email for row in found})
    oldest = work.now - timedelta(hours=work.settings.notify_within_hours)
    rows = [
        _delivery(row, letter, work.now)
        for row in found
        if row.event_type in EVENTS
        for letter in letters(
            row.event_type,
            row.audience,
            row.facts,
            receivers[row.tenant_id],
            work.settings,
            is_old=row.created_at < oldest,
        )
    ]
    if rows:
        work.session.execute(insert(NotificationDelivery).on_conflict_do_nothing(), rows)
    work.session.execute(
        update(Notification)
        .where(Notification.id.in_([row.id for row in found]))
        .values(fanned_at=work.now)
    )


def _delivery(row: Row[Any], letter: Letter, now: datetime) -> dict[str, Any]:
    """A row to be; what appears in the inbox has arrived with that."""
    arrived = letter.channel == "in_app"
    return {
        "notification_id": row.id,
        "tenant_id": row.tenant_id,
        "channel": letter.channel,
        "recipient": letter.recipient,
        "user_id": letter.user_id,
        "status": "sent" if arrived else "pending",
        "sent_at": now if arrived else None,
        "due_at": now,
        "created_at": row.created_at if arrived else now,
    }


def _receivers(work: Work, emails: dict[int, str | None]) -> dict[int, Receivers]:
    asked = {"tenants": list(emails)}
    people = work.session.execute(_PEOPLE, asked).all()
    channels = work.session.execute(_CHANNELS, asked).all()
    endpoints = work.session.execute(_ENDPOINTS, asked).all()
    return {
        tenant: Receivers(
            tuple(Person(p.id, p.email, p.is_admin) for p in people if p.tenant_id == tenant),
            email,
            _choices(channels, tenant),
            {e.id: tuple(e.events) for e in endpoints if e.tenant_id == tenant},
            _choices(channels, None).get("webhook", ALL),
            {e.id: tuple(e.events) for e in endpoints if e.tenant_id is None},
        )
        for tenant, email in emails.items()
    }


def _choices(rows: Sequence[Row[Any]], tenant: int | None) -> dict[str, Choice]:
    """The tenant's own choice of a channel goes before the default; of nobody the default alone."""
    chosen = [row for row in rows if row.tenant_id is None]
    chosen += [row for row in rows if tenant is not None and row.tenant_id == tenant]
    return {
        row.channel: Choice(row.enabled, tuple(row.events), tuple(row.addresses)) for row in chosen
    }
