"""What the small simulators of Paystack and PayPal keep."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0015"
down_revision = "0014"

SCHEMA = "simulator"
APP = "saldo_app"
TABLE = "sibling_objects"


def upgrade() -> None:
    """One table for all kinds of objects of both."""
    counted = sa.text(f"nextval('{SCHEMA}.serial')")
    op.create_table(
        TABLE,
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default=counted, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("body", JSONB(), nullable=False),
        sa.CheckConstraint("provider in ('paystack', 'paypal')", name=op.f(f"ck_{TABLE}_provider")),
        sa.PrimaryKeyConstraint("provider", "kind", "id", name=op.f(f"pk_{TABLE}")),
        schema=SCHEMA,
    )
    op.create_index(
        f"ix_{TABLE}_newest", TABLE, ["provider", "kind", "created", "seq"], schema=SCHEMA
    )
    op.execute(f"grant select, insert, update, delete on {SCHEMA}.{TABLE} to {APP}")
