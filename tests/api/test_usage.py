"""Usage over HTTP: reported once, checked, taken; of the own tenant, or of any for the platform."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from core.clock import SetClock
from core.tenants.models import Tenant
from core.work import Office
from tests.api.conftest import Headers, Keys
from tests.billing import a_subscription, a_tenant, the_plans

NOW = "2026-11-20T12:00:00+00:00"
SOFTWARE = ("org.billing.read", "org.billing.manage")


def event(number: int = 1, **other: Any) -> dict[str, Any]:
    return {"event_id": f"e{number}", "meter": "max_shipments", "occurred_at": NOW, **other}


@pytest.fixture
def tenant(office: Office) -> Tenant:
    found = a_tenant(office)
    a_subscription(office, found, the_plans(office)["starter"])
    return found


@pytest.fixture
def software(tenant: Tenant, program: Keys) -> Headers:
    return program(*SOFTWARE, tenant_id=tenant.id)


def test_an_event_counts_once_and_is_then_a_duplicate(api: TestClient, software: Headers) -> None:
    sent = [api.post("/v1/usage", json=event(quantity=3), headers=software) for _ in range(2)]
    assert [answer.json()["status"] for answer in sent] == ["accepted", "duplicate"]
    left = api.get("/v1/usage/check?limit=max_shipments", headers=software)
    assert left.json() == {"allowed": True, "current": 3, "limit": 500, "remaining": 497}


def test_other_content_under_a_known_id_is_refused(api: TestClient, software: Headers) -> None:
    api.post("/v1/usage", json=event(), headers=software)
    refused = api.post("/v1/usage", json=event(quantity=2), headers=software)
    assert (refused.status_code, refused.json()["code"]) == (409, "key_reused")


def test_a_batch_answers_for_each_event(api: TestClient, software: Headers) -> None:
    api.post("/v1/usage", json=event(1), headers=software)
    events = [event(1), event(2, quantity="0.5"), event(1, quantity=9)]
    answer = api.post("/v1/usage/batch", json={"events": events}, headers=software).json()
    assert (answer["accepted"], answer["duplicates"], answer["conflicts"]) == (1, 1, 1)
    assert [each["status"] for each in answer["receipts"]] == ["duplicate", "accepted", "conflict"]
    left = api.get("/v1/usage/check?limit=max_shipments", headers=software).json()
    assert (left["current"], left["remaining"]) == ("1.5", "498.5")


def test_a_batch_with_a_broken_event_is_refused_whole(api: TestClient, software: Headers) -> None:
    events = [event(1), event(2, meter="no_such"), event(3, occurred_at="2020-01-01T00:00:00Z")]
    refused = api.post("/v1/usage/batch", json={"events": events}, headers=software)
    assert (refused.status_code, refused.json()["code"]) == (400, "events_refused")
    places = [(each["index"], each["field"]) for each in refused.json()["problems"]]
    assert places == [(1, "meter"), (2, "occurred_at")]
    assert api.get("/v1/usage/check?limit=max_shipments", headers=software).json()["current"] == 0


@pytest.mark.parametrize("size", [0, 1_001])
def test_a_batch_has_1_to_1000_events(api: TestClient, software: Headers, size: int) -> None:
    body = {"events": [event(n) for n in range(size)]}
    assert api.post("/v1/usage/batch", json=body, headers=software).status_code == 422


def test_a_thousand_events_fit(api: TestClient, software: Headers) -> None:
    body = {"events": [event(n) for n in range(1_000)]}
    answer = api.post("/v1/usage/batch", json=body, headers=software)
    assert answer.json()["accepted"] == 1_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"occurred_at": "2026-11-20T12:00:00"},
        {"quantity": -1},
        {"quantity": "0.0000001"},
        {"quantity": "NaN"},
        {"event_id": ""},
        {"colour": "red"},
    ],
    ids=["no offset", "negative", "too fine", "not a number", "no id", "unknown field"],
)
def test_an_event_of_another_shape_is_refused(
    api: TestClient, software: Headers, wrong: dict[str, Any]
) -> None:
    refused = api.post("/v1/usage", json=event(**wrong), headers=software)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_request")


def test_the_last_unit_is_taken_once(
    office: Office, api: TestClient, program: Keys, clock: SetClock
) -> None:
    del clock
    tenant = a_tenant(office)
    a_subscription(office, tenant, the_plans(office)["free"])
    headers = program(*SOFTWARE, tenant_id=tenant.id)

    def take(number: int) -> bool:
        body = {"limit": "max_users", "event_id": f"u{number}"}
        return bool(api.post("/v1/usage/consume", json=body, headers=headers).json()["taken"])

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(take, range(6))) == [False] * 4 + [True] * 2
    left = api.get("/v1/usage/check?limit=max_users", headers=headers).json()
    assert left == {"allowed": False, "current": 2, "limit": 2, "remaining": 0}


def test_use_lists_every_limit_of_the_plan(api: TestClient, software: Headers) -> None:
    api.post("/v1/usage", json=event(quantity=7), headers=software)
    found = api.get("/v1/usage", headers=software).json()
    assert (found["plan"], found["period_start"], found["period_end"]) == (
        "starter",
        "2026-11-20",
        "2026-12-20",
    )
    use = {row["meter"]: (row["current"], row["limit"]) for row in found["limits"]}
    assert use["max_shipments"] == (7, 500)


def test_a_tenants_key_reaches_no_other_tenant(
    office: Office, api: TestClient, software: Headers
) -> None:
    other = a_tenant(office).id
    events = {"events": [event(1, tenant_id=other)]}
    tried = (
        api.get(f"/v1/usage?tenant_id={other}", headers=software),
        api.get(f"/v1/usage/check?limit=max_users&tenant_id={other}", headers=software),
        api.post("/v1/usage", json=event(tenant_id=other), headers=software),
        api.post("/v1/usage/batch", json=events, headers=software),
        api.post(
            "/v1/usage/consume",
            json={"limit": "max_users", "event_id": "u1", "tenant_id": other},
            headers=software,
        ),
    )
    assert [(each.status_code, each.json()["code"]) for each in tried] == [(403, "not_allowed")] * 5


def test_a_reading_key_reports_nothing(api: TestClient, tenant: Tenant, program: Keys) -> None:
    headers = program("org.billing.read", tenant_id=tenant.id)
    assert api.get("/v1/usage", headers=headers).status_code == 200
    assert api.post("/v1/usage", json=event(), headers=headers).status_code == 403


def test_a_platforms_key_names_the_tenant(api: TestClient, tenant: Tenant, program: Keys) -> None:
    headers = program("billing.read", "saas.subscriptions.manage")
    nameless = api.get("/v1/usage", headers=headers)
    assert (nameless.status_code, nameless.json()["code"]) == (400, "bad_input")
    sent = api.post("/v1/usage", json=event(tenant_id=tenant.id), headers=headers)
    assert sent.json() == {"event_id": "e1", "status": "accepted"}
    assert api.get("/v1/usage?tenant_id=999999", headers=headers).status_code == 404


def test_an_unknown_limit_is_not_found(api: TestClient, software: Headers) -> None:
    answer = api.get("/v1/usage/check?limit=no_such", headers=software)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert api.get("/v1/usage/check?limit=%00", headers=software).status_code == 422
