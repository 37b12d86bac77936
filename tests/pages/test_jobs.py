"""The page of jobs: schedules in words, runs with their problems, and the two dialogs."""

from collections.abc import Iterator

import pytest

import core.models  # noqa: F401 (maps every table before the first write)
from core.errors import BadInput
from core.jobs.catalogue import JOBS
from core.jobs.models import JobRun
from core.jobs.running import run_by_hand
from core.work import Office
from tests.billing import WHY
from tests.core.jobs import TEST, emptied, outcomes, queued
from tests.pages.administering import Visit, confirm, events, press, visitor, words


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


@pytest.fixture
def visit(office: Office, monkeypatch: pytest.MonkeyPatch) -> Visit:
    """Runs the page as a new person."""
    return visitor(office, monkeypatch, "admin/jobs.py")


def an_idle_run(office: Office) -> None:
    """A scheduled run of the notifications that found nothing to tell."""
    with office.work(TEST) as work:
        now = work.now
        work.session.add(
            JobRun(
                name="notifications", origin="schedule", scheduled_for=now, asked_at=now,
                started_at=now, finished_at=now, outcome="done", idle=True,
            )
        )  # fmt: skip


def test_the_schedules_stand_in_words_before_any_run(visit: Visit) -> None:
    test = visit("super_admin")
    assert not test.exception
    told = words(test)
    assert all(job.title in told for job in JOBS.values())
    assert "usage-invoices<" not in told
    assert "Daily at 01:00" in told
    assert "Every 5 minutes" in told
    assert "21 Nov 2026 01:00" in told
    assert "No run to show" in told


def test_failed_runs_stand_in_red_with_their_words(visit: Visit, office: Office) -> None:
    run_by_hand(office, "lifecycle", lambda: 1, lambda _: {"renew": 12, "refused": 0})

    def fails() -> int:
        raise BadInput("The bank <closed> early")

    with pytest.raises(BadInput):
        run_by_hand(office, "sweep", fails, lambda _: {})
    an_idle_run(office)
    told = words(visit("super_admin"))
    assert '<span class="bad">The bank &lt;closed&gt; early</span>' in told
    assert '<span class="bad">Failed in under 1\u00a0s</span>' in told
    assert "Renew 12" in told
    assert "Nothing to do" not in told
    test = visit("super_admin")
    test.toggle(key="idle").set_value(True).run()
    assert "Nothing to do" in words(test)


def test_the_runs_of_one_job_are_chosen_by_the_address(visit: Visit, office: Office) -> None:
    run_by_hand(office, "lifecycle", lambda: 1, lambda _: {"renew": 12})
    run_by_hand(office, "sweep", lambda: 1, lambda _: {"settled": 3})
    told = words(visit("super_admin", job="sweep"))
    assert "Settled 3" in told
    assert "Renew 12" not in told


def test_a_job_is_run_now_with_a_reason(visit: Visit, office: Office) -> None:
    test = visit("super_admin", fresh=False, job="lifecycle")
    press(test, "run-lifecycle")
    confirm(test, "now")
    assert outcomes(office) == []
    confirm(test)
    assert not test.exception
    assert outcomes(office, "lifecycle") == ["waiting"]
    assert len(queued(office)) == 1
    assert events(office, "job.run_asked")[0]["reason"] == WHY
    assert "waits for a worker" in words(test)


def test_a_schedule_is_changed_after_its_next_times_were_shown(
    visit: Visit, office: Office
) -> None:
    test = visit("super_admin", job="lifecycle")
    press(test, "schedule-lifecycle")
    test.text_input(key="job-cron").set_value("at noon").run()
    assert "is not a schedule" in words(test)
    test.text_input(key="job-cron").set_value("30 2 * * 1").run()
    assert "Runs on Mondays at 02:30: 23 Nov 2026 02:30" in words(test)
    confirm(test)
    assert not test.exception
    assert "On Mondays at 02:30, chosen here" in words(test)
    assert events(office, "job.schedule_set")[0]["cron"] == "30 2 * * 1"


def test_a_schedule_waits_for_a_fresh_sign_in(visit: Visit) -> None:
    test = visit("super_admin", fresh=False, job="lifecycle")
    press(test, "schedule-lifecycle")
    assert "Confirm it is you" in words(test)
    assert not [field for field in test.text_input if field.key == "job-cron"]


def test_a_person_without_the_permission_sees_nothing(visit: Visit) -> None:
    test = visit("cfo")
    assert test.exception
    assert "lifecycle" not in words(test)
