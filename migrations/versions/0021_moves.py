"""The database keeps the moves of invoices, the numbers that were given, and what was received."""

from pathlib import Path

from alembic import op

from migrations.helpers import keep

revision = "0021"
down_revision = "0020"

TEXT = Path(__file__).parent.parent / "sql" / "moves.sql"


def upgrade() -> None:
    """Create the rules as the text has them; a series of numbers is never taken away."""
    op.execute(TEXT.read_text())
    keep("invoice_series", "delete")
