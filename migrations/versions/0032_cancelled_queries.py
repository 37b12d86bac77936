"""A question in SQL can be cancelled from every door, wherever it runs."""

from alembic import op

revision = "0032"
down_revision = "0031"


def upgrade() -> None:
    """Let a question hold when somebody wanted it ended."""
    op.execute("alter table query_run add column cancel_asked_at timestamp with time zone")
