"""Health, readiness and figures for whoever runs the house."""

import re
from collections.abc import Iterator
from unittest.mock import patch

import psycopg
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from api import health, metrics
from core.errors import DatabaseUnavailable
from core.settings import Settings
from core.work import Office


async def _page(_request: Request) -> PlainTextResponse:
    return PlainTextResponse("page")


@pytest.fixture
def house(office: Office, settings: Settings) -> Iterator[TestClient]:
    """The doors of operating over the test's database."""
    app = Starlette(
        routes=[
            Route("/healthz", health.alive),
            Route("/readyz", health.ready),
            Route("/metrics", metrics.metrics),
            Route("/revenue", _page),
            Route("/sys/anything", _page),
        ],
        middleware=[Middleware(metrics.Measured)],
    )
    with (
        patch.object(health, "office", lambda: office),
        patch.object(metrics, "office", lambda: office),
        patch.object(metrics, "settings", lambda: settings),
    ):
        yield TestClient(app)


def _figures(house: TestClient) -> dict[str, float]:
    answer = house.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    return {
        name: float(value)
        for name, value in re.findall(r"^(saldo_\S+) (\S+)$", answer.text, re.MULTILINE)
    }


def test_ready_while_the_database_and_its_schema_are(house: TestClient, database_url: str) -> None:
    good = house.get("/readyz")
    assert (good.status_code, good.json()) == (
        200,
        {"status": "ok", "database": "ok", "schema": "ok"},
    )
    with psycopg.connect(database_url) as db:
        db.execute("update alembic_version set version_num = '0001'")
    behind = house.get("/readyz")
    assert behind.status_code == 503
    assert "saldo db upgrade" in behind.json()["schema"]
    with patch.object(Office, "work", side_effect=DatabaseUnavailable):
        away = house.get("/readyz")
    assert (away.status_code, away.json()["database"]) == (503, "no answer")
    assert house.get("/healthz").json() == {"status": "ok"}


def test_queues_and_jobs_are_counted_with_their_age(house: TestClient, database_url: str) -> None:
    with psycopg.connect(database_url) as db:
        db.execute(
            "insert into gateway_event (provider, event_id, kind, raw, status, received_at) values"
            " ('stripe', 'e1', 'x', '', 'waiting', now() - interval '90 seconds'),"
            " ('stripe', 'e2', 'x', '', 'waiting', now())"
        )
        db.execute(
            "insert into job_run (name, origin, asked_by, asked_at, started_at, finished_at,"
            " outcome, problem) values"
            " ('sync', 'operator', 'x', now(), now(), to_timestamp(1700000000), 'done', null)"
        )
    found = _figures(house)
    assert found['saldo_queue_length{queue="gateway_events_waiting"}'] == 2
    assert 90 <= found['saldo_queue_oldest_seconds{queue="gateway_events_waiting"}'] < 3_600
    assert found['saldo_queue_length{queue="messages_waiting"}'] == 0
    assert found['saldo_job_done_timestamp_seconds{job="sync"}'] == 1_700_000_000
    assert found['saldo_job_failed{job="sync"}'] == 0
    assert found["saldo_database_up"] == 1
    assert "saldo_copy_age_seconds" not in found


def test_a_database_that_is_away_is_a_figure_too(house: TestClient) -> None:
    with patch.object(Office, "work", side_effect=DatabaseUnavailable):
        assert _figures(house)["saldo_database_up"] == 0


def test_answers_are_counted_by_door_and_never_by_address(house: TestClient) -> None:
    before = _figures(house)
    for path in ("/revenue", "/sys/anything", "/sys/secret-address"):
        house.get(path)
    house.request("BREW", "/revenue")
    text = house.get("/metrics").text
    after = _figures(house)
    page = 'saldo_http_requests_total{door="page",method="GET",status="200"}'
    assert after[page] - before.get(page, 0) >= 1
    assert 'saldo_http_requests_total{door="api",method="GET",status="404"}' in text
    assert 'method="other"' in text
    assert "secret-address" not in text
    assert "BREW" not in text


def test_figures_are_for_this_machine_or_for_the_token(
    house: TestClient, settings: Settings
) -> None:
    assert house.get("/metrics", headers={"x-forwarded-for": "10.1.1.1"}).status_code == 404
    with patch.object(settings, "metrics_token", SecretStr("hush")):
        assert house.get("/metrics").status_code == 404
        assert house.get("/metrics", headers={"authorization": "Bearer x"}).status_code == 404
        passed = {"authorization": "Bearer hush", "x-forwarded-for": "10.1.1.1"}
        assert house.get("/metrics", headers=passed).status_code == 200
