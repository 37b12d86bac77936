"""However impatiently it is clicked, a confirmed write happens once."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from bench._served import free_port, served
from core.settings import ROOT
from tests.journeys.browser import PATIENCE_MS, SETTLED, watched

PAGE = ROOT / "tests" / "journeys" / "dialog_page.py"
SERVE = """
import sys, uvicorn, streamlit as st
from starlette.responses import PlainTextResponse
from starlette.routing import Route
health = Route("/health", lambda _request: PlainTextResponse("ok"))
uvicorn.run(st.App(sys.argv[2], routes=[health]), port=int(sys.argv[1]), log_level="warning")
"""


@pytest.fixture(scope="module")
def slow_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A page whose write takes a second, and the file it writes to."""
    writes = tmp_path_factory.mktemp("dialog") / "writes"
    port = free_port()
    environment = {
        "SALDO_TEST_WRITES": str(writes), "SALDO_TEST_SECONDS": "1", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-c", SERVE, str(port), str(PAGE)]
    with served(command, port, env=environment, heard=True) as base_url:
        yield base_url, writes


@pytest.mark.parametrize("gap_ms", [0, 30, 300, 900, 1100])
def test_second_click_writes_nothing_more(
    browser: Browser, slow_page: tuple[str, Path], gap_ms: int
) -> None:
    base_url, writes = slow_page
    writes.write_text("")
    seen = watched(browser, base_url)
    seen.page.goto(base_url)
    seen.page.get_by_role("button", name="Refund…").click()
    seen.page.get_by_label("Reason").fill("the customer paid twice")
    box = seen.page.get_by_role("button", name="Refund it").bounding_box()
    assert box
    at = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    seen.page.mouse.click(*at)
    seen.page.wait_for_timeout(gap_ms)
    seen.page.mouse.click(*at)
    expect(seen.page.get_by_text("Refunded payment 42")).to_be_visible()
    seen.page.wait_for_function(SETTLED, timeout=PATIENCE_MS)
    seen.page.wait_for_timeout(1500)
    assert len(writes.read_text().splitlines()) == 1
    assert seen.faults == []
    seen.page.context.close()
