"""Reconciliation: the gateways' own ledgers, how far they were read, decisions, days."""

from pathlib import Path

from alembic import op

from migrations.helpers import track

revision = "0023"
down_revision = "0022"

COPIED = ("gateway_line", "gateway_payout")
TEXT = Path(__file__).parent.parent / "sql" / "reconciliation.sql"


def upgrade() -> None:
    """Create the tables as the text has them; the analytics copy takes lines and payouts over."""
    op.execute(TEXT.read_text())
    for table in COPIED:
        track(table)
