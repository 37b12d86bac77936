"""An event is one of its account; a refund that came back keeps the days it went and returned."""

from pathlib import Path

from alembic import op

revision = "0026"
down_revision = "0025"

TEXT = Path(__file__).parent.parent / "sql" / "returns.sql"


def upgrade() -> None:
    """Number events by account, and let refunds, their notes and invoices come back."""
    op.drop_constraint("uq_gateway_event_provider_event_id", "gateway_event")
    op.execute(TEXT.read_text())
