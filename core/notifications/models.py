"""Notifications, what became of each on its way, and where tenants want to hear (NTF)."""

from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import UUID as UUID_TYPE
from sqlalchemy.orm import Mapped, mapped_column

from core.base import Base, Id, Instant, one_of

CHANNELS = ("email", "in_app", "webhook", "sms", "whatsapp")
AUDIENCES = ("admins", "everyone")
STATUSES = ("pending", "claimed", "sending", "sent", "failed", "unknown")


class Notification(Base):
    """Something a tenant is told: written with the event itself, so that both happen or neither.

    `facts` are ids, figures and days as they stood then; amounts are minor units.
    """

    __tablename__ = "notification"
    __table_args__ = (
        UniqueConstraint("once_key"),
        one_of("audience", AUDIENCES),
        Index("ix_notification_waiting", "id", postgresql_where="fanned_at is null"),
        Index("ix_notification_tenant_id", "tenant_id", "id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    event_type: Mapped[str] = mapped_column(String(48))
    audience: Mapped[str] = mapped_column(String(12))
    facts: Mapped[dict[str, Any]]
    once_key: Mapped[str | None]
    created_at: Mapped[Instant]
    fanned_at: Mapped[Instant | None]


class NotificationDelivery(Base):
    """A notification on its way to one recipient on one channel.

    `claimed` belongs to a runner until `claimed_until`; `sending` was written just before the last
    step that cannot be taken back; `unknown` broke off after it. `reference` names the message to
    the receiver and never changes.
    """

    __tablename__ = "notification_delivery"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel", "recipient"),
        UniqueConstraint("reference"),
        one_of("channel", CHANNELS),
        one_of("status", STATUSES),
        CheckConstraint("recipient <> ''", name="recipient_given"),
        CheckConstraint(
            "(status in ('claimed', 'sending')) = (claimed_until is not null)", name="claim_limited"
        ),
        CheckConstraint("(status = 'sent') = (sent_at is not null)", name="sent_when_sent"),
        CheckConstraint("(channel = 'in_app') = (user_id is not null)", name="user_in_app"),
        CheckConstraint("read_at is null or channel = 'in_app'", name="read_in_app"),
        Index(
            "ix_notification_delivery_due",
            "due_at",
            "id",
            postgresql_where="status in ('pending', 'claimed', 'sending')",
        ),
        Index(
            "ix_notification_delivery_stuck",
            "id",
            postgresql_where="status in ('failed', 'unknown')",
        ),
        Index(
            "ix_notification_delivery_inbox",
            "user_id",
            "notification_id",
            postgresql_where="channel = 'in_app'",
        ),
        Index("ix_notification_delivery_tenant_id", "tenant_id", "id"),
    )

    id: Mapped[Id]
    notification_id: Mapped[int] = mapped_column(ForeignKey("notification.id"))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    channel: Mapped[str] = mapped_column(String(12))
    recipient: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"))
    reference: Mapped[UUID] = mapped_column(
        UUID_TYPE(as_uuid=True), server_default=text("gen_random_uuid()")
    )
    status: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(server_default="0")
    due_at: Mapped[Instant]
    claim: Mapped[UUID | None] = mapped_column(UUID_TYPE(as_uuid=True))
    claimed_until: Mapped[Instant | None]
    sent_at: Mapped[Instant | None]
    read_at: Mapped[Instant | None]
    problem: Mapped[str | None]
    created_at: Mapped[Instant]


class NotificationChannel(Base):
    """Whether a tenant hears on a channel, of what and where; without a tenant, the default.

    No `events` means all of them. `addresses` are e-mail addresses beside those of the
    organisation's admins, or telephone numbers.
    """

    __tablename__ = "notification_channel"
    __table_args__ = (
        UniqueConstraint("tenant_id", "channel", postgresql_nulls_not_distinct=True),
        one_of("channel", CHANNELS),
        CheckConstraint("channel <> 'in_app' or enabled", name="inbox_always"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    channel: Mapped[str] = mapped_column(String(12))
    enabled: Mapped[bool]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    addresses: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    updated_at: Mapped[Instant]


class WebhookEndpoint(Base):
    """An address that gets signed messages: a tenant's, or the platform's own for all tenants.

    Both secrets sign while `previous_until` has not come.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        CheckConstraint("url <> ''", name="url_given"),
        CheckConstraint(
            "(previous_sealed is null) = (previous_until is null)", name="previous_limited"
        ),
        CheckConstraint("(disabled_at is null) = (disabled_why is null)", name="disabled_why"),
        Index("ix_webhook_endpoint_tenant_id", "tenant_id"),
    )

    id: Mapped[Id]
    tenant_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"))
    url: Mapped[str]
    events: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    secret_sealed: Mapped[str]
    previous_sealed: Mapped[str | None]
    previous_until: Mapped[Instant | None]
    created_at: Mapped[Instant]
    disabled_at: Mapped[Instant | None]
    disabled_why: Mapped[str | None]
    removed_at: Mapped[Instant | None]
