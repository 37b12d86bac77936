"""Rules the database keeps by itself: balance, append-only, audit chain, change tracking."""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

SYNCED = (
    "tenant",
    "plan",
    "plan_price",
    "subscription",
    "plan_history",
    "subscription_cancellation",
    "invoice",
    "invoice_line",
    "payment",
    "payment_allocation",
    "dispute",
    "refund",
    "bank_statement",
    "bank_transfer",
    "unmatched_bank_transfer",
    "gateway_ledger_entry",
    "cost",
    "cash_balance",
    "fx_rate",
    "ledger_transaction",
    "accounting_entry",
)
APPEND_ONLY = (
    "audit_event",
    "ledger_transaction",
    "accounting_entry",
    "plan_history",
    "payment_allocation",
    "subscription_cancellation",
)
TEXTS = Path(__file__).parent.parent / "sql"


def upgrade() -> None:
    """Create the functions, then put the triggers on the tables."""
    for name in ("append_only", "sync", "ledger", "invoice", "audit"):
        op.execute((TEXTS / f"{name}.sql").read_text())
    for table in SYNCED:
        op.execute(
            f"alter table {table} add column row_xid xid8 not null default pg_current_xact_id()"
        )
        op.execute(f"create index ix_{table}_row_xid on {table} (row_xid)")
        op.execute(
            f"create trigger {table}_touch before update on {table} "
            "for each row execute function sync_touch()"
        )
        op.execute(
            f"create trigger {table}_bury after delete on {table} "
            "for each row execute function sync_bury()"
        )
        op.execute(
            f"create trigger {table}_truncated after truncate on {table} "
            "for each statement execute function sync_truncated()"
        )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger {table}_kept before update or delete on {table} "
            "for each row execute function refuse_change()"
        )
        op.execute(
            f"create trigger {table}_kept_whole before truncate on {table} "
            "for each statement execute function refuse_change()"
        )
