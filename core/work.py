"""The unit of work: one transaction, one actor, one clock, one audit row."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from psycopg.errors import UniqueViolation
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from core.access.authority import Actor, Standing, standing
from core.access.permissions import SIGNED_IN
from core.audit.log import append
from core.clock import Clock, local_date
from core.db import PLATFORM_SCOPE, SCOPE
from core.errors import ChangedMeanwhile, DatabaseUnavailable, MonthClosed, NotAllowed
from core.notifications.outbox import Notice, note
from core.settings import Settings

_CHECK_NOW = text("set constraints all immediate")
MONTH_CLOSED = "SA001"
"""What migrations/sql/closing.sql raises for a posting dated in a closed month."""


@dataclass
class Work:
    """What an action works with; only the `with` that opened it commits."""

    session: Session
    actor: Actor
    standing: Standing
    clock: Clock
    settings: Settings
    told: dict[str, Any] = field(default_factory=dict)
    organization_id: int | None = None
    event_type: str | None = None
    kept: dict[tuple[type, int], Any] = field(default_factory=dict)
    """Records locked, or read and soon asked for again: a session lets go what nobody holds."""
    notices: list[Notice] = field(default_factory=list)
    """What tenants are told when this commits."""
    rehearsal: bool = False
    """True when nothing will be kept: neither fresh sign-in nor reason is asked for."""

    @property
    def now(self) -> datetime:
        """The instant, UTC."""
        return self.clock.now()

    @property
    def today(self) -> date:
        """The calendar day in the billing time zone."""
        return local_date(self.now, self.settings.billing_timezone)

    def tell(self, *, tenant_id: int | None = None, **facts: Any) -> None:
        """Add facts to the audit row of the running action; no secrets, no free personal data."""
        if tenant_id is not None:
            self.organization_id = tenant_id
        self.told.update(facts)

    def require(self, permission: str) -> None:
        """Raise NotAllowed unless the actor holds the permission; for reads."""
        if not self.standing.may(permission):
            if permission == SIGNED_IN:
                raise NotAllowed("Only a person who is signed in does this")
            raise NotAllowed(f"This needs the permission {permission}")


class Office:
    """Opens units of work on one database, with one clock and one set of settings."""

    def __init__(self, engine: Engine, clock: Clock, settings: Settings) -> None:
        self.engine, self.clock, self.settings = engine, clock, settings

    @contextmanager
    def work(self, actor: Actor) -> Iterator[Work]:
        """One transaction: committed when the block ends well, undone when it raises.

        Raises SignInNeeded when the actor's session has ended.
        """
        with self._session() as session, session.begin():
            work = self._open(session, actor)
            yield work
            session.flush()
            note(work)
            if work.event_type:
                append(
                    work.session,
                    work.event_type,
                    work.actor,
                    work.now,
                    work.organization_id,
                    work.told,
                )

    @contextmanager
    def rehearse(self, actor: Actor) -> Iterator[Work]:
        """One transaction that is undone in any case, with all its guards checked before.

        Actions run in it as they would, several after another if need be.
        """
        with self._session() as session:
            work = self._open(session, actor)
            work.rehearsal = True
            yield work
            session.flush()
            session.execute(_CHECK_NOW)
            session.rollback()

    @contextmanager
    def _session(self) -> Iterator[Session]:
        try:
            with (
                races_told(),
                Session(self.engine, expire_on_commit=False, autoflush=False) as session,
            ):
                yield session
        except OperationalError as problem:
            if _is_gone(problem):
                raise DatabaseUnavailable from problem
            raise

    def _open(self, session: Session, actor: Actor) -> Work:
        """The work, in the platform's scope until the actor is known and then in its own."""
        now = self.clock.now()
        _begin(session, PLATFORM_SCOPE)
        idle = timedelta(minutes=self.settings.session_idle_minutes)
        rights = standing(session, actor, now, now - idle)
        if rights.tenant_id is not None:
            session.execute(text(SCOPE.format("tenant", rights.tenant_id)))
        return Work(session, actor, rights, self.clock, self.settings)


def _begin(session: Session, words: str) -> None:
    """Begin the session's transaction and set its scope in one message, not two: each costs a trip.

    A connection that already reads, or that does not answer, gets the scope the usual way, which
    also says what is wrong with it.
    """
    driven = session.connection().connection.driver_connection
    assert isinstance(driven, psycopg.Connection)
    server = driven.pgconn
    if server.status == ConnStatus.OK and server.transaction_status == TransactionStatus.IDLE:
        answer = server.exec_(f"begin; {words}".encode())
        if answer.status == ExecStatus.TUPLES_OK:
            return
    session.execute(text(words))


@contextmanager
def races_told() -> Iterator[None]:
    """Raise ChangedMeanwhile when the database's own guard decided a race that no lock had.

    Raises MonthClosed when it refused a posting dated in a closed month.
    """
    try:
        yield
    except IntegrityError as problem:
        if isinstance(problem.orig, UniqueViolation):
            raise ChangedMeanwhile from problem
        raise
    except DBAPIError as problem:
        if getattr(problem.orig, "sqlstate", None) == MONTH_CLOSED:
            raise MonthClosed(str(problem.orig).splitlines()[0]) from problem
        raise


def _is_gone(problem: OperationalError) -> bool:
    """True when the server cannot be reached, broke the connection or is shutting down."""
    state = getattr(problem.orig, "sqlstate", None)
    return problem.connection_invalidated or state is None or state.startswith(("08", "57P"))
