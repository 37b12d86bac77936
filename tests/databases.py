"""Databases for tests: copies of the migrated one, and one a worker uses again and again."""

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql
from sqlalchemy import Engine, make_url

from core.db import app_engine
from core.inbox.standing import forget_books

_TABLES = """
select schemaname || '.' || tablename from pg_tables
where schemaname in ('public', 'simulator', 'procrastinate') order by 1
"""
_SEQUENCES = """
select cast(cast(oid as regclass) as text), pg_sequence_last_value(oid)
from pg_class where relkind = 'S'
"""
KEPT = "kept"
"""What the connections of a reused database's own engine call themselves."""
_END_OTHERS = f"""
select pg_terminate_backend(pid, case when state = 'idle' then 0 else 5000 end)
from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
  and (application_name <> '{KEPT}' or state <> 'idle'
    or pid in (select pid from pg_locks where locktype = 'advisory'))
"""
_CATALOGUES = (
    "pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_index", "pg_namespace",
    "pg_policy", "pg_proc", "pg_trigger",
)  # fmt: skip
# Whatever changes the schema gives a row of these a new xmin, or takes one away.
_SCHEMA = " union all ".join(
    f"select '{name}', count(*), count(*) filter (where age(xmin) < age(cast(%(since)s as xid)))"
    f" from {name}"
    for name in _CATALOGUES
)
_NOW = "select cast(cast(pg_current_xact_id() as xid) as text)"


def address(server: str, name: str) -> str:
    """The owner's address of a database of a server."""
    return make_url(server).set(database=name).render_as_string(hide_password=False)


@contextmanager
def copy_of(server: str, template: str) -> Iterator[str]:
    """The owner's address of a new copy of a database, dropped afterwards."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(_with("create database {} template {}", name, template))
        try:
            yield address(server, name)
        finally:
            db.execute(_with("drop database if exists {} with (force)", name))


class Reused:
    """A database that serves one test after another, each finding it as the migrations left it.

    A test that changed the schema or took the database away leaves the next one a new copy. Its
    `engine` stays open: warm connections answer much sooner than new ones.
    """

    engine: Engine

    def __init__(self, server: str, template: str) -> None:
        self._server, self._template = server, template
        self._open()

    def ready(self) -> str:
        """The owner's address, once everything that other tests left is cleared away."""
        forget_books()
        if not self._put_back():
            self.close()
            self._open()
        return self._url

    def close(self) -> None:
        """Drop the database."""
        self.engine.dispose()
        self._db.close()
        self._copy.__exit__(None, None, None)

    def _open(self) -> None:
        self._copy = copy_of(self._server, self._template)
        self._url = self._copy.__enter__()
        named = make_url(self._url).update_query_dict({"application_name": KEPT})
        self.engine = app_engine(named.render_as_string(hide_password=False))
        self._db = psycopg.connect(self._url, autocommit=True)
        self._db.execute("set lock_timeout = '30s'; set session_replication_role = replica")
        self._tables = [name for (name,) in self._db.execute(_TABLES)]
        [(since,)] = self._db.execute(_NOW)
        self._since = {"since": since}
        self._schema = self._db.execute(_SCHEMA, self._since).fetchall()
        self._sequences: dict[str, int | None] = dict(self._db.execute(_SEQUENCES).fetchall())
        self._which_filled = self._as_text("select {} where exists (select from {})", self._tables)
        self._seeds = dict(self._db.execute(self._rows(self._filled())).fetchall())
        self._seed_rows = self._rows(self._seeds)

    def _put_back(self) -> bool:
        try:
            self._db.execute(_END_OTHERS)
            if self._db.execute(_SCHEMA, self._since).fetchall() != self._schema:
                return False
            with self._db.transaction():
                for statement in list(self._changes()):
                    self._db.execute(statement)
        except psycopg.OperationalError:
            return False
        return True

    def _changes(self) -> Iterator[sql.Composed]:
        for table in self._filled() - set(self._seeds):
            yield _with("delete from {}", table)
        for table, rows in self._db.execute(self._seed_rows).fetchall():
            if rows != self._seeds[table]:
                yield _with("delete from {}", table)
                yield sql.SQL(
                    "insert into {0} overriding system value"
                    " select * from jsonb_populate_recordset(cast(null as {0}), {1})"
                ).format(_named(table), sql.Literal(self._seeds[table]))
        for name, value in self._db.execute(_SEQUENCES).fetchall():
            if value != (was := self._sequences[name]):
                yield sql.SQL("select setval({}, {}, {})").format(name, was or 1, was is not None)

    def _filled(self) -> set[str]:
        """The tables that have rows."""
        return {name for (name,) in self._db.execute(self._which_filled)}

    def _rows(self, tables: Iterable[str]) -> bytes:
        """A question for the rows of tables as JSON, in an order of their own."""
        each = "select {}, cast(jsonb_agg(r order by to_jsonb(r)) as text) from {} r"
        return self._as_text(each, tables)

    def _as_text(self, each: LiteralString, tables: Iterable[str]) -> bytes:
        """One question over many tables; put together once, as that takes longer than to ask it."""
        parts = [sql.SQL(each).format(name, _named(name)) for name in tables]
        return sql.SQL(" union all ").join(parts).as_bytes(self._db)


def _with(statement: LiteralString, *names: str) -> sql.Composed:
    return sql.SQL(statement).format(*map(_named, names))


def _named(name: str) -> sql.Identifier:
    """A database, or a table with its schema before a dot."""
    return sql.Identifier(*name.split("."))
