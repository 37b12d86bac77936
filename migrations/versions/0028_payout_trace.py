"""A payout keeps the number that the receiving bank gave it."""

from alembic import op

revision = "0028"
down_revision = "0027"


def upgrade() -> None:
    """Add the bank's number to payouts."""
    op.execute("alter table gateway_payout add column trace_id text")
