"""Writing new records at once, where a flush would cost several times the statement."""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Table, insert
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.sql.dml import ReturningInsert

from core.base import Base
from core.work import Work


def insert_now(work: Work, records: Sequence[Base]) -> None:
    """Insert new records of one table, each with the same columns set, and read the defaults back.

    The session knows nothing of them until they are adopted. What they name must be there.
    """
    kind = type(records[0])
    columns = dict(kind.__mapper__.columns)
    given = [name for name in columns if name in vars(records[0])]
    unset = [name for name in columns if name not in given]
    defaults = tuple(n for n in unset if columns[n].identity or columns[n].server_default)
    rows = [{columns[name].key: vars(record)[name] for name in given} for record in records]
    made = work.session.connection().execute(_insert(kind, defaults), rows)
    for record, row in zip(records, made, strict=True):
        read = dict(zip(defaults, row, strict=False))
        for name in unset:
            setattr(record, name, read.get(name))


def adopt(work: Work, records: Sequence[Base]) -> None:
    """Let the session take inserted records, with what hangs on them, as if it had read them."""
    for record in records:
        make_transient_to_detached(record)
    work.session.add_all(records)


@cache
def _insert(kind: type[Base], defaults: tuple[str, ...]) -> ReturningInsert[tuple[object, ...]]:
    table, columns = kind.__table__, kind.__mapper__.columns
    assert isinstance(table, Table)
    asked = [columns[name] for name in defaults] or list(table.primary_key)
    return insert(table).returning(*asked, sort_by_parameter_order=True)
