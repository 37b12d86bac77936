"""`saldo job list` and `saldo run …`: what is listed, what is on record, what is refused."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

import core.models  # noqa: F401 (maps every table before the first write)
from core.clock import SystemClock, local_date
from core.jobs.actions import ask_run
from core.jobs.catalogue import JOBS, the_job
from core.jobs.running import holding
from core.work import Office
from tests.billing import WHY
from tests.builders import a_user, acting
from tests.commands.conftest import Answer
from tests.commands.test_cli import documented
from tests.core.jobs import emptied, runs

Saldo = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


def test_jobs_are_listed_with_their_times(saldo: Saldo) -> None:
    listed = saldo("job", "list", "--json").json["jobs"]
    assert [job["name"] for job in listed] == list(JOBS)
    assert {job["last"] for job in listed} == {None}
    assert all(job["next_at"] and job["when"] for job in listed)
    assert "daily at 01:00" in saldo("job", "list").out
    assert "is a worker running?" in saldo("job", "list").out


@pytest.mark.parametrize("name", JOBS)
def test_every_job_runs_by_hand_and_is_on_record(saldo: Saldo, office: Office, name: str) -> None:
    done = saldo("run", name, "--json")
    assert (done.code, "counts" in done.json) == (0, True), done.err
    (run,) = runs(office, name)
    assert (run.outcome, run.origin) == ("done", "operator")
    last = {job["name"]: job["last"] for job in saldo("job", "list", "--json").json["jobs"]}
    assert last[name]["outcome"] == "done"
    assert saldo("run", name).code == 0


def test_a_worker_asked_to_work_once_does_what_waits_and_ends(saldo: Saldo, office: Office) -> None:
    with office.work(acting(office, a_user(office, "super_admin"))) as work:
        ask_run(work, "sweep", reason=WHY)
    done = saldo("worker", "--once")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert [run.outcome for run in runs(office, "sweep")] == ["done"]


def test_a_dry_run_leaves_no_record(saldo: Saldo, office: Office) -> None:
    assert saldo("run", "lifecycle", "--dry-run").code == 0
    assert runs(office) == []


def test_a_refused_run_is_on_record_with_its_words(saldo: Saldo, office: Office) -> None:
    tomorrow = local_date(SystemClock().now(), "Europe/Stockholm") + timedelta(days=2)
    assert saldo("run", "lifecycle", "--as-of", str(tomorrow)).code == 1
    (run,) = runs(office, "lifecycle")
    assert run.outcome == "failed"
    assert "has not come" in str(run.problem)


def test_a_job_that_runs_elsewhere_is_not_run_beside_it(saldo: Saldo, office: Office) -> None:
    with holding(office, the_job("lifecycle")):
        done = saldo("run", "lifecycle")
    assert done.code == 1
    assert "going on" in done.err


def test_an_unknown_job_is_wrong_usage_and_names_those_there_are(saldo: Saldo) -> None:
    done = saldo("run", "everything")
    assert done.code == 2
    assert all(name in done.err for name in ("lifecycle", "usage-invoices", "sweep"))


def test_a_super_admin_chooses_when_a_job_runs(saldo: Saldo, office: Office) -> None:
    a_user(office, "super_admin", email="boss@example.com")
    by = ("--reason", WHY, "--as", "boss@example.com", "--json")
    set_ = saldo("job", "schedule", "lifecycle", "--cron", "30 2 * * *", *by)
    assert (set_.code, set_.json["when"]) == (0, "daily at 02:30")
    assert set(set_.json) == documented("saldo job schedule")
    off = saldo("job", "schedule", "lifecycle", "--off", *by)
    assert (off.json["enabled"], off.json["built_in"]) == (False, True)
    again = saldo("job", "schedule", "lifecycle", "--off", *by)
    assert (again.code, again.json["code"]) == (1, "bad_input")
