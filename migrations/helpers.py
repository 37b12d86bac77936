"""Rules that migrations put on tables; the functions they call are those of migrations/sql."""

from alembic import op


def track(table: str) -> None:
    """Let the incremental sync see what changes in a table."""
    op.execute(f"alter table {table} add column row_xid xid8 not null default pg_current_xact_id()")
    op.execute(f"create index ix_{table}_row_xid on {table} (row_xid)")
    for name, when, function in (
        ("touch", "before update on {} for each row", "sync_touch"),
        ("bury", "after delete on {} for each row", "sync_bury"),
        ("truncated", "after truncate on {} for each statement", "sync_truncated"),
    ):
        op.execute(
            f"create trigger {table}_{name} {when.format(table)} execute function {function}()"
        )


def keep(table: str, verbs: str = "update or delete") -> None:
    """Refuse what would change a table's rows or take them away, also as a whole."""
    op.execute(
        f"create trigger {table}_kept before {verbs} on {table} "
        "for each row execute function refuse_change()"
    )
    op.execute(
        f"create trigger {table}_kept_whole before truncate on {table} "
        "for each statement execute function refuse_change()"
    )
