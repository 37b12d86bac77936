"""The door of the API: who gets in, what a refusal looks like, what never leaves."""

import asyncio
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import pytest
from starlette.testclient import TestClient

from api.errors import STATUS, status_of
from api.guard import MOST_BYTES, Guard
from core import errors
from core.errors import DatabaseUnavailable, SaldoError, SchemaBehind
from core.gateways import port
from core.office import office as the_office
from core.reconciliation.standing import NotPulled
from core.usage.ingesting import EventProblem, EventsRefused
from core.work import Office
from tests.api.conftest import Keys, People, answering

PLAN = {"slug": "tiny", "name": "Tiny", "prices": []}
PLANS = "/admin/billing/plans"


def test_without_key_or_session_the_answer_is_401_in_json(api: TestClient) -> None:
    for headers in ({}, {"authorization": "Basic eDp5"}, {"cookie": "saldo=nonsense"}):
        refused = api.get(PLANS, headers=headers)
        assert refused.status_code == 401
        assert set(refused.json()) == {"error", "code"}
        assert refused.headers["cache-control"] == "no-store"


def test_a_session_reads_and_writes_as_its_user(api: TestClient, person: People) -> None:
    headers = person("admin")
    assert api.get(PLANS, headers=headers).status_code == 200
    assert api.post(PLANS, json=PLAN, headers=headers).status_code == 201
    assert api.get(PLANS, headers=person("cfo")).status_code == 403


@pytest.mark.parametrize(
    "forged",
    [
        {"content-type": "text/plain"},
        {"content-type": "application/x-www-form-urlencoded"},
        {"content-type": "multipart/form-data; boundary=x"},
        {},
        {"content-type": "application/json", "origin": "https://evil.example"},
        {"content-type": "application/json", "sec-fetch-site": "cross-site"},
        {"x-saldo-request": "1", "origin": "null"},
    ],
    ids=["text", "form", "multipart", "no type", "other origin", "other site", "no origin"],
)
def test_a_write_that_another_site_could_send_is_refused(
    api: TestClient, person: People, forged: dict[str, str]
) -> None:
    body = b'{"slug": "tiny", "name": "Tiny", "prices": []}'
    refused = api.post(PLANS, content=body, headers={**person("admin"), **forged})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_allowed")
    assert api.get(PLANS, headers=person("admin")).json()["count"] == 0


def test_a_forged_write_without_a_cookie_is_refused_too(api: TestClient) -> None:
    refused = api.post(PLANS, data={"slug": "tiny"})
    assert refused.status_code in (401, 403)


def test_a_key_beside_a_cookie_decides_and_a_dead_key_does_not_fall_back(
    api: TestClient, person: People, program: Keys
) -> None:
    headers = person("admin")
    assert api.get(PLANS, headers={**headers, **program("billing.read")}).status_code == 403
    dead = {"authorization": "Bearer sk_saldo_dead"}
    assert api.get(PLANS, headers={**headers, **dead}).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({**PLAN, "colour": "red"}, "body.colour"),
        ({"slug": "tiny", "prices": []}, "body.name"),
        ({**PLAN, "slug": "Tiny!"}, "body.slug"),
        ({**PLAN, "name": "T\x00ny"}, "body.name"),
        ({**PLAN, "limits": {"max_users": 1.5}}, "body.limits.max_users"),
        ({**PLAN, "prices": [{"cycle": "monthly", "currency": "EUR", "amount_minor": "1"}]},
         "body.prices.0.amount_minor"),
    ],
    ids=["unknown field", "missing", "bad slug", "NUL", "half a user", "money as text"],
)  # fmt: skip
def test_a_body_of_another_shape_is_refused_with_its_field(
    api: TestClient, program: Keys, body: dict[str, Any], field: str
) -> None:
    refused = api.post(PLANS, json=body, headers=program("saas.plans.manage"))
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_request")
    assert [problem["field"] for problem in refused.json()["problems"]] == [field]
    assert field in refused.json()["error"]


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"", b'{"slug": "\\ud800"}'])
def test_what_is_no_json_object_is_refused(api: TestClient, program: Keys, body: bytes) -> None:
    headers = {**program("saas.plans.manage"), "content-type": "application/json"}
    refused = api.post(PLANS, content=body, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_request")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_from_which_no_months_can_be_counted_is_refused(
    api: TestClient, program: Keys, day: str
) -> None:
    for asked in (f"metrics?month={day}", f"movements?from={day}&to={day}"):
        refused = api.get(f"/sys/billing/{asked}", headers=program("analytics.read"))
        assert (refused.status_code, refused.json()["code"]) == (422, "bad_request")


def test_a_body_above_the_limit_is_refused_however_it_is_sent(
    api: TestClient, program: Keys
) -> None:
    headers = {**program("saas.plans.manage"), "content-type": "application/json"}
    pieces: Iterator[bytes] = (b" " * 100_000 for _ in range(MOST_BYTES // 100_000 + 1))
    for content in (b" " * (MOST_BYTES + 1), pieces):
        refused = api.post(PLANS, content=content, headers=headers)
        assert (refused.status_code, refused.json()["code"]) == (413, "too_large")


def test_unknown_addresses_and_methods_answer_in_the_same_shape(api: TestClient) -> None:
    nothing, method = api.get("/v1/nothing"), api.delete("/v1/plans")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "not_found")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "GET"


def test_a_fault_of_ours_is_logged_and_shows_nothing(
    api: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    with patch("api.plans.offers.pricing", side_effect=RuntimeError("a secret in a trace")):
        answer = api.get("/v1/plans")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert "a secret in a trace" in caplog.text


@pytest.mark.parametrize("problem", [DatabaseUnavailable(), SchemaBehind()])
def test_a_database_that_does_not_answer_is_a_503(problem: SaldoError) -> None:
    def gone() -> Office:
        raise problem

    with answering({the_office: gone}) as app:
        answer = TestClient(app).get("/v1/plans")
    assert (answer.status_code, answer.json()["code"]) == (503, problem.code)
    assert answer.headers["retry-after"] == "5"


def test_every_error_of_core_has_a_status_of_its_kind() -> None:
    kinds = {
        kind
        for kind in [*vars(errors).values(), *vars(port).values(), NotPulled]
        if isinstance(kind, type) and issubclass(kind, SaldoError)
    }
    assert kinds >= set(STATUS)
    assert {status_of(kind()) for kind in kinds} == {400, 401, 403, 404, 409, 503}
    assert status_of(EventsRefused([EventProblem(0, "meter", "is wrong")])) == 400


def test_the_same_key_answers_the_same_and_another_request_is_refused(
    api: TestClient, program: Keys
) -> None:
    headers = {**program("saas.plans.manage"), "idempotency-key": "plan-0001"}
    first = api.post(PLANS, json=PLAN, headers=headers)
    again = api.post(PLANS, json=PLAN, headers=headers)
    other = api.post(PLANS, json={**PLAN, "slug": "other"}, headers=headers)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "key_reused")
    assert api.get(PLANS, headers=headers).json()["count"] == 1


@pytest.mark.parametrize("key", ["short", "x" * 201, "with spaces in it"])
def test_an_idempotency_key_of_another_shape_is_refused(
    api: TestClient, program: Keys, key: str
) -> None:
    headers = {**program("saas.plans.manage"), "idempotency-key": key}
    assert api.post(PLANS, json=PLAN, headers=headers).status_code == 422


def test_the_guard_ends_a_call_that_fails_after_its_answer_began() -> None:
    async def breaks(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError("in the middle")

    async def run() -> None:
        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(_message: Any) -> None:
            return

        scope = {"type": "http", "method": "GET", "path": "/v1/plans", "headers": []}
        await Guard(breaks)(scope, receive, send)

    with pytest.raises(RuntimeError, match="in the middle"):
        asyncio.run(run())
