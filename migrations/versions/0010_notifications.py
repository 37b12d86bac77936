"""Notifications, their deliveries, channels and webhook endpoints."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

revision = "0010"
down_revision = "0009"

CHANNEL = "channel in ('email', 'in_app', 'webhook', 'sms', 'whatsapp')"


def upgrade() -> None:
    """Create the tables."""
    _create_notification()
    _create_delivery()
    _create_channel()
    _create_endpoint()


def _create_notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("event_type", sa.String(length=48), nullable=False),
        sa.Column("audience", sa.String(length=12), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("once_key", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fanned_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "audience in ('admins', 'everyone')", name=op.f("ck_notification_audience_known")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_notification_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification")),
        sa.UniqueConstraint("once_key", name=op.f("uq_notification_once_key")),
    )
    waiting = sa.text("fanned_at is null")
    op.create_index("ix_notification_waiting", "notification", ["id"], postgresql_where=waiting)
    op.create_index("ix_notification_tenant_id", "notification", ["tenant_id", "id"])


def _create_delivery() -> None:
    op.create_table(
        "notification_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("notification_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("reference", UUID(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claim", UUID(), nullable=True),
        sa.Column("claimed_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(CHANNEL, name=op.f("ck_notification_delivery_channel_known")),
        sa.CheckConstraint(
            "status in ('pending', 'claimed', 'sending', 'sent', 'failed', 'unknown')",
            name=op.f("ck_notification_delivery_status_known"),
        ),
        sa.CheckConstraint(
            "recipient <> ''", name=op.f("ck_notification_delivery_recipient_given")
        ),
        sa.CheckConstraint(
            "(status in ('claimed', 'sending')) = (claimed_until is not null)",
            name=op.f("ck_notification_delivery_claim_limited"),
        ),
        sa.CheckConstraint(
            "(status = 'sent') = (sent_at is not null)",
            name=op.f("ck_notification_delivery_sent_when_sent"),
        ),
        sa.CheckConstraint(
            "(channel = 'in_app') = (user_id is not null)",
            name=op.f("ck_notification_delivery_user_in_app"),
        ),
        sa.CheckConstraint(
            "read_at is null or channel = 'in_app'",
            name=op.f("ck_notification_delivery_read_in_app"),
        ),
        sa.ForeignKeyConstraint(
            ["notification_id"],
            ["notification.id"],
            name=op.f("fk_notification_delivery_notification_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_notification_delivery_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["app_user.id"], name=op.f("fk_notification_delivery_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_delivery")),
        sa.UniqueConstraint(
            "notification_id",
            "channel",
            "recipient",
            name=op.f("uq_notification_delivery_notification_id_channel_recipient"),
        ),
        sa.UniqueConstraint("reference", name=op.f("uq_notification_delivery_reference")),
    )
    for name, columns, only in (
        ("due", ["due_at", "id"], "status in ('pending', 'claimed', 'sending')"),
        ("stuck", ["id"], "status in ('failed', 'unknown')"),
        ("inbox", ["user_id", "notification_id"], "channel = 'in_app'"),
    ):
        op.create_index(
            f"ix_notification_delivery_{name}",
            "notification_delivery",
            columns,
            postgresql_where=sa.text(only),
        )
    op.create_index(
        "ix_notification_delivery_tenant_id", "notification_delivery", ["tenant_id", "id"]
    )


def _create_channel() -> None:
    op.create_table(
        "notification_channel",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("channel", sa.String(length=12), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("events", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("addresses", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(CHANNEL, name=op.f("ck_notification_channel_channel_known")),
        sa.CheckConstraint(
            "channel <> 'in_app' or enabled", name=op.f("ck_notification_channel_inbox_always")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_notification_channel_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notification_channel")),
        sa.UniqueConstraint(
            "tenant_id",
            "channel",
            name=op.f("uq_notification_channel_tenant_id_channel"),
            postgresql_nulls_not_distinct=True,
        ),
    )


def _create_endpoint() -> None:
    op.create_table(
        "webhook_endpoint",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("previous_sealed", sa.Text(), nullable=True),
        sa.Column("previous_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("disabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("disabled_why", sa.Text(), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("url <> ''", name=op.f("ck_webhook_endpoint_url_given")),
        sa.CheckConstraint(
            "(previous_sealed is null) = (previous_until is null)",
            name=op.f("ck_webhook_endpoint_previous_limited"),
        ),
        sa.CheckConstraint(
            "(disabled_at is null) = (disabled_why is null)",
            name=op.f("ck_webhook_endpoint_disabled_why"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_webhook_endpoint_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoint")),
    )
    op.create_index("ix_webhook_endpoint_tenant_id", "webhook_endpoint", ["tenant_id"])
