"""What the jobs do: the one place that knows the write side and the pipeline (OPS).

Beside `serve.py`, it puts the worker together for `saldo worker` and for the web process.
"""

import asyncio
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import structlog

from core.access.authority import system
from core.audit import anchors
from core.audit.queries import Anchor, verify
from core.backfill.actions import JOB as BACKFILL
from core.backfill.run import carry_out
from core.charging import events
from core.charging.checkout import sweep_pages
from core.charging.claims import sweep_disputes
from core.charging.events import handle_waiting
from core.charging.run import run_auto_charge, sweep_attempts
from core.dunning.run import run_dunning
from core.errors import CheckFailed, SaldoError
from core.gateways.port import GatewayUnsure
from core.gateways.registry import deliver_simulated
from core.graves import forget_graves
from core.inbox.running import run_auto_assign
from core.jobs.planning import RUN
from core.jobs.running import Summary, run_queued
from core.jobs.worker import Worker
from core.ledger.recognition import recognise_revenue
from core.notifications.running import run_notifications
from core.planning.run import run_fx
from core.reconciliation.run import run_reconcile
from core.refunds.run import sweep, sweep_returned
from core.subscriptions.run import run_lifecycle
from core.usage.running import run_usage_invoices
from core.work import Office
from etl import pipeline
from etl.figures.forecast_kept import keep_forecast_ready
from etl.sandbox.copies import keep_ready

log = structlog.get_logger()
ANCHORS = "anchors.jsonl"


def lifecycle(office: Office) -> Summary:
    """Every step that fell due, counted by kind."""
    run = run_lifecycle(office).as_json()
    return {**run["counts"], "refused": run["refused"]}


def usage_invoices(office: Office) -> Summary:
    """Usage periods that ended, counted by what became of them."""
    run = run_usage_invoices(office)
    return {"invoiced": run.invoiced, "nothing_owed": run.nothing_owed, "refused": run.refused}


def dunning(office: Office) -> Summary:
    """Every step of a dunning case, counted by kind."""
    run = run_dunning(office).as_json()
    return {**run["counts"], "refused": run["refused"]}


def recognition(office: Office) -> Summary:
    """Last month's revenue; the number of currencies posted in."""
    with office.work(system("recognition")) as work:
        last_month = (work.today.replace(day=1) - timedelta(days=1)).replace(day=1)
        return {"currencies": len(recognise_revenue(work, last_month))}


def auto_charge(office: Office) -> Summary:
    """Due invoices, counted by what became of their charge."""
    counts: Summary = run_auto_charge(office).as_json()["counts"]
    return counts


def auto_assign(office: Office) -> Summary:
    """Certain transfers that were posted, and those left to a person; none while switched off."""
    run = run_auto_assign(office)
    return {"assigned": len(run.assigned), "left": run.left} if run.enabled else {}


def sweeping(office: Office) -> Summary:
    """What hung between us and the gateways, counted by what became of it."""
    return (
        Counter(f"refunds_{outcome.status}" for outcome in sweep(office))
        + Counter(f"charges_{attempt.status}" for attempt in sweep_attempts(office))
        + Counter(f"pages_{page.status}" for page in sweep_pages(office))
        + Counter(f"events_{event.status}" for event in handle_waiting(office))
    )


def simulator(office: Office) -> Summary:
    """Events that the built-in simulator sent; none where real gateways are at work."""
    sent = deliver_simulated(office.settings, office.engine, office.clock.now())
    return {"sent": sent} if sent else {}


def disputes(office: Office) -> Summary:
    """Disputes of the last weeks that no webhook told of, by their state."""
    return Counter(dispute.status for dispute in sweep_disputes(office))


def returned_refunds(office: Office) -> Summary:
    """Refunds of the last weeks that came back and no webhook told of."""
    returned = len(sweep_returned(office))
    return {"returned": returned} if returned else {}


def reconcile(office: Office) -> Summary:
    """Rows read from the gateways, and open differences by class."""
    return run_reconcile(office).counts


def fx(office: Office) -> Summary:
    """Published exchange rates, counted by what became of them; none while switched off."""
    return run_fx(office).counts


def notifications(office: Office) -> Summary:
    """Messages, counted by what became of them."""
    return dict(vars(run_notifications(office)))


def anchor(office: Office) -> Summary:
    """Events under the anchor; raises CheckFailed when the chain is not whole."""
    with office.work(system("anchor")) as work:
        report = verify(work)
        head = Anchor(report.head_seq, report.head_hash, work.now.isoformat())
    if not report.intact:
        raise CheckFailed(f"The audit log is not intact at event {report.broken_seq}")
    if report.rows:
        anchors.keep(office.settings.home / ANCHORS, head)
    return {"events": report.rows}


def sync(office: Office, *, full: bool = False) -> Summary:
    """Rows that the copy took over, and those it let go.

    A full copy also prunes the graves that the copy before it had passed already: every copy
    that is synced once a night has passed them then, and one that was not finds by counting
    that it has too many rows.
    """
    before = pipeline.state_of(office.settings.copy_path) if full else None
    url = office.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    done = pipeline.sync(office.settings, url, now=office.clock.now(), full=full)
    keep_ready(office.settings)
    keep_forecast_ready(office.settings)
    if before is not None:
        _forget_graves(office, before)
    return {
        what: sum(table[what] or 0 for table in done["tables"]) for what in ("changed", "deleted")
    }


def _forget_graves(office: Office, before: pipeline.State) -> None:
    after = pipeline.state_of(office.settings.copy_path)
    if after is not None and after.cluster == before.cluster:
        with office.work(system("sync")) as work:
            forget_graves(work, min(before.low_xid, after.low_xid))


def backfill(office: Office, run_id: int) -> None:
    """Import a company's past, and show it; one that Stripe stopped waits for a person.

    Raises GatewayUnsure, after which the queue tries again.
    """
    try:
        carry_out(office, run_id)
    except GatewayUnsure:
        raise
    except SaldoError as problem:
        log.warning("import_stopped", kind=type(problem).__name__)
        return
    sync(office)


DOES: dict[str, Callable[[Office], Summary]] = {
    "lifecycle": lifecycle,
    "usage-invoices": usage_invoices,
    "dunning": dunning,
    "recognition": recognition,
    "auto-charge": auto_charge,
    "auto-assign": auto_assign,
    "sweep": sweeping,
    "disputes": disputes,
    "simulator": simulator,
    "refunds": returned_refunds,
    "reconcile": reconcile,
    "fx": fx,
    "notifications": notifications,
    "anchor": anchor,
    "sync": sync,
    "sync-full": lambda office: sync(office, full=True),
}
"""What each job of `core/jobs/catalogue.py` does."""


def the_worker(office: Office) -> Worker:
    """A worker that carries out every kind of queued job."""
    return Worker(
        office,
        {
            RUN: lambda at, ids: run_queued(at, ids["run_id"], DOES),
            events.JOB: lambda at, ids: events.handle(at, ids["event_id"]),
            BACKFILL: lambda at, ids: backfill(at, ids["run_id"]),
        },
    )


def run_once(office: Office) -> None:
    """Carry out what is due and what waits, and end."""
    asyncio.run(the_worker(office).once())


def run(office: Office) -> None:
    """Work in the foreground until SIGTERM or SIGINT; jobs that run then are finished first."""

    async def until_told() -> None:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        for told in (signal.SIGTERM, signal.SIGINT):
            # A second signal ends the process at once, as it would without us.
            loop.add_signal_handler(told, _heed, loop, stop)
        await the_worker(office).run(stop)

    asyncio.run(until_told())


def _heed(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    stop.set()
    for told in (signal.SIGTERM, signal.SIGINT):
        loop.remove_signal_handler(told)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def beside(office: Office) -> Iterator[None]:
    """A worker in a thread and a loop of its own while the block runs."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()
    working = threading.Thread(
        target=lambda: loop.run_until_complete(the_worker(office).run(stop)), name="worker"
    )
    working.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        working.join()
        loop.close()
