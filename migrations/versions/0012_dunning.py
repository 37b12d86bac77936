"""Dunning: versions of the ladder, cases, what was done to them, subscriptions held back."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import keep

revision = "0012"
down_revision = "0011"

EFFECT = "effect in ('remind', 'throttle', 'read_only', 'suspend', 'cancel')"
FIRST = (
    (0, "remind", "first reminder"),
    (2, "remind", "second reminder"),
    (3, "throttle", "restricted"),
    (7, "remind", "last reminder"),
    (14, "suspend", "suspended"),
)
"""The ladder a new installation starts with: days, effect, name."""


def upgrade() -> None:
    """Create the tables and the first version of the ladder."""
    _create_policy()
    _create_case()
    _create_event()
    _create_hold()
    _first_policy()
    for table in ("dunning_policy", "dunning_stage", "dunning_event"):
        keep(table)


def _id() -> "sa.Column[int]":
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def _create_policy() -> None:
    op.create_table(
        "dunning_policy",
        _id(),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("created_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("version > 0", name=op.f("ck_dunning_policy_version_counts")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["app_user.id"], name=op.f("fk_dunning_policy_created_by")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_dunning_policy_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_policy")),
        sa.UniqueConstraint("version", name=op.f("uq_dunning_policy_version")),
    )
    op.create_index("ix_dunning_policy_tenant_id", "dunning_policy", ["tenant_id", "version"])
    op.create_table(
        "dunning_stage",
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("after_days", sa.BigInteger(), nullable=False),
        sa.Column("effect", sa.String(length=12), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.CheckConstraint(EFFECT, name=op.f("ck_dunning_stage_effect_known")),
        sa.CheckConstraint("position > 0", name=op.f("ck_dunning_stage_position_counts")),
        sa.CheckConstraint(
            "after_days >= 0", name=op.f("ck_dunning_stage_after_days_not_negative")
        ),
        sa.CheckConstraint("template <> ''", name=op.f("ck_dunning_stage_template_named")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["dunning_policy.id"], name=op.f("fk_dunning_stage_policy_id")
        ),
        sa.PrimaryKeyConstraint("policy_id", "position", name=op.f("pk_dunning_stage")),
    )


def _create_case() -> None:
    op.create_table(
        "dunning_case",
        _id(),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("invoice_id", sa.BigInteger(), nullable=False),
        sa.Column("subscription_id", sa.BigInteger(), nullable=True),
        sa.Column("policy_id", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("counted_from", sa.Date(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.String(length=40), server_default="opened", nullable=False),
        sa.Column("restriction", sa.String(length=12), nullable=True),
        sa.Column("next_on", sa.Date(), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("failure_code", sa.Text(), nullable=True),
        sa.Column("failed_on", sa.Date(), nullable=True),
        sa.Column("failures", sa.BigInteger(), nullable=False),
        sa.Column("override_path", sa.String(length=12), nullable=True),
        sa.Column("override_custom_stages", JSONB(), nullable=True),
        sa.Column("override_until", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("close_reason", sa.String(length=12), nullable=True),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *_case_checks(),
        sa.ForeignKeyConstraint(
            ["invoice_id", "tenant_id"],
            ["invoice.id", "invoice.tenant_id"],
            name=op.f("fk_dunning_case_invoice_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["dunning_policy.id"], name=op.f("fk_dunning_case_policy_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id", "tenant_id"],
            ["subscription.id", "subscription.tenant_id"],
            name=op.f("fk_dunning_case_subscription_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_dunning_case_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_case")),
    )
    op.create_index(
        "uq_dunning_case_open",
        "dunning_case",
        ["invoice_id"],
        unique=True,
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.create_index("ix_dunning_case_invoice_id", "dunning_case", ["invoice_id"])
    op.create_index("ix_dunning_case_tenant_id", "dunning_case", ["tenant_id"])


def _case_checks() -> list[sa.CheckConstraint]:
    checks = {
        "status_known": "status in ('open', 'suspended', 'closed')",
        "restriction_known": "restriction in ('throttle', 'read_only', 'suspend')",
        "override_path_known": "override_path in ('freeze', 'custom')",
        "close_reason_known": (
            "close_reason in ('paid', 'credited', 'voided', 'written_off', 'cancelled')"
        ),
        "position_not_negative": "position >= 0",
        "failures_not_negative": "failures >= 0",
        "closed_whole": "(status = 'closed') = (closed_on is not null) "
        "and (status = 'closed') = (close_reason is not null)",
        "suspended_if_restricted": "(status = 'suspended') "
        "= (restriction is not null and restriction = 'suspend')",
        "custom_has_stages": "(override_path is not null and override_path = 'custom') "
        "= (override_custom_stages is not null)",
        "until_of_override": "override_until is null or override_path is not null",
        "failure_has_its_day": "(failure_code is null) = (failed_on is null)",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_dunning_case_{name}"))
        for name, rule in checks.items()
    ]


def _create_event() -> None:
    kinds = (
        "kind in ('opened', 'charge_failed', 'reminded', 'restricted', 'suspended', 'held', "
        "'cancelled', 'overridden', 'resumed', 'closed')"
    )
    op.create_table(
        "dunning_event",
        _id(),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("facts", JSONB(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor_type", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(kinds, name=op.f("ck_dunning_event_kind_known")),
        sa.ForeignKeyConstraint(
            ["case_id"], ["dunning_case.id"], name=op.f("fk_dunning_event_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_dunning_event_tenant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_event")),
    )
    op.create_index("ix_dunning_event_case_id", "dunning_event", ["case_id", "id"])


def _create_hold() -> None:
    op.create_table(
        "dunning_hold",
        sa.Column("subscription_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("case_id", sa.BigInteger(), nullable=False),
        sa.Column("status_before", sa.String(length=16), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["dunning_case.id"], name=op.f("fk_dunning_hold_case_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id", "tenant_id"],
            ["subscription.id", "subscription.tenant_id"],
            name=op.f("fk_dunning_hold_subscription_id_tenant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenant.id"], name=op.f("fk_dunning_hold_tenant_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", name=op.f("pk_dunning_hold")),
    )
    op.create_index("ix_dunning_hold_tenant_id", "dunning_hold", ["tenant_id"])


def _first_policy() -> None:
    op.execute(
        "insert into dunning_policy (version, reason, created_at) "
        "values (1, 'the ladder a new installation starts with', now())"
    )
    for position, (after_days, effect, name) in enumerate(FIRST, start=1):
        op.execute(
            "insert into dunning_stage (policy_id, position, after_days, effect, template) "
            f"select id, {position}, {after_days}, '{effect}', '{name}' from dunning_policy"
        )
