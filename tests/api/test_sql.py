"""`/sys/analytics/…`: what a program and a person may ask, keep and see."""

import pytest
from starlette.testclient import TestClient

from core.settings import Settings
from tests.api.conftest import Keys, People
from tests.journeys.company import small_company

ASK = "/sys/analytics/sql"
KEEP = {"role": "analyst", "name": "Tenants", "sql": "from tenant"}


@pytest.fixture(autouse=True)
def _published(settings: Settings) -> None:
    small_company(tenants=3).published(settings)


def test_a_program_asks_and_reads_what_it_asked(api: TestClient, program: Keys) -> None:
    headers = program("analytics.sql")
    sql = "select id, signed_up_on, 1.50 as share from tenant order by id limit 1"
    answer = api.post(ASK, json={"sql": sql}, headers=headers).json()
    assert [column["name"] for column in answer["columns"]] == ["id", "signed_up_on", "share"]
    assert (answer["rows"], answer["row_count"], answer["more"]) == (
        [[1, None, "1.50"]],
        1,
        False,
    )
    [run] = api.get(f"{ASK}/history", headers=headers).json()
    assert (run["sql"], run["outcome"], run["rows"]) == (sql, "done", 1)


def test_a_refused_query_is_a_refusal_in_words(api: TestClient, program: Keys) -> None:
    headers = program("analytics.sql", "billing.read")
    answer = api.post(ASK, json={"sql": "from glob('/*')"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "query_refused")
    assert "glob" in answer.json()["error"]


def test_a_program_cancels_its_own_question(api: TestClient, program: Keys) -> None:
    headers = program("analytics.sql")
    api.post(ASK, json={"sql": "select 1"}, headers=headers)
    [run] = api.get(f"{ASK}/history", headers=headers).json()
    url = f"{ASK}/history/{run['id']}/cancel"
    assert api.post(url, headers=headers).json() == {"id": run["id"], "outcome": "done"}
    assert api.post(url, headers=program("analytics.sql")).status_code == 404
    assert api.post(url, headers=program("billing.read")).status_code == 403


def test_the_tables_are_those_of_the_callers_rights(api: TestClient, program: Keys) -> None:
    seen = [
        {table["name"]: table for table in api.get(f"{ASK}/tables", headers=headers).json()}
        for headers in (program("analytics.sql"), program("analytics.sql", "billing.read"))
    ]
    assert "bank_transfer" not in seen[0]
    assert "bank_transfer" in seen[1]
    assert seen[0]["tenant"]["about"] == "Customers"
    assert all(column["words"] for table in seen[1].values() for column in table["columns"])


def test_people_keep_change_and_remove_queries(api: TestClient, person: People) -> None:
    headers = {**person("analyst"), "x-saldo-request": "1"}
    kept = api.post("/sys/analytics/queries", json=KEEP, headers=headers)
    assert kept.status_code == 201
    url = f"/sys/analytics/queries/{kept.json()['id']}"
    again = api.post("/sys/analytics/queries", json=KEEP, headers=headers)
    assert (again.status_code, again.json()["code"]) == (400, "bad_input")
    changed = {"name": "All", "sql": "from plan"}
    assert api.post(url, json=changed, headers=headers).json()["name"] == "All"
    colleague = {**person("analyst"), "x-saldo-request": "1"}
    [seen] = api.get("/sys/analytics/queries", headers=colleague).json()
    assert (seen["name"], seen["own"]) == ("All", False)
    assert api.post(f"{url}/remove", headers=colleague).status_code == 403
    assert api.post(f"{url}/remove", headers=headers).json() == {"removed": seen["id"]}
    assert api.get("/sys/analytics/queries", headers=headers).json() == []


def test_a_program_keeps_none(api: TestClient, program: Keys) -> None:
    answer = api.post("/sys/analytics/queries", json=KEEP, headers=program("analytics.sql"))
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_input")
