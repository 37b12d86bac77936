"""The queue's own schema, and the schedules and runs of jobs."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"

SCHEMA = "procrastinate"
OWNER, APP = "saldo_owner", "saldo_app"
OUTCOMES = "('waiting', 'running', 'done', 'failed', 'skipped')"


def upgrade() -> None:
    """Create the queue as its package describes it, then our own tables."""
    _create_queue()
    _create_schedule()
    _create_run()


def _create_queue() -> None:
    """The schema with the sign-in's own rights, what is in it as the schema's owner."""
    op.execute("reset role")
    op.execute(f"create schema {SCHEMA} authorization {OWNER}")
    op.execute(f"set local role {OWNER}")
    op.execute(f"set local search_path = {SCHEMA}")
    # Without parameters psycopg takes a text of many statements, per cent signs included.
    op.get_bind().connection.cursor().execute(SchemaManager.get_schema())
    op.execute("set local search_path = public")
    op.execute(f"grant usage on schema {SCHEMA} to {APP}")
    op.execute(f"grant select, insert, update, delete on all tables in schema {SCHEMA} to {APP}")
    op.execute(f"grant usage on all sequences in schema {SCHEMA} to {APP}")


def _create_schedule() -> None:
    op.create_table(
        "job_schedule",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("cron", sa.Text(), nullable=True),
        sa.Column("planned_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_job_schedule")),
    )


def _create_run() -> None:
    op.create_table(
        "job_run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("origin", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempt", sa.BigInteger(), server_default="1", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("idle", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("summary", JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("problem", sa.Text(), nullable=True),
        *_rules(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_run")),
        sa.UniqueConstraint(
            "name",
            "scheduled_for",
            "attempt",
            name=op.f("uq_job_run_name_scheduled_for_attempt"),
        ),
    )
    for name, columns, only, unique in (
        ("uq_job_run_waiting", ["name"], "outcome = 'waiting'", True),
        ("ix_job_run_running", ["id"], "outcome = 'running'", False),
        ("ix_job_run_name", ["name", "id"], None, False),
        ("ix_job_run_finished_at", ["finished_at"], None, False),
    ):
        where = sa.text(only) if only else None
        op.create_index(name, "job_run", columns, unique=unique, postgresql_where=where)


def _rules() -> list[sa.CheckConstraint]:
    rules = {
        "outcome_known": f"outcome in {OUTCOMES}",
        "origin_known": "origin in ('schedule', 'person', 'operator')",
        "started_unless_waits": "(outcome = 'waiting') = (started_at is null)",
        "finished_when_over": "(outcome in ('waiting', 'running')) = (finished_at is null)",
        "seen_while_running": "(outcome = 'running') = (seen_at is not null)",
        "scheduled_by_schedule": "(origin = 'schedule') = (scheduled_for is not null)",
        "asked_unless_schedule": "(origin = 'schedule') = (asked_by is null)",
        "attempt_counted": "attempt > 0",
    }
    return [
        sa.CheckConstraint(rule, name=op.f(f"ck_job_run_{name}")) for name, rule in rules.items()
    ]
