"""The inbox of unmatched transfers: decisions undone, suggestions declined, posting by itself."""

from pathlib import Path

from alembic import op

from migrations.helpers import keep

revision = "0020"
down_revision = "0019"

KEPT = (
    "suggestion_declined",
    "auto_assign_trial",
    "auto_assign_choice",
    "matching_calibration",
)
TEXT = Path(__file__).parent.parent / "sql" / "inbox.sql"


def upgrade() -> None:
    """Create the columns and tables as the text has them; what was chosen and tried is kept."""
    op.execute(TEXT.read_text())
    for table in KEPT:
        keep(table)
