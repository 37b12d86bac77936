"""Usage: meters, usage prices, events, counters and periods; the meters of the default limits."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

METERS = {
    "max_shipments": ("sum", "period"),
    "max_users": ("latest", "never"),
    "max_branches": ("latest", "never"),
    "storage_gb": ("latest", "never"),
    "api_calls_daily": ("sum", "day"),
}


def upgrade() -> None:
    """Create the tables and the meters that the limits of the default plans need."""
    _create_meter()
    _create_usage_price()
    _create_usage_price_tier()
    _create_usage_period()
    _create_usage_event()
    _create_usage_counter()
    _create_usage_subject()
    op.execute(
        "create trigger usage_event_kept before update or delete on usage_event "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger usage_event_kept_whole before truncate on usage_event "
        "for each statement execute function refuse_change()"
    )
    for name, (aggregation, resets) in METERS.items():
        op.execute(
            sa.text("insert into meter values (:name, :aggregation, :resets, now())").bindparams(
                name=name, aggregation=aggregation, resets=resets
            )
        )


def _create_meter() -> None:
    op.create_table(
        "meter",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("aggregation", sa.String(length=8), nullable=False),
        sa.Column("resets", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("name ~ '^[a-z][a-z0-9_]*$'", name=op.f("ck_meter_name_shape")),
        sa.CheckConstraint(
            "aggregation in ('count', 'sum', 'max', 'unique', 'latest')",
            name=op.f("ck_meter_aggregation_known"),
        ),
        sa.CheckConstraint(
            "resets in ('period', 'day', 'never')", name=op.f("ck_meter_resets_known")
        ),
        sa.CheckConstraint(
            "(aggregation = 'latest') = (resets = 'never')",
            name=op.f("ck_meter_only_levels_never_reset"),
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_meter")),
    )


def _create_usage_price() -> None:
    op.create_table(
        "usage_price",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("plan_id", sa.BigInteger(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("model", sa.String(length=12), nullable=False),
        sa.Column("included", sa.Numeric(18, 6), server_default="0", nullable=False),
        sa.Column("package_size", sa.Numeric(18, 6), nullable=True),
        sa.Column("minimum_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "model in ('per_unit', 'graduated', 'volume', 'package')",
            name=op.f("ck_usage_price_model_known"),
        ),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_usage_price_currency_code")),
        sa.CheckConstraint(
            "included >= 0 and minimum_minor >= 0", name=op.f("ck_usage_price_amounts_not_negative")
        ),
        sa.CheckConstraint(
            "(model = 'package') = (package_size is not null) and package_size > 0",
            name=op.f("ck_usage_price_package_has_size"),
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_usage_price_version_from_one")),
        sa.CheckConstraint("valid_until > valid_from", name=op.f("ck_usage_price_valid_range")),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_usage_price_plan_id")),
        sa.ForeignKeyConstraint(["meter"], ["meter.name"], name=op.f("fk_usage_price_meter")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_usage_price")),
        sa.UniqueConstraint(
            "plan_id",
            "meter",
            "currency",
            "version",
            name=op.f("uq_usage_price_plan_id_meter_currency_version"),
        ),
    )
    op.create_index(
        "uq_usage_price_current",
        "usage_price",
        ["plan_id", "meter", "currency"],
        unique=True,
        postgresql_where="valid_until is null",
    )


def _create_usage_price_tier() -> None:
    op.create_table(
        "usage_price_tier",
        sa.Column("usage_price_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("up_to", sa.Numeric(18, 6), nullable=True),
        sa.Column("unit_minor", sa.Numeric(20, 10), nullable=False),
        sa.Column("flat_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "position >= 1 and up_to > 0", name=op.f("ck_usage_price_tier_place_known")
        ),
        sa.CheckConstraint(
            "unit_minor >= 0 and flat_minor >= 0",
            name=op.f("ck_usage_price_tier_amounts_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["usage_price_id"],
            ["usage_price.id"],
            name=op.f("fk_usage_price_tier_usage_price_id"),
        ),
        sa.PrimaryKeyConstraint("usage_price_id", "position", name=op.f("pk_usage_price_tier")),
    )


def _create_usage_period() -> None:
    op.create_table(
        "usage_period",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("period_end", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("invoice_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "period_end > period_start", name=op.f("ck_usage_period_period_forward")
        ),
        sa.CheckConstraint(
            "invoice_id is null or closed_at is not null",
            name=op.f("ck_usage_period_closed_if_invoiced"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_usage_period_tenant_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_usage_period_invoice_id")
        ),
        sa.PrimaryKeyConstraint("tenant_id", "period_start", name=op.f("pk_usage_period")),
    )


def _create_usage_event() -> None:
    op.create_table(
        "usage_event",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Text(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Numeric(18, 6), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("is_change", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_usage_event_quantity_not_negative")),
        sa.CheckConstraint("event_id <> ''", name=op.f("ck_usage_event_event_id_given")),
        sa.PrimaryKeyConstraint("tenant_id", "event_id", name=op.f("pk_usage_event")),
    )
    op.create_index("ix_usage_event_meter", "usage_event", ["tenant_id", "meter", "period_start"])


def _create_usage_counter() -> None:
    op.create_table(
        "usage_counter",
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("value", sa.Numeric(30, 6), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("value >= 0", name=op.f("ck_usage_counter_value_not_negative")),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_usage_counter_tenant_id")
        ),
        sa.ForeignKeyConstraint(["meter"], ["meter.name"], name=op.f("fk_usage_counter_meter")),
        sa.PrimaryKeyConstraint(
            "tenant_id", "meter", "period_start", "window_start", name=op.f("pk_usage_counter")
        ),
    )


def _create_usage_subject() -> None:
    op.create_table(
        "usage_subject",
        sa.Column("tenant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("meter", sa.Text(), nullable=False),
        sa.Column("period_start", sa.Date(), nullable=False),
        sa.Column("window_start", sa.Date(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id",
            "meter",
            "period_start",
            "window_start",
            "subject",
            name=op.f("pk_usage_subject"),
        ),
    )
