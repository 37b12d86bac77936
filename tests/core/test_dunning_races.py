"""The sweep beside payments, beside itself, and killed half-way; with real locks."""

import random
import threading
import time
from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import text

from core.clock import SetClock
from core.dunning import steps as sweep_steps
from core.dunning.run import run_dunning
from core.payments.actions import record_payment
from core.work import Office, Work
from tests.billing import (
    JOB,
    a_subscription,
    a_tenant,
    an_invoice,
    pass_days,
    the_invoices,
    the_plans,
    wrong_books,
)
from tests.dunning import (
    an_unpaid,
    kinds,
    live,
    pays,
    status_of,
    the_case,
    the_cases,
    to_day,
    told,
)
from tests.killing import killed_again_and_again
from tests.wallets import at_once

PATIENCE = 60


def _until_blocked(database_url: str) -> None:
    """Wait until some connection waits for a lock."""
    end = time.monotonic() + PATIENCE
    with psycopg.connect(database_url, autocommit=True) as db:
        while time.monotonic() < end:
            row = db.execute(
                "select count(*) from pg_stat_activity"
                " where datname = current_database() and wait_event_type = 'Lock'"
            ).fetchone()
            if row and row[0]:
                return
            time.sleep(0.01)
    pytest.fail("nothing waited for a lock")


def _meets(
    office: Office, database_url: str, first: Callable[[Work], object], second: Callable[[], object]
) -> None:
    """Run the first act; before it commits the second begins, and waits for it."""
    with office.work(JOB) as work:
        first(work)
        work.session.flush()
        late = threading.Thread(target=second)
        late.start()
        _until_blocked(database_url)
    late.join(PATIENCE)
    assert not late.is_alive()


def test_a_payment_that_is_being_booked_is_never_overtaken_by_the_sweep(
    office: Office, clock: SetClock, database_url: str
) -> None:
    _, subscription = an_unpaid(office)
    live(office, clock, [3])
    to_day(office, clock, 14)
    (invoice,) = the_invoices(office)

    def pay(work: Work) -> None:
        record_payment(
            work,
            invoice.tenant_id,
            invoice.total_minor,
            invoice.currency,
            "cash",
            invoice_ids=(invoice.id,),
        )

    runs = []
    _meets(office, database_url, pay, lambda: runs.append(run_dunning(office)))
    assert runs[0].changes == ()
    assert status_of(office, subscription) == "active"
    assert (the_case(office).close_reason, "suspended" in kinds(office)) == ("paid", False)
    assert told(office, "tenant.suspended") == []
    assert the_invoices(office)[0].status == "paid"
    assert wrong_books(office) == []


def test_a_payment_during_the_sweeps_suspension_reactivates(
    office: Office, clock: SetClock, database_url: str
) -> None:
    _, subscription = an_unpaid(office)
    to_day(office, clock, 14)
    (invoice,) = the_invoices(office)

    def suspends(work: Work) -> None:
        done = sweep_steps.advance(work, invoice.id, work.today)
        assert done is not None
        assert done.step == "suspend"

    _meets(office, database_url, suspends, lambda: pays(office, invoice))
    assert status_of(office, subscription) == "active"
    assert the_case(office).close_reason == "paid"
    assert told(office, "tenant.suspended", "tenant.reactivated") == [
        "tenant.suspended",
        "tenant.reactivated",
    ]
    assert run_dunning(office).changes == ()


@pytest.mark.parametrize("seed", range(4))
def test_payments_and_sweeps_in_any_order_end_active(
    office: Office, clock: SetClock, seed: int
) -> None:
    tenant, subscription = an_unpaid(office)
    an_invoice(office, tenant)
    to_day(office, clock, 14)
    own, manual = the_invoices(office)
    acts: list[Callable[[], object]] = [
        lambda: pays(office, own),
        lambda: pays(office, manual),
        lambda: run_dunning(office),
        lambda: run_dunning(office),
    ]
    random.Random(seed).shuffle(acts)  # noqa: S311
    assert at_once(*acts) == []
    assert run_dunning(office).changes == ()
    assert status_of(office, subscription) == "active"
    assert {case.status for case in the_cases(office)} <= {"closed"}
    suspended, back = (told(office, name) for name in ("tenant.suspended", "tenant.reactivated"))
    assert bool(back) == bool(suspended)
    assert wrong_books(office) == []


def test_two_sweeps_at_once_do_each_step_once(office: Office, clock: SetClock) -> None:
    plans = the_plans(office)
    for _ in range(4):
        a_subscription(
            office, a_tenant(office), plans["growth"], "annual", collection="send_invoice"
        )
    to_day(office, clock, 1)
    assert at_once(*(lambda: run_dunning(office) for _ in range(3))) == []
    assert told(office, "payment.reminder") == ["payment.reminder"] * 4
    assert sorted(kinds(office)) == ["opened"] * 4 + ["reminded"] * 4


def _ending(office: Office) -> list[tuple[object, ...]]:
    with office.work(JOB) as work:
        rows = work.session.execute(
            text(
                "select c.invoice_id, c.status, c.position, c.restriction, s.status,"
                " (select count(*) from dunning_event e where e.case_id = c.id)"
                " from dunning_case c left join subscription s on s.id = c.subscription_id"
                " order by 1"
            )
        )
        return [tuple(row) for row in rows]


def test_killed_at_any_moment_the_next_run_ends_the_same(
    office: Office, clock: SetClock, database_url: str
) -> None:
    plans = the_plans(office)
    for number in range(12):
        tenant = a_tenant(office)
        a_subscription(office, tenant, plans["growth"], "annual", collection="send_invoice")
        if number % 4 == 0:
            an_invoice(office, tenant)
        pass_days(clock, 1)
    pass_days(clock, 36)
    dry = run_dunning(office, dry_run=True)
    assert killed_again_and_again(office, database_url, run_dunning, random.Random(3)) > 8  # noqa: S311
    run_dunning(office)
    assert run_dunning(office).changes == ()
    found = _ending(office)
    assert [row[0] for row in found] == sorted(change.invoice_id for change in dry.changes)
    assert {row[5] for row in found} == {2}
    restricted = {"suspend": "suspend", "throttle": "throttle", "remind": None}
    by_invoice = {change.invoice_id: restricted[change.step] for change in dry.changes}
    assert {row[0]: row[3] for row in found} == by_invoice
    assert wrong_books(office) == []
