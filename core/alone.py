"""One process at a time, across a call to somebody else, without a transaction held open."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import DBAPIError

_TAKE = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
_LET_GO = text("select pg_advisory_unlock(hashtextextended(:name, 0))")


@contextmanager
def alone(engine: Engine, name: str) -> Iterator[bool]:
    """Whether nobody else is at `name` until the block ends; a crash lets go of it.

    The lock lives on a connection of its own, so that those of the pool are left to the work.
    """
    apart = create_engine(engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with apart.connect() as connection:
        mine = bool(connection.scalar(_TAKE, {"name": name}))
        try:
            yield mine
        finally:
            # Closing lets go as well, but a moment later than who comes next may ask.
            if mine:
                with suppress(DBAPIError):
                    connection.execute(_LET_GO, {"name": name})
