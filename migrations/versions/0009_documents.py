"""Documents as they were first rendered."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from migrations.helpers import keep

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table; what it holds stays."""
    op.create_table(
        "document",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("source_id", sa.BigInteger(), nullable=False),
        sa.Column("tenant_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("standard", sa.String(length=8), nullable=True),
        sa.Column("warnings", JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind in ('invoice', 'credit_note')", name=op.f("ck_document_kind_known")
        ),
        sa.CheckConstraint(
            "sha256 = encode(sha256(body), 'hex')", name=op.f("ck_document_hash_fits")
        ),
        sa.CheckConstraint(
            "standard is not null or warnings <> '[]'", name=op.f("ck_document_plain_warned")
        ),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_document_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
        sa.UniqueConstraint("kind", "source_id", name=op.f("uq_document_kind_source_id")),
    )
    op.create_index("ix_document_tenant_id", "document", ["tenant_id"])
    keep("document")
