"""A backfill from begin to end; killed anywhere it goes on where it stopped (IMP).

Nothing is held open while Stripe is asked. What is read is kept first, page by page, and written
into the books afterwards in batches, each a transaction that also notes what became of each object.
"""

from datetime import date, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.exc import DataError, IntegrityError

from core.access.authority import Actor
from core.alone import alone
from core.backfill.actions import (
    finish_import,
    refuse_object,
    settle_batch,
    start_import,
    write_batch,
)
from core.backfill.batch import SOURCE
from core.backfill.models import KINDS, ImportObject, ImportRun
from core.backfill.reading import SYSTEM, History, read_all
from core.errors import ChangedMeanwhile, NotNow, SaldoError
from core.gateways.registry import history_of
from core.gateways.stripe_history import UNREADABLE, plain
from core.imports.reading import FileRefused
from core.invoices.issuing import earned_before
from core.invoices.models import InvoiceLine
from core.ledger.recognition import recognise_revenue
from core.progress import piece
from core.work import Office

BATCH = 500
"""Objects of one transaction."""
LONGEST_PROBLEM = 500
_OF_AN_OBJECT = (IntegrityError, DataError, ChangedMeanwhile, FileRefused, *UNREADABLE)
"""What one object may be the cause of, and the others are written without it."""


def import_stripe(
    office: Office,
    actor: Actor,
    since: date | None = None,
    history: History | None = None,
    *,
    reason: str = "",
) -> int:
    """Begin or go on, and carry out to the end; the run's id. Raises what stops it."""
    with office.work(actor) as work:
        run = start_import(work, since, by_worker=False, reason=reason)
    carry_out(office, run.id, history)
    return run.id


def carry_out(office: Office, run_id: int, history: History | None = None) -> None:
    """Read what is left to read and write it. Raises NotNow while somebody else does so."""
    with alone(office.engine, f"import {SOURCE}") as mine:
        if not mine:
            raise NotNow("The import goes on already; look at it instead of beginning it again")
        with office.work(SYSTEM) as work:
            run = work.session.get_one(ImportRun, run_id)
        if run.state == "done":
            return
        try:
            if run.state == "reading":
                asked = history or history_of(office.settings, office.engine)
                read_all(office, run_id, asked)
            _write_all(office)
            with office.work(SYSTEM) as work:
                finish_import(work, run_id)
        except SaldoError as problem:
            _note(office, run_id, str(problem))
            raise


def _note(office: Office, run_id: int, problem: str) -> None:
    with office.work(SYSTEM) as work:
        told = problem[:LONGEST_PROBLEM]
        work.session.execute(update(ImportRun).where(ImportRun.id == run_id).values(problem=told))


def _write_all(office: Office) -> None:
    waiting = _waiting(office)
    for kind in KINDS:
        if waiting.get(kind):
            _write_kind(office, kind, waiting[kind])
        if kind == "charges":
            _settle(office)
    _recognise(office)


def _waiting(office: Office) -> dict[str, int]:
    """How many objects of each kind are still to be written."""
    with office.work(SYSTEM) as work:
        rows = work.session.execute(
            select(ImportObject.kind, func.count())
            .where(ImportObject.source == SOURCE, ImportObject.state == "waiting")
            .group_by(ImportObject.kind)
        )
        return {kind: int(count) for kind, count in rows}


def _write_kind(office: Office, kind: str, waiting: int) -> None:
    with piece(kind.replace("_", " ").capitalize(), waiting) as done:
        while waiting > 0:
            written = _batch(office, kind)
            waiting -= written or waiting
            for _ in range(written):
                done()


def _batch(office: Office, kind: str) -> int:
    try:
        with office.work(SYSTEM) as work:
            return write_batch(work, kind, BATCH)
    except _OF_AN_OBJECT:
        return _one_by_one(office, kind)


def _one_by_one(office: Office, kind: str) -> int:
    """The same batch again, each object by itself, so that only what is at fault is refused."""
    with office.work(SYSTEM) as work:
        numbers = work.session.scalars(
            select(ImportObject.id)
            .where(
                ImportObject.source == SOURCE,
                ImportObject.kind == kind,
                ImportObject.state == "waiting",
            )
            .order_by(ImportObject.happened_at, ImportObject.id.desc())
            .limit(BATCH)
        ).all()
    for number in numbers:
        try:
            with office.work(SYSTEM) as work:
                write_batch(work, kind, 1, number)
        except _OF_AN_OBJECT as problem:
            with office.work(SYSTEM) as work:
                refuse_object(work, number, _words(problem))
    return len(numbers)


def _words(problem: Exception) -> str:
    if isinstance(problem, UNREADABLE):
        return plain(f"it cannot be told in the books: {problem!r}")
    told = str(getattr(problem, "orig", problem)).strip().split("\n", 1)[0]
    return told[:LONGEST_PROBLEM] or type(problem).__name__


def _settle(office: Office) -> None:
    while True:
        with office.work(SYSTEM) as work:
            if not settle_batch(work, BATCH):
                return


def _recognise(office: Office) -> None:
    """Post what was earned, month by month, up to the last one that is over."""
    with office.work(SYSTEM) as work:
        begun = work.session.scalar(select(func.min(InvoiceLine.service_start)))
        month = (earned_before(work) or begun or work.today).replace(day=1)
        today = work.today
    while (after := (month + timedelta(days=32)).replace(day=1)) <= today:
        with office.work(SYSTEM) as work:
            recognise_revenue(work, month)
        month = after
