"""Ad-hoc SQL: questions as they were asked, and questions kept for a role."""

from pathlib import Path

from alembic import op

revision = "0024"
down_revision = "0023"

TEXT = Path(__file__).parent.parent / "sql" / "adhoc.sql"


def upgrade() -> None:
    """Create the tables as the text has them."""
    op.execute(TEXT.read_text())
