"""Accounts at the company's sign-in provider, and visits to it that have not come back."""

from pathlib import Path

from alembic import op

revision = "0019"
down_revision = "0018"

TEXT = Path(__file__).parent.parent / "sql" / "oidc.sql"


def upgrade() -> None:
    """Create the tables as the text has them."""
    op.execute(TEXT.read_text())
