"""Importing a company's past from Stripe: begun by a person, written in batches, ended (IMP)."""

from collections.abc import Callable
from datetime import date

from sqlalchemy import func, select

from core.actions import action
from core.backfill.batch import SOURCE, Batch
from core.backfill.customers import load_customers, load_prices, load_products
from core.backfill.invoices import load_invoices, settle_invoices, unsettled
from core.backfill.ledger import load_lines, load_payouts
from core.backfill.models import KINDS, ImportObject, ImportRun
from core.backfill.payments import load_charges
from core.backfill.returns import load_disputes, load_refunds
from core.backfill.subscriptions import load_subscriptions
from core.errors import BadInput
from core.jobs.deferring import defer
from core.work import Work

NEEDS = "payment_config.manage"
JOB = "import-stripe"
SETTLED = ("paid", "void", "uncollectible")


def _links(batch: Batch) -> None:
    """What paid what is used with the charges; it has no row of its own."""
    for one in batch.objects:
        batch.done(one)


LOADERS: dict[str, Callable[[Batch], None]] = {
    "customers": load_customers,
    "products": load_products,
    "prices": load_prices,
    "subscriptions": load_subscriptions,
    "invoices": load_invoices,
    "invoice_payments": _links,
    "charges": load_charges,
    "refunds": load_refunds,
    "disputes": load_disputes,
    "balance_transactions": load_lines,
    "payouts": load_payouts,
}
assert tuple(LOADERS) == KINDS


@action("import.stripe.started", needs=NEEDS, fresh=True, system=True)
def start_import(
    work: Work,
    since: date | None = None,
    *,
    by_worker: bool = True,
    reason: str = "",
    key: str | None = None,
) -> ImportRun:
    """Begin an import, or go on with the one that is not done, whose own `since` holds.

    A worker carries it out unless the caller does. Raises BadInput for a day to come.
    """
    if since is not None and since > work.today:
        raise BadInput(f"{since} has not come")
    run = unfinished(work)
    if run is None:
        run = ImportRun(
            source=SOURCE,
            account="",
            mode="test",
            state="reading",
            since=since,
            until_at=work.now,
            place=KINDS[0],
            asked_by=work.actor.user_id,
            started_at=work.now,
            changed_at=work.now,
        )
        work.session.add(run)
        work.session.flush()
    run.problem = ""
    work.tell(run_id=run.id, since=str(run.since or ""), state=run.state)
    if by_worker:
        defer(work, JOB, lock=JOB, once=JOB, run_id=run.id)
    return run


def unfinished(work: Work) -> ImportRun | None:
    """The import that goes on, or stopped before its end."""
    return work.session.scalar(
        select(ImportRun)
        .where(ImportRun.source == SOURCE, ImportRun.state != "done")
        .with_for_update()
    )


@action("import.stripe.written", needs=None, system=True)
def write_batch(work: Work, kind: str, most: int, only: int | None = None) -> int:
    """Write the next objects of a kind that wait, or one of them; returns how many there were.

    The oldest first; of one second the one read last, as Stripe tells the newest first.
    """
    found = select(ImportObject).where(
        ImportObject.source == SOURCE, ImportObject.kind == kind, ImportObject.state == "waiting"
    )
    if only is not None:
        found = found.where(ImportObject.id == only)
    chosen = found.order_by(ImportObject.happened_at, ImportObject.id.desc()).limit(most)
    batch = Batch(work, list(work.session.scalars(chosen)))
    if batch.objects:
        LOADERS[kind](batch)
        batch.settle()
    work.tell(kind=kind, objects=len(batch.objects), refused=len(batch.problems))
    return len(batch.objects)


@action("import.stripe.settled", needs=None, system=True)
def settle_batch(work: Work, most: int) -> int:
    """Close the next invoices that Stripe closed without a payment; how many moved."""
    found = list(work.session.scalars(unsettled(SETTLED).limit(most)))
    moved = settle_invoices(Batch(work, found))
    work.tell(invoices=moved)
    return moved


@action("import.stripe.refused", needs=None, system=True)
def refuse_object(work: Work, object_id: int, reason: str) -> None:
    """Note that an object cannot be written; nothing of it was."""
    one = work.session.get_one(ImportObject, object_id)
    one.state, one.reason, one.changed_at = "refused", reason, work.now
    work.tell(kind=one.kind, object=one.external_id, why=reason)


@action("import.stripe.finished", needs=None, system=True)
def finish_import(work: Work, run_id: int) -> ImportRun:
    """Everything was read and written, or refused with a reason."""
    run = work.session.get_one(ImportRun, run_id)
    run.state, run.finished_at, run.changed_at = "done", work.now, work.now
    states = work.session.execute(
        select(ImportObject.state, func.count())
        .where(ImportObject.source == SOURCE)
        .group_by(ImportObject.state)
    )
    work.tell(run_id=run.id, read=run.read, **{state: int(count) for state, count in states})
    return run
