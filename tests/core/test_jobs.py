"""Jobs: planned once, one at a time, repeated when they failed or were lost."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

import core.models  # noqa: F401 (maps every table before the first write)
import worker
from core.clock import SetClock
from core.errors import (
    BadInput,
    NotNow,
)
from core.jobs import actions
from core.jobs.catalogue import JOBS
from core.jobs.deferring import defer
from core.jobs.planning import LOST, RUN, plan
from core.jobs.running import BUSY, holding, run_by_hand, run_queued
from core.jobs.worker import Worker
from core.settings import ROOT
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting
from tests.core.jobs import TEST, emptied, outcomes, planned, queued, runs

SECRET = "password=hunter2"
NOTHING: dict[str, Callable[[Office], dict[str, int]]] = {name: lambda _: {} for name in JOBS}


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


def carried_out(office: Office, does: dict[str, Callable[[Office], dict[str, int]]]) -> None:
    """A worker's turn, with jobs of the test's choice."""
    handlers = {RUN: lambda at, ids: run_queued(at, ids["run_id"], does)}
    # A browser driven by the same process has an event loop of its own in this thread.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, Worker(office, handlers).once()).result()


def test_the_first_look_starts_no_flood(office: Office, clock: SetClock) -> None:
    assert planned(office, clock, clock.now()) == []


def test_a_time_that_comes_is_planned_once(office: Office, clock: SetClock) -> None:
    plan(office)
    night = datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC)
    assert "lifecycle" in planned(office, clock, night)
    assert planned(office, clock, night) == []
    (run,) = runs(office, "lifecycle")
    assert run.scheduled_for == datetime(2026, 11, 21, tzinfo=UTC)
    assert {"task_name": RUN, "args": {"run_id": run.id}, "lock": "lifecycle"} in queued(office)


def test_after_days_of_downtime_each_job_is_made_up_for_once(
    office: Office, clock: SetClock
) -> None:
    plan(office)
    back = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
    found = planned(office, clock, back)
    assert sorted(found) == sorted(set(JOBS) - {"recognition"})
    assert runs(office, "lifecycle")[0].scheduled_for == datetime(2026, 11, 25, tzinfo=UTC)


def test_a_minute_job_that_waits_is_not_queued_again(office: Office, clock: SetClock) -> None:
    plan(office)
    for minute in range(1, 4):
        planned(office, clock, datetime(2026, 11, 20, 12, minute, tzinfo=UTC))
    assert outcomes(office, "notifications") == ["waiting"]


def test_a_job_deferred_in_a_transaction_that_fails_does_not_exist(office: Office) -> None:
    with pytest.raises(NotNow), office.work(TEST) as work:
        defer(work, "mail", invoice_id=1)
        raise NotNow
    assert queued(office) == []
    with office.rehearse(TEST) as work:
        defer(work, "mail", invoice_id=1)
    assert queued(office) == []
    with office.work(TEST) as work:
        defer(work, "mail", invoice_id=1)
    assert queued(office) == [{"task_name": "mail", "args": {"invoice_id": 1}, "lock": None}]


def test_a_second_job_of_a_kind_that_waits_spares_the_transaction(office: Office) -> None:
    with office.work(TEST) as work:
        assert defer(work, "mail", once="invoice-1", invoice_id=1)
        assert not defer(work, "mail", once="invoice-1", invoice_id=1)
        work.session.execute(text("insert into job_schedule values ('kept', true, null, now())"))
    with office.work(TEST) as work:
        assert work.session.scalar(text("select count(*) from job_schedule")) == 1
    assert len(queued(office)) == 1


def test_only_ids_are_told_to_a_job(office: Office) -> None:
    with office.work(TEST) as work, pytest.raises(AssertionError, match="ids alone"):
        defer(work, "mail", token="sk_live_1")  # type: ignore[arg-type]


def test_a_worker_carries_out_what_waits_and_keeps_the_counts(
    office: Office, clock: SetClock
) -> None:
    plan(office)
    clock.move_to(datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC))
    carried_out(office, {**NOTHING, "lifecycle": lambda _: {"renew": 2, "refused": 0}})
    (run,) = runs(office, "lifecycle")
    assert (run.outcome, run.summary, run.idle) == ("done", {"renew": 2, "refused": 0}, False)
    assert runs(office, "notifications")[0].idle
    assert set(outcomes(office)) == {"done"}
    assert queued(office) == []


def test_a_job_that_fails_is_tried_again_a_few_times(office: Office, clock: SetClock) -> None:
    plan(office)

    def fails(_: Office) -> dict[str, int]:
        raise NotNow("The bank is closed")

    clock.move_to(datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC))
    for _ in range(6):
        carried_out(office, {**NOTHING, "lifecycle": fails})
        carried_out(office, {**NOTHING, "lifecycle": fails})
        clock.advance(timedelta(minutes=20))
    found = runs(office, "lifecycle")
    assert [(run.attempt, run.outcome, run.problem) for run in found] == [
        (n, "failed", "The bank is closed") for n in (1, 2, 3)
    ]
    assert {run.scheduled_for for run in found} == {datetime(2026, 11, 21, tzinfo=UTC)}


def test_no_secret_of_an_unexpected_failure_is_kept(
    office: Office, clock: SetClock, capsys: pytest.CaptureFixture[str]
) -> None:
    plan(office)

    def fails(_: Office) -> dict[str, int]:
        raise RuntimeError(SECRET)

    clock.move_to(datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC))
    carried_out(office, {**NOTHING, "lifecycle": fails})
    (run,) = runs(office, "lifecycle")
    assert run.problem == "It failed unexpectedly (RuntimeError); the log says where"
    with office.work(TEST) as work:
        kept = work.session.scalars(text("select to_jsonb(r)::text from job_run r")).all()
        waits = work.session.scalars(
            text("select to_jsonb(j)::text from procrastinate.procrastinate_jobs j")
        ).all()
    printed = capsys.readouterr()
    for words in (*kept, *waits, printed.out, printed.err):
        assert SECRET not in words


def test_two_workers_run_a_job_one_at_a_time(office: Office, clock: SetClock) -> None:
    plan(office)
    going: Counter[str] = Counter()
    most: Counter[str] = Counter()

    def watched(lock: str) -> Callable[[Office], dict[str, int]]:
        def does(_: Office) -> dict[str, int]:
            going[lock] += 1
            most[lock] = max(most[lock], going[lock])
            time.sleep(0.2)
            going[lock] -= 1
            return {"runs": 1}

        return does

    does = {name: watched(job.lock) for name, job in JOBS.items()}
    clock.move_to(datetime(2026, 11, 21, 2, 20, tzinfo=UTC))
    workers = [threading.Thread(target=carried_out, args=(office, does)) for _ in range(2)]
    for thread in workers:
        thread.start()
    for thread in workers:
        thread.join()
    carried_out(office, does)
    assert set(most.values()) == {1}, "a job, or two of one group, ran beside itself"
    assert most["sync"] == 1
    assert outcomes(office, "sync") == outcomes(office, "sync-full") == ["done"]
    assert set(outcomes(office)) == {"done"}


def test_a_run_that_finds_its_lock_held_is_skipped(office: Office, clock: SetClock) -> None:
    plan(office)
    clock.move_to(datetime(2026, 11, 21, 0, 0, 30, tzinfo=UTC))
    with holding(office, JOBS["lifecycle"]) as held:
        assert held
        carried_out(office, NOTHING)
        with pytest.raises(NotNow, match="going on"):
            run_by_hand(office, "lifecycle", lambda: 1, lambda _: {})
    (run,) = runs(office, "lifecycle")
    assert (run.outcome, run.problem) == ("skipped", BUSY)
    clock.advance(timedelta(minutes=6))
    carried_out(office, NOTHING)
    assert outcomes(office, "lifecycle") == ["skipped", "done"]


def test_a_run_by_hand_is_kept_also_when_it_fails(office: Office) -> None:
    assert run_by_hand(office, "sweep", lambda: 7, lambda done: {"swept": done}) == 7

    def fails() -> int:
        raise BadInput("That day has not come")

    with pytest.raises(BadInput):
        run_by_hand(office, "sweep", fails, lambda done: {"swept": done})
    first, second = runs(office, "sweep")
    assert (first.outcome, first.summary, first.origin) == ("done", {"swept": 7}, "operator")
    assert (second.outcome, second.problem) == ("failed", "That day has not come")
    assert plan(office) == [], "what an operator ran is not repeated by itself"


HANG = """
import sys, asyncio, pathlib, time
from core.clock import SystemClock
from core.db import app_engine
from core.jobs.catalogue import JOBS
from core.jobs.planning import RUN
from core.jobs.running import run_queued
from core.jobs.worker import Worker
from core.settings import Settings
from core.work import Office
import core.models

url, home, mark = sys.argv[1:]
settings = Settings(_env_file=None, SALDO_HOME=home, SALDO_JOB_LOST_SECONDS=2)
office = Office(app_engine(url), SystemClock(), settings)

def hang(_):
    pathlib.Path(mark).touch()
    time.sleep(600)

does = {name: (lambda _: {}) for name in JOBS} | {"lifecycle": hang}
asyncio.run(Worker(office, {RUN: lambda at, ids: run_queued(at, ids["run_id"], does)}).once())
"""


def test_a_killed_worker_leaves_a_lost_run_that_is_run_again(
    office: Office, clock: SetClock, database_url: str, tmp_path: Path
) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        actions.ask_run(work, "lifecycle", reason=WHY)
    mark = tmp_path / "begun"
    hung = subprocess.Popen(
        [sys.executable, "-c", HANG, database_url, str(tmp_path), str(mark)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        for _ in range(600):
            if mark.exists():
                break
            time.sleep(0.1)
        assert outcomes(office, "lifecycle") == ["running"]
    finally:
        hung.send_signal(signal.SIGKILL)
        hung.wait()
    clock.move_to(datetime.now(UTC) + timedelta(minutes=3))
    done = []
    for _ in range(100):
        # The queue tells a dead worker by the clock of the database.
        carried_out(
            _impatient(office), {**NOTHING, "lifecycle": lambda _: done.append(1) or {"renew": 1}}
        )
        if done:
            break
        time.sleep(0.2)
    lost, again = runs(office, "lifecycle")
    assert (lost.outcome, lost.problem, lost.attempt) == ("failed", LOST, 1)
    assert (again.outcome, again.summary, again.attempt) == ("done", {"renew": 1}, 2)
    assert (again.origin, again.asked_by) == ("person", lost.asked_by)
    assert done == [1]


def _impatient(office: Office) -> Office:
    settings = office.settings.model_copy(update={"job_lost_seconds": 2})
    return Office(office.engine, office.clock, settings)


def test_a_run_that_counts_as_lost_is_not_declared_done_by_its_late_end(
    office: Office, clock: SetClock
) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        actions.ask_run(work, "lifecycle", reason=WHY)

    def stands_still(at: Office) -> dict[str, int]:
        clock.advance(timedelta(hours=1))
        plan(at)
        return {"renew": 1}

    carried_out(office, {**NOTHING, "lifecycle": stands_still})
    assert next(run.problem for run in runs(office, "lifecycle")) == LOST


def test_a_run_that_the_queue_gave_up_is_queued_again(office: Office) -> None:
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        actions.ask_run(work, "lifecycle", reason=WHY)
        work.session.execute(
            text("update procrastinate.procrastinate_jobs set status = 'failed'"),
        )
    carried_out(office, {**NOTHING, "lifecycle": lambda _: {"renew": 1}})
    assert outcomes(office, "lifecycle") == ["done"]


def test_old_runs_go(office: Office, clock: SetClock) -> None:
    run_by_hand(office, "sweep", lambda: 1, lambda _: {})
    clock.advance(timedelta(days=office.settings.job_keep_days, hours=1))
    plan(office)
    assert outcomes(office, "sweep") == []


def test_every_job_is_done_by_something_and_each_really_runs(office: Office) -> None:
    assert set(worker.DOES) == set(JOBS)
    found = {name: does(office) for name, does in worker.DOES.items()}
    assert all(type(count) is int for counts in found.values() for count in counts.values())
    assert office.settings.copy_path.exists()


def test_a_worker_beside_the_pages_runs_jobs_and_ends_with_them(office: Office) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    with worker.beside(office):
        with office.work(boss) as work:
            actions.ask_run(work, "sweep", reason=WHY)
        for _ in range(300):
            if outcomes(office, "sweep") == ["done"]:
                break
            time.sleep(0.1)
    assert outcomes(office, "sweep") == ["done"]
    assert "worker" not in {thread.name for thread in threading.enumerate()}
