"""Events of the gateways, cards kept there, attempts to charge and recharges."""

from pathlib import Path

from alembic import op

revision = "0017"
down_revision = "0016"

TEXT = Path(__file__).parent.parent / "sql" / "charging.sql"


def upgrade() -> None:
    """Create the tables as the text has them."""
    op.execute(TEXT.read_text())
