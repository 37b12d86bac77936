"""Figures over the API are those of the copy; both addresses and files say the same."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date

import pytest
from starlette.testclient import TestClient

from api.copy import the_copy
from core.office import office as the_office
from core.settings import Settings
from core.work import Office
from etl import figures
from etl.warehouse import Warehouse
from tests.api.conftest import Keys, answering
from tests.journeys.company import small_company


@pytest.fixture(scope="module")
def wh(tmp_path_factory: pytest.TempPathFactory) -> Warehouse:
    settings = Settings(_env_file=None, SALDO_HOME=tmp_path_factory.mktemp("copy"))
    return small_company(tenants=6).published(settings)


@pytest.fixture
def client(office: Office, wh: Warehouse) -> Iterator[TestClient]:
    with (
        answering({the_office: lambda: office, the_copy: lambda: wh}) as app,
        TestClient(app, raise_server_exceptions=False) as found,
    ):
        yield found


def lines(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("mount", ["/sys/billing", "/admin/billing"])
def test_the_cash_forecast_and_its_file(
    client: TestClient, program: Keys, wh: Warehouse, mount: str
) -> None:
    key = program("billing.read")
    asked = {"as_of": "2026-11-10", "currency": "EUR"}
    found = client.get(f"{mount}/cash-forecast", params=asked, headers=key)
    assert found.status_code == 200
    assert found.json() == figures.cash_forecast(wh, date(2026, 11, 10), "EUR")
    file = client.get(f"{mount}/cash-forecast.csv", params=asked, headers=key)
    weeks = [row for row in lines(file.text) if row["line"] == "week"]
    [answer] = found.json()["currencies"]
    assert [int(row["expected_minor"]) for row in weeks] == [
        week["expected"]["minor"] for week in answer["weeks"]
    ]
    other = program("analytics.read")
    assert client.get(f"{mount}/cash-forecast", headers=other).status_code == 403


@pytest.mark.parametrize("mount", ["/sys/billing", "/admin/billing"])
def test_metrics_movements_and_cohorts_take_constant_currency(
    client: TestClient, program: Keys, wh: Warehouse, mount: str
) -> None:
    key, on = program("analytics.read"), "2026-06-30"
    window = {"from": "2026-08-01", "to": "2026-10-31", "constant_on": on}
    moved = client.get(f"{mount}/movements", params=window, headers=key).json()
    assert [row["fx"]["minor"] for row in moved] == [0, 0, 0]
    file = lines(client.get(f"{mount}/movements.csv", params=window, headers=key).text)
    assert [int(row["end_minor"]) for row in file] == [row["end"]["minor"] for row in moved]
    month = {"month": "2026-10-01", "constant_on": on, "by": "plan"}
    found = client.get(f"{mount}/metrics", params=month, headers=key).json()
    assert found["months"][0]["mrr"] == moved[-1]["end"]
    file = lines(client.get(f"{mount}/metrics.csv", params=month, headers=key).text)
    assert {row["group"] for row in file} == set(found["months"][0]["groups"])
    cohorts = client.get(f"{mount}/cohorts", params=window, headers=key).json()
    assert cohorts == figures.cohorts(
        wh, date(2026, 8, 1), date(2026, 10, 1), constant_on=date(2026, 6, 30)
    )
    refused = client.get(
        f"{mount}/metrics", params={**month, "constant_on": "1990-05-05"}, headers=key
    )
    assert (refused.status_code, refused.json()["code"]) == (400, "rate_missing")


@pytest.mark.parametrize("mount", ["/sys/billing", "/admin/billing"])
@pytest.mark.parametrize(
    ("file", "asked", "head"),
    [
        ("cash-forecast", {"currency": "JPY"}, "line,currency,week,since"),
        ("metrics", {"month": "2019-10-01", "by": "plan"}, "month,partial,group,mrr_minor"),
        (
            "movements",
            {"from": "2019-08-01", "to": "2019-10-31", "by": "plan"},
            "month,partial,group,start_minor",
        ),
        ("cohorts", {"from": "2019-08-01", "to": "2019-10-31"}, "cohort,size,age_months"),
    ],
)
def test_a_file_without_lines_has_a_head(
    client: TestClient, program: Keys, mount: str, file: str, asked: dict[str, str], head: str
) -> None:
    key = program("billing.read", "analytics.read")
    found = client.get(f"{mount}/{file}.csv", params=asked, headers=key)
    assert found.status_code == 200, found.text
    [only] = found.text.splitlines()
    assert only.startswith(head)


@pytest.mark.parametrize("file", ["platform-fees", "revenue-schedule"])
def test_a_report_on_documents_without_lines_has_a_head(
    client: TestClient, program: Keys, file: str
) -> None:
    window = {"from": "2020-01-01", "to": "2020-01-31"}
    found = client.get(f"/sys/billing/{file}.csv", params=window, headers=program("analytics.read"))
    [only] = found.text.splitlines()
    assert only.startswith("line,")


def test_the_columns_of_metrics_are_the_same_where_amounts_are_undefined(
    client: TestClient, program: Keys
) -> None:
    key = program("analytics.read")
    heads = [
        client.get("/sys/billing/metrics.csv", params=asked, headers=key).text.splitlines()[0]
        for asked in (
            {"month": "2026-10-01"},
            {"month": "2019-10-01"},
            {"month": "2026-10-01", "by": "plan"},
        )
    ]
    assert "arpa_minor" in heads[0]
    assert heads[0] == heads[1]
    assert {"arpa_minor", "ltv_minor", "cac_minor", "cash_collected_minor"} <= set(
        heads[2].split(",")
    )


@pytest.mark.parametrize("mount", ["/sys/billing", "/admin/billing"])
def test_ageing_and_its_file(client: TestClient, program: Keys, wh: Warehouse, mount: str) -> None:
    key = program("billing.read")
    asked = {"as_of": "2026-11-10", "currency": "EUR"}
    found = client.get(f"{mount}/ar-ageing", params=asked, headers=key).json()
    rows = found.pop("rows")
    assert found == json.loads(json.dumps(figures.ar_ageing(wh, date(2026, 11, 10), "EUR")))
    assert sum(row["total"] for row in rows) == found["total"]["minor"] > 0
    file = client.get(f"{mount}/ar-ageing.csv", params=asked, headers=key)
    assert [int(row["total"]) for row in lines(file.text)] == [row["total"] for row in rows]
    for kind in ("", ".csv"):
        other = client.get(f"{mount}/ar-ageing{kind}", headers=program("analytics.read"))
        assert other.status_code == 403
