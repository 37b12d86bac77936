"""Rules that migrations put on tables; the functions they call are those of migrations/sql."""

from alembic import op

# Sub-selects, which are evaluated once a query. Asked for a row and not for equality, the planner
# takes the platform's scope for the usual case and expects every row to be seen.
PLATFORM = "(select 1 where current_setting('app.scope', true) = 'platform') is not null"
OWN = "(select nullif(current_setting('app.tenant_id', true), '')::bigint)"


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


def isolate(table: str, column: str = "tenant_id") -> None:
    """Show and take a tenant's own rows alone; those without a tenant are the platform's."""
    _guard(table, "tenant", f"{PLATFORM} or {column} = {OWN}")


def isolate_within(table: str, key: str, parent: str) -> None:
    """Show and take the rows of those rows of a parent that may be seen, by the parent's policy."""
    seen = f"exists (select from {parent} p where p.id = {table}.{key})"
    _guard(table, "tenant", f"{PLATFORM} or {seen}")


def show_defaults(table: str) -> None:
    """Show to tenants also the rows without one, which hold for all of them."""
    op.execute(
        f"create policy defaults on {table} for select "
        f"using (tenant_id is null and {OWN} is not null)"
    )


def keep_from_tenants(table: str) -> None:
    """Show and take a table's rows in the platform's scope alone."""
    _guard(table, "company", PLATFORM)


def _guard(table: str, name: str, rule: str) -> None:
    op.execute(f"alter table {table} enable row level security")
    op.execute(f"alter table {table} force row level security")
    op.execute(f"create policy {name} on {table} using ({rule})")
