"""Who issues and who is billed, drafts of credit notes, and how a refund is treated."""

from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"

TEXTS = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    """Extend the documents, then the rules the database keeps by itself."""
    _create_issuer_profile()
    _extend_invoice()
    _extend_credit_note()
    _extend_refund()
    _find_in_audit()
    op.execute((TEXTS / "credit_note.sql").read_text())


def _create_issuer_profile() -> None:
    op.create_table(
        "issuer_profile",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("details", JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issuer_profile")),
        sa.UniqueConstraint("digest", name=op.f("uq_issuer_profile_digest")),
    )
    op.execute(
        "create trigger issuer_profile_kept before update or delete on issuer_profile "
        "for each row execute function refuse_change()"
    )
    op.execute(
        "create trigger issuer_profile_kept_whole before truncate on issuer_profile "
        "for each statement execute function refuse_change()"
    )


def _extend_invoice() -> None:
    op.add_column("tenant", sa.Column("billing_address", sa.Text(), nullable=True))
    for table in ("invoice", "credit_note"):
        op.add_column(table, sa.Column("issuer_profile_id", sa.BigInteger(), nullable=True))
        op.add_column(table, sa.Column("billed_to", JSONB(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_issuer_profile_id"),
            table,
            "issuer_profile",
            ["issuer_profile_id"],
            ["id"],
        )
        op.add_column(table, sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column(
        "invoice", sa.Column("discount_minor", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.create_check_constraint(
        op.f("ck_invoice_discount_not_negative"), "invoice", "discount_minor >= 0"
    )
    op.add_column("invoice", sa.Column("due_days", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_invoice_due_days_not_negative"), "invoice", "due_days >= 0")
    op.add_column(
        "invoice_line",
        sa.Column("whole_discount_minor", sa.BigInteger(), server_default="0", nullable=False),
    )


def _extend_credit_note() -> None:
    for table in ("credit_note", "credit_note_line"):
        op.execute(f"drop trigger {table}_kept on {table}")
    note = "credit_note"
    op.add_column(note, sa.Column("status", sa.String(10), server_default="issued", nullable=False))
    op.alter_column(note, "status", server_default=None)
    for column in ("number", "payment_id", "issued_on"):
        op.alter_column(note, column, nullable=True)
    op.add_column(note, sa.Column("invoice_id", sa.BigInteger(), nullable=True))
    op.add_column(note, sa.Column("refund_id", sa.BigInteger(), nullable=True))
    op.add_column(
        note, sa.Column("settles", sa.String(10), server_default="balance", nullable=False)
    )
    op.add_column(note, sa.Column("created_by", sa.BigInteger(), nullable=True))
    op.add_column(note, sa.Column("decided_by", sa.BigInteger(), nullable=True))
    op.add_column(note, sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True))
    op.create_foreign_key(
        op.f("fk_credit_note_invoice_id_tenant_id_currency"),
        note,
        "invoice",
        ["invoice_id", "tenant_id", "currency"],
        ["id", "tenant_id", "currency"],
    )
    op.create_foreign_key(op.f("fk_credit_note_refund_id"), note, "refund", ["refund_id"], ["id"])
    for column in ("created_by", "decided_by"):
        op.create_foreign_key(op.f(f"fk_credit_note_{column}"), note, "app_user", [column], ["id"])
    op.create_check_constraint(
        op.f("ck_credit_note_status_known"), note, "status in ('draft', 'issued', 'declined')"
    )
    op.create_check_constraint(
        op.f("ck_credit_note_settles_known"), note, "settles in ('balance', 'invoice', 'refund')"
    )
    op.create_check_constraint(
        op.f("ck_credit_note_issued_complete"),
        note,
        "status <> 'issued' or (number is not null and issued_on is not null)",
    )
    op.create_check_constraint(
        op.f("ck_credit_note_credit_or_refund"),
        note,
        "status <> 'issued' or (payment_id is null) = (refund_id is not null)",
    )
    op.create_index("ix_credit_note_invoice_id", note, ["invoice_id"])
    op.create_index("ix_credit_note_refund_id", note, ["refund_id"])
    line = "credit_note_line"
    for column in ("service_start", "service_end"):
        op.alter_column(line, column, nullable=True)
    op.add_column(line, sa.Column("invoice_line_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_credit_note_line_invoice_line_id"),
        line,
        "invoice_line",
        ["invoice_line_id"],
        ["id"],
    )
    op.create_index("ix_credit_note_line_invoice_line_id", line, ["invoice_line_id"])


def _extend_refund() -> None:
    op.add_column(
        "refund",
        sa.Column("treatment", sa.String(12), server_default="credit_note", nullable=False),
    )
    op.create_check_constraint(
        op.f("ck_refund_treatment_known"),
        "refund",
        "treatment in ('credit_note', 'reopen', 'credit', 'note')",
    )
    op.add_column("refund", sa.Column("credit_note_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_refund_credit_note_id"), "refund", "credit_note", ["credit_note_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("ck_refund_note_named"),
        "refund",
        "(treatment = 'note') = (credit_note_id is not null)",
    )
    op.add_column("refund", sa.Column("failure", sa.Text(), nullable=True))
    op.add_column(
        "refund", sa.Column("notify", sa.Boolean(), server_default="false", nullable=False)
    )
    op.create_index(
        "ix_refund_pending", "refund", ["requested_at"], postgresql_where="status = 'pending'"
    )
    op.add_column(
        "payment", sa.Column("returned_minor", sa.BigInteger(), server_default="0", nullable=False)
    )
    op.add_column("payment", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.create_check_constraint(
        op.f("ck_payment_returned_within"),
        "payment",
        "returned_minor >= 0 and allocated_minor + returned_minor <= amount_minor",
    )


def _find_in_audit() -> None:
    """Let the timeline of a document be read without a scan of the log."""
    for name in ("invoice_id", "payment_id"):
        op.execute(
            f"create index ix_audit_event_{name} on audit_event ((payload->>'{name}')) "
            f"where payload ? '{name}'"
        )
