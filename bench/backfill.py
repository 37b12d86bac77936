"""How fast do 50,000 objects come over from Stripe, killed on the way, and is all there?

The simulator answers over HTTP on this machine, from a process of its own, to the real library.
"""

import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import core.models  # noqa: F401 (a write must know every table its foreign keys name)
from bench._company import Company, Say, empty_company
from bench._stripe_company import Company as StripeCompany
from bench._stripe_company import a_company, put
from core.access.authority import system
from core.backfill.models import KINDS
from core.backfill.run import import_stripe
from core.backfill.viewing import latest_import
from core.clock import SystemClock
from core.db import app_engine, platform_connection
from core.gateways.simulator import faults
from core.gateways.simulator.app import Simulator
from core.gateways.stripe_history import StripeHistory
from core.ledger.checks import check_books
from core.work import Office
from etl.figures.metrics import metrics
from etl.pipeline import sync
from etl.warehouse import Warehouse

OBJECTS = 50_000
EACH = 54
"""Objects of a customer over the months, about."""
MONTHS = 26
DEATHS = 3
MOST_TIMES_READING = 6.0
KEY = "sk_test_bench"
ROBOT = system("bench backfill")
_FORK = multiprocessing.get_context("fork")


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


def run(scale: float, say: Say) -> dict[str, Any]:
    """The time of an import over that of reading the same lists and keeping nothing."""
    with empty_company() as made:
        today = _now().date()
        told = _told(made, max(int(OBJECTS * scale) // EACH, 4), today, say)
        with _served(made) as address:
            say("Reading the lists alone")
            reading = _read(_history(address))
            say(f"Importing {told.size} objects, killed {DEATHS} times")
            seconds, deaths = _import(made, address, reading)
            say("Once more, which is to add nothing")
            office = Office(app_engine(made.url), SystemClock(), made.settings)
            before = _rows(office)
            began = time.monotonic()
            import_stripe(office, ROBOT, history=_history(address))
            again = time.monotonic() - began
        after = _rows(office)
        added = [f"twice adds to {name}" for name in after if after[name] != before[name]]
        wrong = _wrong(office, told) + added
        say("Copying and adding the revenue up")
        wrong += _differing_months(made, told, today)
        office.engine.dispose()
    ratio = seconds / reading
    return {
        "name": "backfill",
        "ratio": round(ratio, 2),
        "rival": "the stripe library reading the same lists over HTTP and keeping nothing",
        "passed": ratio <= MOST_TIMES_READING and not wrong and deaths > 0,
        "detail": {
            "objects": told.size,
            "seconds": round(seconds, 1),
            "objects_per_second": round(told.size / seconds),
            "reading_seconds": round(reading, 1),
            "again_seconds": round(again, 1),
            "killed": deaths,
            "wrong": wrong,
            "peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
            "limits": {"ratio": MOST_TIMES_READING},
        },
    }


def _now() -> Any:
    """The instant; its day in UTC is the last one of the past that is told."""
    return SystemClock().now()


def _told(made: Company, customers: int, today: date, say: Say) -> StripeCompany:
    say(f"Telling the past of {customers} customers")
    told = a_company(customers, MONTHS, today)
    engine = app_engine(made.url)
    with engine.begin() as connection:
        put(connection, told)
    engine.dispose()
    return told


@contextmanager
def _served(made: Company) -> Iterator[str]:
    """The simulator on a port, in a process of its own."""
    port = _FORK.Value("i", 0)
    server = _FORK.Process(target=_serve, args=(made.url, port), daemon=True)
    server.start()
    while not port.value:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port.value}"
    finally:
        server.terminate()
        server.join()


def _serve(url: str, port: Any) -> None:
    engine = app_engine(url)
    with make_server("127.0.0.1", 0, Simulator(engine), handler_class=_Silent) as server:
        port.value = server.server_port
        server.serve_forever()


def _history(address: str) -> StripeHistory:
    return StripeHistory(KEY, address=address)


def _read(history: StripeHistory) -> float:
    began, until = time.monotonic(), _now()
    for kind in KINDS:
        after = None
        while True:
            after = history.page(kind, after, None, until).after
            if after is None:
                break
    return time.monotonic() - began


def _import(made: Company, address: str, reading: float) -> tuple[float, int]:
    """Seconds of all attempts together, and how many of them were killed."""
    engine = app_engine(made.url)
    with engine.begin() as connection:
        faults.order(connection, "too_many", calls=5, path="/v1/charges", delay_ms=1)
    engine.dispose()
    began, deaths = time.monotonic(), 0
    for patience in (reading / 2, reading, reading * 1.5, None):
        child = _FORK.Process(target=_carry_out, args=(made, address))
        child.start()
        watch = (
            threading.Timer(patience, os.kill, (child.pid, signal.SIGKILL)) if patience else None
        )
        if watch:
            watch.start()
        child.join()
        if watch:
            watch.cancel()
        deaths += child.exitcode == -signal.SIGKILL
        if child.exitcode == 0:
            break
    return time.monotonic() - began, deaths


def _carry_out(made: Company, address: str) -> None:
    office = Office(app_engine(made.url), SystemClock(), made.settings)
    import_stripe(office, ROBOT, history=_history(address))


def _rows(office: Office) -> dict[str, int]:
    tables = (
        "tenant", "plan_history", "invoice", "payment", "payment_allocation",
        "ledger_transaction", "accounting_entry", "gateway_ledger_entry", "gateway_line",
    )  # fmt: skip
    asked = " union all ".join(f"select '{name}', count(*) from {name}" for name in tables)
    with platform_connection(office.engine) as connection:
        return dict(connection.exec_driver_sql(asked).tuples().all())


def _wrong(office: Office, told: StripeCompany) -> list[str]:
    """What differs between the account and the books."""
    with office.work(ROBOT) as work:
        state = latest_import(work)
        wrong = [check.name for check in check_books(work) if not check.passed]
    assert state is not None
    sums = {(each.kind, each.currency): each.booked_minor for each in state.sums}
    wrong += [
        f"{kind} {code}" for (kind, code), sum_ in told.sums.items() if sums[kind, code] != sum_
    ]
    counted = {each.kind: each.told for each in state.counts}
    wrong += [name for name, found in told.objects.items() if counted[name] != len(found)]
    return wrong + [f"refused {each.external_id}" for each in state.refused[:5]]


def _differing_months(made: Company, told: StripeCompany, today: date) -> list[str]:
    """Months whose recurring revenue is not what the contracts add up to."""
    sync(made.settings, made.url, now=_now())
    found = metrics(Warehouse(made.settings), today.replace(day=1), months=24)
    wrong = []
    for month in found["months"]:
        first = date.fromisoformat(f"{month['month']}-01")
        day = min((first + timedelta(days=32)).replace(day=1) - timedelta(days=1), today)
        if month["mrr"]["minor"] != sum(each.monthly_on(day) for each in told.contracts):
            wrong.append(month["month"])
    return wrong
