"""One question from permission to answer; every door asks here."""

import contextlib
import threading
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from core.access.authority import Actor, system
from core.adhoc.actions import ASK, ask_query, end_query
from core.adhoc.queries import cancel_asked
from core.errors import NotNow, SaldoError
from core.settings import Settings
from core.work import Office
from etl.sandbox.copies import Table, copy_for, tables_in
from etl.sandbox.dictionary import described
from etl.sandbox.engine import Answer, Held, run

WAIT_SECONDS = 3.0
LOOK_SECONDS = 0.5
"""How often a running question is looked up, in case somebody cancels it from elsewhere."""
SANDBOX = system("sql sandbox")
_places: dict[int, threading.BoundedSemaphore] = {}
_lock = threading.Lock()


def ask(
    office: Office,
    actor: Actor,
    sql: str,
    *,
    settings: Settings | None = None,
    role: str | None = None,
    held: Held | None = None,
) -> Answer:
    """The answer to a question in SQL, written down before it runs and when it has ended.

    `settings` name another analytics copy than the office's. Refusals of the sandbox itself are
    answers; raises BadInput, NotAllowed, NotFound, NoCopy, NotNow before anything runs, and
    KeyboardInterrupt once the query is ended.
    """
    chosen = settings or office.settings
    with office.work(actor) as work:
        asked = ask_query(work, sql, role=role)
    held = held or Held()
    answer = Answer("failed", "The question could not be run")
    try:
        with _place(chosen.sql_parallel):
            copy = copy_for(chosen, asked.permissions)
            with _cancellable(office, asked.run_id, held):
                answer = run(copy, tables_in(copy), asked.sql, chosen, held)
    except SaldoError as problem:
        answer = Answer("failed", str(problem))
        raise
    except KeyboardInterrupt:
        answer = Answer("cancelled", "The query was cancelled")
        raise
    finally:
        with office.work(SANDBOX) as work:
            end_query(
                work,
                asked.run_id,
                answer.outcome,
                rows=answer.rows,
                milliseconds=answer.milliseconds,
                problem=answer.problem,
            )
    return answer


def schema(office: Office, actor: Actor, *, settings: Settings | None = None) -> list[Table]:
    """The tables a person may ask about, with their columns in words. Raises NotAllowed, NoCopy."""
    with office.work(actor) as work:
        work.require(ASK)
        permissions = work.standing.permissions
    found = tables_in(copy_for(settings or office.settings, permissions))
    return [Table(name, described()[name].about, columns) for name, columns in found.items()]


@contextlib.contextmanager
def _cancellable(office: Office, run_id: int, held: Held) -> Iterator[None]:
    """Meanwhile the question is ended when somebody has asked for that at any door."""
    ended = threading.Event()
    looking = threading.Thread(target=_look, args=(office, run_id, held, ended), daemon=True)
    looking.start()
    try:
        yield
    finally:
        ended.set()
        looking.join()


def _look(office: Office, run_id: int, held: Held, ended: threading.Event) -> None:
    while not ended.wait(LOOK_SECONDS):
        try:
            with office.work(SANDBOX) as work:
                wanted = cancel_asked(work, run_id)
        except (SaldoError, SQLAlchemyError):
            continue
        if wanted:
            held.cancel()
            return


@contextlib.contextmanager
def _place(parallel: int) -> Iterator[None]:
    """One of the places for queries of this process; raises NotNow when none comes free."""
    with _lock:
        places = _places.setdefault(parallel, threading.BoundedSemaphore(parallel))
    if not places.acquire(timeout=WAIT_SECONDS):
        raise NotNow(f"{parallel} queries are running; ask again in a moment")
    try:
        yield
    finally:
        places.release()
