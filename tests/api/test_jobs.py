"""`/admin/jobs`: who may look, and how a job is run now."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from core.jobs.catalogue import JOBS
from core.work import Office
from tests.api.conftest import Keys, People
from tests.billing import WHY
from tests.core.jobs import emptied, outcomes, queued


@pytest.fixture(autouse=True)
def _empty_queue(database_url: str, office: Office) -> Iterator[None]:
    with emptied(database_url):
        yield


def test_the_list_holds_every_job_with_words_and_next_time(api: TestClient, program: Keys) -> None:
    answer = api.get("/admin/jobs", headers=program("users.manage")).json()
    assert [job["name"] for job in answer["jobs"]] == list(JOBS)
    lifecycle = answer["jobs"][0]
    assert (lifecycle["when"], lifecycle["next_at"]) == ("daily at 01:00", "2026-11-21T00:00:00Z")
    assert (lifecycle["last"], answer["runs"]) == (None, [])


def test_a_job_is_run_now_once_for_one_key(api: TestClient, person: People, office: Office) -> None:
    headers = {
        **person("super_admin"),
        "x-saldo-request": "1",
        "idempotency-key": "run-it-now",
    }
    asked = [
        api.post("/admin/jobs/lifecycle/run", json={"reason": WHY}, headers=headers)
        for _ in range(2)
    ]
    assert [answer.status_code for answer in asked] == [202, 202]
    assert asked[0].json() == asked[1].json()
    assert (asked[0].json()["outcome"], asked[0].json()["origin"]) == ("waiting", "person")
    assert len(queued(office)) == 1


@pytest.mark.parametrize(
    ("job", "body", "status"),
    [("everything", {"reason": WHY}, 404), ("lifecycle", {"reason": "now"}, 400),
     ("lifecycle", {}, 422)],
    ids=["an unknown job", "too short a reason", "no reason"],
)  # fmt: skip
def test_what_is_refused_leaves_no_run(
    api: TestClient, program: Keys, office: Office, job: str, body: dict[str, str], status: int
) -> None:
    answer = api.post(f"/admin/jobs/{job}/run", json=body, headers=program("users.manage"))
    assert answer.status_code == status
    assert outcomes(office) == []


def test_nobody_without_the_permission_sees_or_runs_jobs(
    api: TestClient, program: Keys, office: Office
) -> None:
    headers = program("billing.read", "billing.write")
    assert api.get("/admin/jobs", headers=headers).status_code == 403
    asked = api.post("/admin/jobs/lifecycle/run", json={"reason": WHY}, headers=headers)
    assert asked.status_code == 403
    assert outcomes(office) == []


def test_a_super_admin_chooses_when_a_job_runs(api: TestClient, person: People) -> None:
    headers = {**person("super_admin"), "x-saldo-request": "1"}
    url, body = "/admin/jobs/lifecycle/schedule", {"enabled": True, "reason": WHY}
    set_ = api.post(url, json={**body, "cron": "30 2 * * *", "version": 1}, headers=headers).json()
    assert (set_["when"], set_["built_in"], set_["version"]) == ("daily at 02:30", False, 2)
    late = api.post(url, json={**body, "version": 1}, headers=headers)
    assert (late.status_code, late.json()["code"]) == (409, "changed_meanwhile")
    off = api.post(url, json={**body, "enabled": False}, headers=headers).json()
    assert (off["enabled"], off["next_at"]) == (False, None)
    odd = api.post(url, json={**body, "cron": "sometimes"}, headers=headers)
    assert (odd.status_code, odd.json()["code"]) == (400, "bad_input")
