"""Month close: closed months take no postings; their figures and explanations are kept."""

from pathlib import Path

from alembic import op

from migrations.helpers import keep

revision = "0025"
down_revision = "0024"

KEPT = ("closed_figure", "close_explanation")
TEXT = Path(__file__).parent.parent / "sql" / "closing.sql"


def upgrade() -> None:
    """Create tables and guards as the text has them."""
    op.execute(TEXT.read_text())
    for table in KEPT:
        keep(table)
    op.execute(
        "create trigger closed_month_stays before delete on closed_month "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger closed_month_stays_whole before truncate on closed_month "
        "for each statement execute function refuse_change()"
    )
