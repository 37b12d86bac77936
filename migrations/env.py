"""Alembic's entry: runs on the connection that core.schema hands in."""

from typing import Any

from alembic import context

from core.models import Base

NOT_MAPPED = {"sync_tombstone"}


def include(thing: Any, name: str | None, kind: str, *_rest: Any) -> bool:
    """Leave out what only the database knows: sync columns and tombstones."""
    if kind == "table":
        return name not in NOT_MAPPED
    if kind == "column":
        return name != "row_xid"
    if kind == "index":
        return "row_xid" not in {column.name for column in thing.columns}
    return True


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=include,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
