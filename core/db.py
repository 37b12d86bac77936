"""Where the operational database is, and engines on it for the application and for the owner."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError

from core import embedded
from core.errors import DatabaseUnavailable
from core.settings import Settings

APP_ROLE = "saldo_app"
OWNER_ROLE = "saldo_owner"
DATABASE = "saldo"
SCOPE = "select set_config('app.scope', '{}', true), set_config('app.tenant_id', '{}', true)"
"""Whose rows the transaction sees and writes: `platform` all, `tenant` those of one."""
PLATFORM_SCOPE = SCOPE.format("platform", "")


def database_url(settings: Settings, *, owner: bool = False) -> str:
    """A libpq address of the operational database; starts the embedded server when that is it."""
    chosen = settings.migration_url if owner and settings.migration_url else settings.database_url
    if chosen:
        return (
            make_url(chosen.get_secret_value())
            .set(drivername="postgresql")
            .render_as_string(hide_password=False)
        )
    return embedded_database(embedded.start(settings.home / "pg"), DATABASE)


def embedded_database(server_uri: str, name: str) -> str:
    """The address of a database on the embedded server, made when missing."""
    with psycopg.connect(server_uri, autocommit=True) as db:
        known = db.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
        if not known:
            db.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
    return make_url(server_uri).set(database=name).render_as_string(hide_password=False)


def app_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine whose connections act as the application role, which owns nothing."""
    engine = create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=pool_size,
        max_overflow=pool_size * 2,
        pool_pre_ping=True,
    )

    @event.listens_for(engine, "connect")
    def _act_as_app(connection: psycopg.Connection, _record: object) -> None:
        connection.execute(f"set role {APP_ROLE}")
        connection.execute("set timezone = 'UTC'")
        connection.commit()

    return engine


@contextmanager
def platform_connection(engine: Engine) -> Iterator[Connection]:
    """A transaction over all tenants' rows, outside a unit of work."""
    with engine.begin() as connection:
        connection.execute(text(PLATFORM_SCOPE))
        yield connection


@contextmanager
def owner_connection(url: str) -> Iterator[Connection]:
    """A transaction as the owner of the schema, over all tenants' rows, for migrations."""
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    try:
        with platform_connection(engine) as connection:
            yield connection
    except OperationalError as problem:
        raise DatabaseUnavailable(f"The database does not answer: {problem.orig}") from problem
    finally:
        engine.dispose()
