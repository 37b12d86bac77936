"""While the database is gone: a page with the way back for people, a code for programs."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from starlette.testclient import TestClient

from api.gate import Gate
from core.errors import DatabaseUnavailable, SaldoError, SchemaBehind
from tests.api.test_screens import BROWSER, inner


@pytest.fixture(params=[DatabaseUnavailable(), SchemaBehind()], ids=lambda each: each.code)
def problem(request: pytest.FixtureRequest) -> Iterator[SaldoError]:
    with (
        patch("api.gate.office"),
        patch("api.gate.sessions.viewer", side_effect=request.param),
    ):
        yield request.param


@pytest.fixture
def site() -> TestClient:
    return TestClient(Gate(inner), follow_redirects=False)


def test_a_browser_gets_a_page_that_leads_back_to_where_it_was(
    site: TestClient, problem: SaldoError
) -> None:
    answer = site.get("/close?month=2026-10&do=%22x", headers=BROWSER)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert 'class="action" href="/close?month=2026-10&amp;do=%22x"' in answer.text
    assert "/brand/sign-in.css" in answer.text


@pytest.mark.usefixtures("problem")
def test_the_way_back_stays_on_this_host_and_repeats_no_write(site: TestClient) -> None:
    elsewhere = site.get("http://testserver//example.com/close", headers=BROWSER)
    assert 'class="action" href="/"' in elsewhere.text
    assert 'class="action" href="/"' in site.post("/confirm", headers=BROWSER).text


def test_a_program_gets_words_and_a_code(site: TestClient, problem: SaldoError) -> None:
    answer = site.get("/close", headers={"accept": "application/json"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json() == {"error": str(problem), "code": problem.code}
