"""Keys of the gateways, sealed."""

from pathlib import Path

from alembic import op

revision = "0018"
down_revision = "0017"

TEXT = Path(__file__).parent.parent / "sql" / "gateway_credentials.sql"


def upgrade() -> None:
    """Create the tables as the text has them."""
    op.execute(TEXT.read_text())
