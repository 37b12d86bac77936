"""What is away comes back: the database in mid-run, the gateway for an hour; two of everything."""

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

import worker
from api.app import create
from api.gate import Gate
from core import embedded, schema
from core.charging.checkout import recharge
from core.charging.events import handle, receive
from core.charging.models import HostedPage
from core.charging.run import run_auto_charge
from core.clock import SystemClock
from core.db import app_engine, embedded_database
from core.errors import DatabaseUnavailable, SaldoError
from core.gateways.models import GatewayEvent
from core.gateways.port import GatewayUnsure
from core.gateways.simulator import deliveries, faults
from core.invoices.models import Invoice
from core.jobs import worker as looping
from core.jobs.actions import ask_run
from core.office import office as the_office
from core.payments.models import Payment
from core.refunds.actions import Ask
from core.refunds.models import Refund
from core.refunds.run import execute
from core.settings import Settings
from core.subscriptions.run import run_lifecycle
from core.work import Office
from tests.billing import JOB, WHY, a_subscription, a_tenant, pass_days, the_invoices, the_plans
from tests.builders import a_user, acting
from tests.core.jobs import outcomes
from tests.faults.boundaries import assert_holds
from tests.faults.conftest import House, a_key
from tests.wallets import a_financier, holds

PATIENCE_SECONDS = 90
DUPLICATES = 8


def until(reached: Callable[[], bool]) -> None:
    """Wait for it, as long as a busy machine may take."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not reached():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.1)


@pytest.fixture
def pgdata() -> Iterator[Path]:
    """A server of the test's own, to be stopped."""
    home = Path(tempfile.mkdtemp(prefix="sf", dir="/tmp"))
    home.chmod(0o755)
    yield home / "pg"
    embedded.stop(home / "pg")
    shutil.rmtree(home, ignore_errors=True)


def stopped_at_once(pgdata: Path) -> None:
    """What `pg_ctl stop -m immediate` does: no goodbye, no checkpoint."""
    pid = int((pgdata / "postmaster.pid").read_text().split("\n", 1)[0])
    os.kill(pid, signal.SIGQUIT)
    until(lambda: not (pgdata / "postmaster.pid").exists())


def test_postgres_stopped_in_mid_run_is_waited_for_by_jobs_and_doors(
    pgdata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looping, "AGAIN_AFTER_SECONDS", 0.2)
    url = embedded_database(embedded.start(pgdata), "saldo")
    schema.upgrade(url)
    quick: dict[str, Any] = {"SALDO_JOB_LOST_SECONDS": 3, "SALDO_WORKER_TICK_SECONDS": 1}
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path, **quick)
    office = Office(app_engine(url), SystemClock(), settings)
    subscription = a_subscription(office, a_tenant(office), the_plans(office)["growth"])
    in_the_middle, away = threading.Event(), threading.Event()

    def lifecycle(at: Office) -> dict[str, int]:
        with at.work(JOB) as work:
            work.session.scalar(select(func.count()).select_from(Invoice))
            in_the_middle.set()
            away.wait(PATIENCE_SECONDS)
            work.session.scalar(select(func.count()).select_from(Invoice))
        return {"renew": len(run_lifecycle(at).changes)}

    monkeypatch.setitem(worker.DOES, "lifecycle", lifecycle)
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        ask_run(work, "lifecycle", reason=WHY)
    app = create()
    app.dependency_overrides[the_office] = lambda: office
    monkeypatch.setattr("api.gate.office", lambda: office)
    program = {"accept": "application/json", "cookie": "saldo=unknown"}
    with (
        TestClient(app, raise_server_exceptions=False) as doors,
        TestClient(Gate(app), follow_redirects=False, raise_server_exceptions=False) as pages,
        worker.beside(office),
    ):
        asked = ((doors, "/v1/plans"), (doors, "/sys/invoices.csv"), (pages, "/close"))
        before = [client.get(path, headers=program).status_code for client, path in asked]
        assert before == [200, 401, 303]
        assert in_the_middle.wait(PATIENCE_SECONDS)
        stopped_at_once(pgdata)
        away.set()
        for client, path in asked:
            told = client.get(path, headers=program)
            assert told.status_code == 503, path
            assert told.json()["code"] == DatabaseUnavailable.code
            assert told.json()["error"]
        assert embedded_database(embedded.start(pgdata), "saldo") == url
        assert [client.get(path, headers=program).status_code for client, path in asked] == before
        until(lambda: outcomes(office, "lifecycle") == ["failed", "done"])
    assert [each.subscription_id for each in the_invoices(office)] == [subscription.id]
    assert_holds(office)
    office.engine.dispose()


def test_a_gateway_that_is_away_for_an_hour_costs_nobody_anything(house: House) -> None:
    shop, office = house.shop, house.shop.office
    refunded = house.subscribed(house.with_card())
    run_auto_charge(office)
    owed = house.subscribed(house.with_card())
    payer = house.new_tenant()
    key, actor = a_key(), payer.admin
    with office.work(JOB) as work:
        payment = work.session.scalars(
            select(Payment).where(Payment.invoice_id == refunded.id)
        ).one()
    with office.engine.begin() as connection:
        faults.order(connection, "lost_before", calls=100_000)
    run_auto_charge(office)
    ask = Ask(payment.id, refunded.total_minor)
    assert execute(office, a_financier(office), ask, reason=WHY).status == "pending"
    with pytest.raises(GatewayUnsure):
        recharge(office, actor, "stripe", 50_000, "SEK", key=key)
    for _ in range(6):
        house.restart()
        run_auto_charge(office)
        assert_holds(office, settled=False)
    assert [attempt.status for attempt in shop.attempts()] == ["succeeded", "pending"]
    with office.engine.begin() as connection:
        faults.forget(connection)
    house.restart()
    page = recharge(office, payer.admin, "stripe", 50_000, "SEK", key=key)
    payer.press(page, "pm_card_visa")
    house.restart()
    assert [attempt.status for attempt in shop.attempts()] == ["succeeded", "succeeded"]
    with office.work(JOB) as work:
        assert work.session.get_one(Invoice, owed.id).status == "paid"
        assert work.session.scalars(select(Refund.status)).all() == ["succeeded"]
        assert work.session.scalar(select(func.count()).select_from(HostedPage)) == 1
    assert holds(office, payer.tenant) == (50_000, 0)
    assert_holds(office)


def in_threads(acts: list[Callable[[], object]]) -> list[Exception]:
    """What goes wrong, beyond a refusal, when acts run at once."""
    gate, wrong = threading.Barrier(len(acts)), list[Exception]()

    def run(act: Callable[[], object]) -> None:
        gate.wait()
        try:
            act()
        except SaldoError:
            return
        except Exception as problem:
            wrong.append(problem)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


def test_two_workers_without_each_others_locks_bill_and_charge_once(house: House) -> None:
    office, clock = house.shop.office, house.shop.clock
    for collection in ("charge_automatically", "charge_automatically", "send_invoice"):
        house.subscribed(house.with_card(), collection)
    jobs = ("lifecycle", "auto-charge", "sweep", "dunning", "notifications")
    for _ in range(2):

        def one_worker() -> None:
            for name in jobs:
                worker.DOES[name](office)

        assert in_threads([one_worker, one_worker]) == []
        pass_days(clock, 31)
        house.shop.tick()
    worker.DOES["lifecycle"](office)
    run_auto_charge(office)
    house.restart()
    billed = [(each.subscription_id, each.period_start) for each in the_invoices(office)]
    assert len(billed) == len(set(billed)) == 9
    assert_holds(office)


@pytest.mark.parametrize("seed", [1, 2])
def test_every_event_eight_times_at_once_in_any_order_moves_money_once(
    house: House, seed: int
) -> None:
    office = house.shop.office
    payer = house.new_tenant()
    payer.press(recharge(office, payer.admin, "stripe", 50_000, "SEK"), "pm_card_visa")
    invoice = house.subscribed(house.with_card())
    house.shop.fault("lost_after", calls=3)
    run_auto_charge(office)
    events: list[tuple[dict[str, str], bytes]] = []

    def catch(_url: str, headers: Any, raw: bytes) -> int:
        events.append((headers, raw))
        return 200

    deliveries.deliver(office.engine, catch, office.clock.now())
    sent = events * DUPLICATES
    Random(seed).shuffle(sent)  # noqa: S311

    def take(part: list[tuple[dict[str, str], bytes]]) -> None:
        for headers, raw in part:
            handle(office, receive(office, "stripe", raw, headers).event_id)

    parts = [sent[place::DUPLICATES] for place in range(DUPLICATES)]
    assert in_threads([lambda part=part: take(part) for part in parts]) == []  # type: ignore[misc]
    house.restart()
    assert holds(office, payer.tenant) == (50_000, 0)
    with office.work(JOB) as work:
        stored = work.session.scalar(select(func.count()).select_from(GatewayEvent))
        assert work.session.get_one(Invoice, invoice.id).status == "paid"
    assert stored == len(events)
    assert_holds(office)
