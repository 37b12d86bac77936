"""How long does a warm browser take to show the revenue page, against an empty Streamlit page?

Both are served by the same server with the same settings and opened in turn in one browser, which
has their scripts from before. Measured are the first paint, which has the limit, and the moment the
first figure stands there; of an empty page, its title.
"""

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench._chromium import CHROMIUM, FLAGS
from bench._company import Say
from bench._served import demo_served, free_port, served, signed_in
from core.errors import SaldoError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MOST_TIMES_EMPTY = 1.3
ROUNDS = 15
PATIENCE_MS = 60_000
REVENUE = "/revenue"
HEADLINE = ".st-key-headline-cards .value"
TITLE = "h1"
EMPTY = 'import streamlit as st\nst.set_page_config(layout="wide")\nst.title("Empty")\n'
SERVE = """
import sys, uvicorn, streamlit as st
from starlette.responses import PlainTextResponse
from starlette.routing import Route
ready = Route("/health", lambda _request: PlainTextResponse("ok"))
uvicorn.run(st.App(sys.argv[2], routes=[ready]), port=int(sys.argv[1]), log_level="warning")
"""
NOTE_WHEN = """
new MutationObserver((_, watching) => {{
  if (document.querySelector({place!r})) {{
    window.stoodThere = performance.now();
    watching.disconnect();
  }}
}}).observe(document, {{childList: true, subtree: true}});
"""
FOUND = """() => {
  const [paint] = performance.getEntriesByName('first-contentful-paint');
  return window.stoodThere && paint ? [paint.startTime, window.stoodThere] : null;
}"""


class NoBrowser(SaldoError):
    """There is no Chromium, or no Playwright to drive it; both are needed to measure a paint."""

    code = "no_browser"


def run(scale: float, say: Say) -> dict[str, Any]:
    """First paint and first figure of the revenue page over those of an empty page; medians."""
    if not CHROMIUM.exists():
        raise NoBrowser(f"There is no browser at {CHROMIUM}")
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 (a tool of developers)
    except ImportError as missing:
        raise NoBrowser("Playwright is missing: make install") from missing
    rounds = max(int(ROUNDS * scale), 3)
    with tempfile.TemporaryDirectory() as folder, demo_served(say) as address:
        script = Path(folder) / "empty.py"
        script.write_text(EMPTY)
        port = free_port()
        command = [sys.executable, "-c", SERVE, str(port), str(script)]
        with served(command, port, "/health") as plain, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
            empty = _tab(browser, TITLE)
            revenue = _tab(browser, HEADLINE, signed_in(address, "cfo"), address)
            say("Opening both in turn")
            ours, theirs = [], []
            for _ in range(rounds):
                theirs.append(_opened(empty, plain))
                ours.append(_opened(revenue, address + REVENUE))
            browser.close()
    # The first opening of each fills the browser's and the server's caches.
    found, rival = _medians(ours[1:]), _medians(theirs[1:])
    ratios = {name: round(found[name] / rival[name], 2) for name in found}
    return {
        "name": "paint",
        "ratio": ratios["first_paint"],
        "rival": "an empty Streamlit page of the same server, warm",
        "passed": ratios["first_paint"] <= MOST_TIMES_EMPTY,
        "detail": {
            "rounds": rounds,
            "ratios": ratios,
            "revenue_ms": found,
            "empty_ms": rival,
            "limits": {"ratio": MOST_TIMES_EMPTY},
        },
    }


def _tab(browser: "Browser", place: str, cookie: str = "", address: str = "") -> "Page":
    """A tab that notes when something stands in a place, signed in where there is a cookie."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(PATIENCE_MS)
    if cookie:
        name, _, value = cookie.partition("=")
        context.add_cookies([{"name": name, "value": value, "url": address}])
    context.add_init_script(NOTE_WHEN.format(place=place))
    return context.new_page()


def _opened(tab: "Page", address: str) -> tuple[float, float]:
    """Milliseconds from the request to the first paint, and to the place that is waited for."""
    tab.goto(address)
    tab.wait_for_function(FOUND)
    painted, stood = tab.evaluate(FOUND)
    return float(painted), float(stood)


def _medians(times: list[tuple[float, float]]) -> dict[str, float]:
    return {
        "first_paint": round(statistics.median(painted for painted, _ in times), 1),
        "first_figure": round(statistics.median(stood for _, stood in times), 1),
    }
