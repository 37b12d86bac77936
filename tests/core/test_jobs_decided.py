"""What people decide of jobs: to run one now, when it runs, and whether at all."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

import core.models  # noqa: F401 (maps every table before the first write)
from core.clock import SetClock
from core.errors import (
    BadInput,
    ChangedMeanwhile,
    FreshAuthNeeded,
    NotAllowed,
    NotFound,
    NotNow,
    ReasonNeeded,
)
from core.jobs import actions, queries
from core.jobs.catalogue import JOBS
from core.jobs.planning import plan
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting
from tests.core.jobs import TEST, emptied, outcomes, planned, queued


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


def test_running_now_needs_the_permission_and_a_reason(office: Office) -> None:
    for roles in (("admin",), ("cfo",), ()):
        actor = acting(office, a_user(office, *roles))
        with pytest.raises(NotAllowed), office.work(actor) as work:
            actions.ask_run(work, "lifecycle", reason=WHY)
        with pytest.raises(NotAllowed), office.work(actor) as work:
            queries.jobs(work)
        with pytest.raises(NotAllowed), office.work(actor) as work:
            queries.runs(work)
    boss = acting(office, a_user(office, "super_admin"), fresh=False)
    with pytest.raises(ReasonNeeded), office.work(boss) as work:
        actions.ask_run(work, "lifecycle", reason="now")
    with pytest.raises(NotFound), office.work(boss) as work:
        actions.ask_run(work, "everything", reason=WHY)
    assert outcomes(office) == []
    with office.work(boss) as work:
        actions.ask_run(work, "lifecycle", reason=WHY)
    with pytest.raises(NotNow, match="waits for a worker already"), office.work(boss) as work:
        actions.ask_run(work, "lifecycle", reason=WHY)


def test_a_repeated_request_to_run_is_the_first_one(office: Office) -> None:
    boss = acting(office, a_user(office, "super_admin"))
    ids = set()
    for _ in range(2):
        with office.work(boss) as work:
            ids.add(actions.ask_run(work, "lifecycle", reason=WHY, key="the-same-key").id)
    assert len(ids) == 1
    assert len(queued(office)) == 1


def test_a_chosen_schedule_holds_from_now_on(office: Office, clock: SetClock) -> None:
    plan(office)
    boss = acting(office, a_user(office, "super_admin"))
    clock.advance(timedelta(days=3))
    boss = acting(office, a_user(office, "super_admin"))
    with office.work(boss) as work:
        actions.set_schedule(work, "lifecycle", enabled=True, cron="30 14 * * *", reason=WHY)
    assert "lifecycle" not in planned(office, clock, clock.now())
    assert "lifecycle" in planned(office, clock, clock.now() + timedelta(hours=2))


def test_what_was_off_is_not_made_up_for(office: Office, clock: SetClock) -> None:
    plan(office)

    def switch(enabled: bool) -> None:
        with office.work(acting(office, a_user(office, "super_admin"))) as work:
            actions.set_schedule(work, "lifecycle", enabled=enabled, cron=None, reason=WHY)

    switch(False)
    assert "lifecycle" not in planned(office, clock, clock.now() + timedelta(days=2))
    with office.work(TEST) as work:
        assert queries.job_row(work, "lifecycle").next_at is None
    switch(True)
    assert "lifecycle" not in planned(office, clock, clock.now())
    assert "lifecycle" in planned(office, clock, clock.now() + timedelta(days=1))


def test_a_schedule_is_set_by_a_super_admin_freshly_and_on_what_was_seen(office: Office) -> None:
    def set_it(roles: tuple[str, ...], fresh: bool = True, **how: object) -> None:
        asked: dict[str, object] = {"enabled": False, "cron": None, "reason": WHY, **how}
        with office.work(acting(office, a_user(office, *roles), fresh=fresh)) as work:
            actions.set_schedule(work, "lifecycle", **asked)  # type: ignore[arg-type]

    with pytest.raises(NotAllowed):
        set_it(("admin",))
    with pytest.raises(FreshAuthNeeded):
        set_it(("super_admin",), fresh=False)
    with pytest.raises(BadInput, match="is not a schedule"):
        set_it(("super_admin",), cron="at noon")
    with pytest.raises(BadInput, match="Nothing would change"):
        set_it(("super_admin",), enabled=True, cron="0 1 * * *")
    set_it(("super_admin",), version=1)
    with pytest.raises(ChangedMeanwhile):
        set_it(("super_admin",), enabled=True, version=1)
    with office.work(TEST) as work:
        row = queries.job_row(work, "lifecycle")
    assert (row.enabled, row.built_in, row.version) == (False, True, 2)


def test_a_simulated_company_rests_until_somebody_decides(office: Office) -> None:
    def begin() -> None:
        with office.work(TEST) as work:
            if names := actions.undecided(work):
                actions.rest(work, names)

    begin()
    plan(office)
    with office.work(TEST) as work:
        off = [row.name for row in queries.jobs(work) if not row.enabled]
    assert off == [job.name for job in JOBS.values() if job.ages]
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        actions.set_schedule(work, "lifecycle", enabled=True, cron=None, reason=WHY)
    begin()
    with office.work(TEST) as work:
        assert queries.job_row(work, "lifecycle").enabled


def test_whoever_closes_the_books_asks_for_their_jobs_alone(office: Office) -> None:
    finance = acting(office, a_user(office, "sys_finance"), fresh=False)
    with pytest.raises(BadInput, match="none of reconcile"), office.work(finance) as work:
        actions.ask_refresh(work, "lifecycle", reason=WHY)
    with pytest.raises(ReasonNeeded), office.work(finance) as work:
        actions.ask_refresh(work, "reconcile", reason="now")
    reader = acting(office, a_user(office, "cfo"))
    with pytest.raises(NotAllowed), office.work(reader) as work:
        actions.ask_refresh(work, "reconcile", reason=WHY)
    with office.work(finance) as work:
        actions.ask_refresh(work, "reconcile", reason=WHY)
    assert outcomes(office) == ["waiting"]
