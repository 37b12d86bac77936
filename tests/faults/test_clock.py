"""A clock that jumps: no run repeats, none is lost, nothing hangs, no session lives for ever."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from core.access.sessions import open_session, viewer
from core.charging.run import run_auto_charge
from core.clock import SetClock
from core.invoices.models import Invoice
from core.jobs.models import JobRun
from core.jobs.planning import LOST, plan
from core.jobs.running import run_queued
from core.subscriptions.run import run_lifecycle
from core.work import Office
from tests.billing import JOB
from tests.builders import a_user
from tests.core.jobs import emptied, runs
from tests.faults.boundaries import assert_holds
from tests.faults.conftest import House

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
DAILY = ("lifecycle", "reconcile")


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> object:
    with emptied(database_url):
        yield


def worked(office: Office, *names: str) -> None:
    """A worker looks, and what it planned of some jobs ends at once; the others wait."""
    planned = plan(office)
    with office.work(JOB) as work:
        mine = select(JobRun).where(JobRun.id.in_(planned), JobRun.name.in_(names or DAILY))
        found = work.session.scalars(mine).all()
    for run in found:
        run_queued(office, run.id, {run.name: lambda _: {}})


@pytest.mark.parametrize("jump", [-26 * HOUR, -3 * HOUR, 3 * HOUR, 26 * HOUR])
def test_daily_jobs_run_once_a_day_whatever_the_clock_does_for_a_while(
    office: Office, clock: SetClock, jump: timedelta
) -> None:
    start = datetime(2026, 11, 23, 12, tzinfo=UTC)
    clock.move_to(start)
    worked(office)
    for step in range(0, 4 * 24, 4):
        right = start + step * HOUR
        clock.move_to(right)
        worked(office)
        if step == 32:
            clock.move_to(right + jump)
            worked(office)
            clock.move_to(right)
            worked(office)
    slots = Counter((run.name, run.scheduled_for) for run in runs(office) if run.name in DAILY)
    assert set(slots.values()) == {1}
    by_name = Counter(name for name, _ in slots)
    # Four nights; a clock that went back past the start of all may look at the night before.
    assert all(4 <= by_name[name] <= 5 for name in DAILY), by_name


def test_minutes_go_on_once_a_clock_that_was_ahead_is_put_right(
    office: Office, clock: SetClock
) -> None:
    worked(office, "sweep")
    right = clock.now() + HOUR
    clock.move_to(right + 365 * DAY)
    worked(office, "sweep")
    seen = []
    for minutes in range(0, 31, 5):
        clock.move_to(right + timedelta(minutes=minutes))
        worked(office, "sweep")
        seen.append(len(runs(office, "sweep")))
    assert seen[-1] - seen[0] >= 5


def test_a_run_that_began_ahead_of_time_counts_as_lost_and_runs_again(
    office: Office, clock: SetClock
) -> None:
    worked(office)
    clock.advance(DAY)
    numbers = plan(office)
    with office.work(JOB) as work:
        begun = work.session.scalars(select(JobRun).where(JobRun.id.in_(numbers))).all()
        lifecycle = next(run for run in begun if run.name == "lifecycle")
        lifecycle.outcome, lifecycle.started_at = "running", work.now
        lifecycle.seen_at = work.now + 30 * DAY
    clock.advance(HOUR)
    worked(office)
    lost, again = runs(office, "lifecycle")
    assert (lost.outcome, lost.problem, again.outcome) == ("failed", LOST, "done")


@pytest.mark.parametrize("jump", [-5 * HOUR, 5 * HOUR])
def test_no_period_is_billed_or_charged_twice_or_left_out(house: House, jump: timedelta) -> None:
    """The jump lies on the night of the renewal, which in one case is that of summer time too."""
    shop = house.shop
    shop.clock.move_to(datetime(2027, 1, 28, 12, tzinfo=UTC))
    shop.tick()
    first = house.subscribed(house.with_card())
    for day in range(62):
        for hours in (0, 13):
            right = datetime(2027, 1, 28, 12, tzinfo=UTC) + day * DAY + hours * HOUR
            near = (right.month, right.day) in ((2, 27), (2, 28), (3, 27), (3, 28))
            for at in (right, right + jump, right) if near or day == 0 else ():
                shop.clock.move_to(at)
                shop.tick()
                run_lifecycle(shop.office)
                run_auto_charge(shop.office)
    house.restart()
    with shop.office.work(JOB) as work:
        found = work.session.scalars(
            select(Invoice)
            .where(Invoice.subscription_id == first.subscription_id)
            .order_by(Invoice.id)
        ).all()
    starts = [f"{invoice.period_start:%m-%d}" for invoice in found]
    assert starts == ["01-28", "02-28", "03-28"]
    assert {invoice.status for invoice in found} == {"paid"}
    assert_holds(shop.office)


def test_what_was_begun_ahead_of_time_is_finished_by_the_sweeps(house: House) -> None:
    shop, right = house.shop, house.shop.clock.now()
    house.subscribed(house.with_card())
    shop.clock.advance(300 * DAY)
    shop.fault("lost_after", calls=3)
    run_auto_charge(shop.office)
    assert [attempt.status for attempt in shop.attempts()] == ["pending"]
    shop.clock.move_to(right)
    house.restart()
    assert [attempt.status for attempt in shop.attempts()] == ["succeeded"]
    assert_holds(shop.office)


def test_a_session_opened_while_the_clock_was_ahead_ends_when_it_is_put_right(
    office: Office, clock: SetClock
) -> None:
    right, user = clock.now(), a_user(office, "sys_finance")
    clock.advance(365 * DAY)
    with office.work(JOB) as work:
        token = open_session(work, user.id, fresh=True)
    assert viewer(office, token) is not None
    clock.move_to(right)
    assert viewer(office, token) is None


def test_a_session_that_was_seen_ahead_of_time_still_ends_by_idleness(
    office: Office, clock: SetClock
) -> None:
    right, user = clock.now(), a_user(office, "sys_finance")
    with office.work(JOB) as work:
        token = open_session(work, user.id)
    idle = timedelta(minutes=office.settings.session_idle_minutes)
    clock.advance(idle - timedelta(minutes=1))
    assert viewer(office, token) is not None
    clock.move_to(right)
    assert viewer(office, token) is not None
    clock.move_to(right + idle + timedelta(minutes=1))
    assert viewer(office, token) is None
