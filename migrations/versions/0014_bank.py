"""Bank files: what identifies an entry, what does not foot, and how CSV files read."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns, tell statements apart by content, create the table of mappings."""
    _widen_statement()
    _widen_transfer()
    op.create_table(
        "bank_csv_mapping",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("mapping", JSONB(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("name <> ''", name=op.f("ck_bank_csv_mapping_named")),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["app_user.id"], name=op.f("fk_bank_csv_mapping_changed_by")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_csv_mapping")),
        sa.UniqueConstraint("name", name=op.f("uq_bank_csv_mapping_name")),
    )


def _widen_statement() -> None:
    table = "bank_statement"
    op.add_column(table, sa.Column("difference_minor", sa.BigInteger(), nullable=True))
    for name in ("problem", "file_name"):
        op.add_column(table, sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.drop_constraint("uq_bank_statement_account_statement_ref", table)
    op.create_unique_constraint(
        op.f("uq_bank_statement_account_statement_ref_file_sha256"),
        table,
        ["account", "statement_ref", "file_sha256"],
    )
    op.drop_constraint("ck_bank_statement_status_known", table)
    for name, rule in (
        ("status_known", "status in ('imported', 'quarantined', 'replaced')"),
        ("problem_told", "status = 'imported' or problem <> ''"),
    ):
        op.create_check_constraint(op.f(f"ck_bank_statement_{name}"), table, rule)


def _widen_transfer() -> None:
    table = "bank_transfer"
    for name in ("own_ref", "entry_ref", "end_to_end_id"):
        op.add_column(table, sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.execute("update bank_transfer set own_ref = bank_ref")
    op.add_column(table, sa.Column("value_on", sa.Date(), nullable=True))
    for name in ("own_ref", "entry_ref"):
        op.create_index(f"ix_bank_transfer_{name}", table, ["account", name])
