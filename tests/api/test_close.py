"""The month close over HTTP: at both addresses, by a person, with words where it is refused."""

import pytest
from starlette.testclient import TestClient

from core.settings import Settings
from core.work import Office
from etl import pipeline
from tests.api.conftest import Keys, People
from tests.billing import WHY
from tests.closing import october


@pytest.mark.parametrize("place", ["sys", "admin"])
def test_a_month_is_closed_read_and_reopened(
    office: Office,
    settings: Settings,
    database_url: str,
    api: TestClient,
    person: People,
    place: str,
) -> None:
    october(office)
    pipeline.sync(settings, database_url, now=office.clock.now())
    at, who = f"/{place}/billing/close", {**person("sys_finance"), "x-saldo-request": "1"}
    items = api.get(f"{at}/2026-10", headers=who).json()
    assert {item["state"] for item in items} == {"green"}
    closed = api.post(f"{at}/2026-10", headers=who, json={"reason": WHY})
    assert closed.status_code == 200, closed.text
    assert api.get(f"{at}/2026-10/verify", headers=who).json()["wrong"] == []
    figures = api.get(f"{at}/2026-10/figures", headers=who).json()
    assert len(figures) == closed.json()["figures"]
    assert api.get(f"{at}/2026-10/figures?changed=true", headers=who).json() == []
    again = api.post(f"{at}/2026-10", headers=who, json={"reason": WHY})
    assert (again.status_code, again.json()["code"]) == (409, "not_now")
    reopened = api.post(f"{at}/2026-10/reopen", headers=who, json={"reason": WHY})
    assert reopened.json()["reopen_reason"] == WHY
    assert [row["state"] for row in api.get(at, headers=who).json()] == ["open"]


def test_without_a_copy_nothing_is_closed(office: Office, api: TestClient, person: People) -> None:
    october(office)
    who = {**person("sys_finance"), "x-saldo-request": "1"}
    refused = api.post("/sys/billing/close/2026-10", headers=who, json={"reason": WHY})
    assert (refused.status_code, refused.json()["code"]) == (400, "no_copy")


def test_the_journal_comes_as_sie_and_csv(office: Office, api: TestClient, program: Keys) -> None:
    october(office)
    window = "from=2026-10-01&to=2026-10-31"
    who = program("billing.read")
    sie = api.get(f"/sys/billing/journal?{window}&format=sie", headers=who)
    assert sie.content.decode("cp437").startswith("#FLAGGA 0")
    assert ".se" in sie.headers["content-disposition"]
    assert api.get(f"/admin/billing/journal?{window}", headers=who).text.startswith("number,")
    bad = api.get("/sys/billing/close/2026-13", headers=program("analytics.read"))
    assert bad.status_code == 422


def test_finance_lets_the_gateways_be_read_now(
    office: Office, api: TestClient, person: People
) -> None:
    asked = {"job": "reconcile", "reason": WHY}
    refused = api.post("/sys/billing/refresh", headers=person("cfo"), json=asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    who = person("sys_finance")
    run = api.post("/sys/billing/refresh", headers=who, json=asked)
    assert (run.status_code, run.json()["name"], run.json()["outcome"]) == (
        202, "reconcile", "waiting",
    )  # fmt: skip
    again = api.post("/admin/billing/refresh", headers=who, json=asked)
    assert (again.status_code, again.json()["code"]) == (409, "not_now")
    other = api.post("/sys/billing/refresh", headers=who, json={**asked, "job": "lifecycle"})
    assert other.status_code == 422
