"""Brings a database to the newest schema: roles, migrations, grants."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from core.db import APP_ROLE, OWNER_ROLE, database_url, owner_connection
from core.errors import DatabaseUnavailable, SchemaBehind
from core.ledger import chart
from core.settings import ROOT, Settings

APPEND_ONLY = (
    "audit_event",
    "ledger_transaction",
    "accounting_entry",
    "plan_history",
    "payment_allocation",
    "subscription_cancellation",
    "wallet_transaction",
    "issuer_profile",
    "document",
    "dunning_policy",
    "dunning_stage",
    "dunning_event",
)
_ROLE_LOCK = 47110001


def upgrade(url: str) -> str:
    """Create what is missing and return the revision; running it again changes nothing.

    Raises DatabaseUnavailable when the server or the rights to create roles are missing.
    """
    ensure_roles(url)
    with owner_connection(url) as connection:
        connection.execute(text(f"set local role {OWNER_ROLE}"))
        connection.execute(text("set local lock_timeout = '5s'"))
        command.upgrade(alembic_config(connection), "head")
        chart.fill(connection)
        _grant(connection)
        return str(connection.scalar(text("select version_num from alembic_version")))


def ready_url(settings: Settings) -> str:
    """The database's address once its schema is the newest one.

    The embedded database is brought there by itself; a real server is its operator's to migrate:
    raises SchemaBehind.
    """
    url = database_url(settings)
    with owner_connection(url) as connection:
        found = _revision(connection)
    if settings.database_url:
        _require_newest(found)
    elif found != newest_revision():
        upgrade(database_url(settings, owner=True))
    return url


def require_newest(session: Session) -> None:
    """Raise SchemaBehind unless the schema is the one that this version needs."""
    _require_newest(_revision(session.connection()))


def _require_newest(found: str | None) -> None:
    if found != newest_revision():
        raise SchemaBehind(
            f"The database's schema is at {found or 'nothing'}, this version needs "
            f"{newest_revision()}: run saldo db upgrade"
        )


@cache
def newest_revision() -> str:
    """The newest migration of these sources."""
    return str(ScriptDirectory(str(ROOT / "migrations")).get_current_head())


def _revision(connection: Connection) -> str | None:
    if connection.scalar(text("select to_regclass('alembic_version')")) is None:
        return None
    return str(connection.scalar(text("select version_num from alembic_version")))


def ensure_roles(url: str) -> None:
    """Create the owner and the application role when they are missing."""
    with owner_connection(url) as connection:
        try:
            _ensure_roles(connection)
        except ProgrammingError as problem:
            raise DatabaseUnavailable(
                f"The roles {OWNER_ROLE} and {APP_ROLE} are missing and may not be created with "
                f"this sign-in; ask the database's administrator to create and grant them "
                f"({problem.orig})"
            ) from problem


def alembic_config(connection: Connection) -> Config:
    """Alembic's configuration on an open connection."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    config.attributes["connection"] = connection
    return config


def _ensure_roles(connection: Connection) -> None:
    connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _ROLE_LOCK})
    for role in (OWNER_ROLE, APP_ROLE):
        known = connection.scalar(
            text("select 1 from pg_roles where rolname = :role"), {"role": role}
        )
        if not known:
            connection.execute(text(f"create role {role} nologin"))
        member = connection.scalar(
            text("select pg_has_role(current_user, :role, 'member')"), {"role": role}
        )
        if not member:
            connection.execute(text(f"grant {role} to current_user"))
    connection.execute(text(f"grant usage, create on schema public to {OWNER_ROLE}"))
    connection.execute(text(f"grant usage on schema public to {APP_ROLE}"))


def _grant(connection: Connection) -> None:
    connection.execute(
        text(f"grant select, insert, update, delete on all tables in schema public to {APP_ROLE}")
    )
    connection.execute(text(f"grant usage on all sequences in schema public to {APP_ROLE}"))
    for table in APPEND_ONLY:
        connection.execute(text(f"revoke update, delete, truncate on {table} from {APP_ROLE}"))
    connection.execute(text(f"revoke insert, update, delete on alembic_version from {APP_ROLE}"))
