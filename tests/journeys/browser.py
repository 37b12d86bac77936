"""A browser that notices everything that goes wrong: errors, failed requests, foreign hosts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    sync_playwright,
)

from bench._chromium import CHROMIUM, FLAGS

PATIENCE_MS = 30_000
TALLEST_PX = 9_000
SETTLED = """() => {
  const app = document.querySelector('[data-testid="stApp"]');
  return app && app.getAttribute('data-test-script-state') === 'notRunning'
    && !document.querySelector('[data-testid="stSkeleton"], [data-testid="stSpinner"]')
    && document.fonts.status === 'loaded';
}"""
STILL = """quiet_ms => new Promise(done => {
  const started = performance.now();
  let moved = started;
  const watch = new MutationObserver(() => { moved = performance.now(); });
  watch.observe(document.body, {subtree: true, childList: true, attributes: true});
  const look = () => {
    const now = performance.now();
    if (document.querySelector('[data-testid="stApp"], #root') && !(SETTLED)()) moved = now;
    if (now - moved < quiet_ms && now - started < 15000) return setTimeout(look, 20);
    watch.disconnect();
    done();
  };
  look();
})""".replace("SETTLED", SETTLED)
GO = """path => {
  history.pushState({}, '', path);
  dispatchEvent(new PopStateEvent('popstate'));
}"""
CONTENT_HEIGHT = """() => {
  const main = document.querySelector('[data-testid="stMain"]');
  return main ? main.scrollHeight : document.documentElement.scrollHeight;
}"""
ERROR_BOXES = '[data-testid="stException"], .state.failed, [data-testid="stAlertContentError"]'
WIDER_THAN_SCREEN = """() => {
  const main = document.querySelector('[data-testid="stMain"]') || document.documentElement;
  return main.scrollWidth - main.clientWidth;
}"""


@dataclass
class Watched:
    """A page and the faults seen on it so far."""

    page: Page
    base_url: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        """Load an address and wait until the script has run and everything is drawn."""
        self.page.goto(self.base_url + path, wait_until="load")
        self.settle()

    def settle(self) -> None:
        """Wait until Streamlit has finished its run and nothing is left to draw."""
        if self.page.locator('[data-testid="stApp"], #root').count():
            self.page.wait_for_function(SETTLED, timeout=PATIENCE_MS)
            self.page.wait_for_timeout(700)
            self.page.wait_for_function(SETTLED, timeout=PATIENCE_MS)

    def go(self, path: str) -> None:
        """Move to another page inside the app, which takes half the time of loading it."""
        self.page.evaluate(GO, path)
        self.still(120)

    def still(self, quiet_ms: int) -> None:
        """Wait until the script has run and nothing on the page has moved for a while."""
        self.page.evaluate(STILL, quiet_ms)

    def sign_in(self, email: str, password: str, path: str = "/") -> None:
        """Ask for a page, meet the sign-in form, and arrive."""
        self.page.goto(self.base_url + path)
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        self.page.wait_for_url(lambda url: "/login" not in url, timeout=PATIENCE_MS)
        self.settle()

    def shoot(self, file: Path, width: int) -> None:
        """A picture of the whole page, however long it is."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.settle()
        tall = min(max(int(self.page.evaluate(CONTENT_HEIGHT)), 900), TALLEST_PX)
        self.page.set_viewport_size({"width": width, "height": tall})
        self.settle()
        self.page.screenshot(path=file)

    def check(self, where: str) -> None:
        """Add what is visibly wrong on the page: a traceback, an error box, clipped width."""
        for box in self.page.locator(ERROR_BOXES).all():
            self.faults.append(f"{where}: error box {box.inner_text()[:200]!r}")
        if "Traceback (most recent call last)" in self.page.inner_text("body"):
            self.faults.append(f"{where}: a traceback is shown")
        if (excess := int(self.page.evaluate(WIDER_THAN_SCREEN))) > 1:
            self.faults.append(f"{where}: {excess} px wider than the screen")

    def listen(self) -> None:
        """Write down console errors, page errors, failed and foreign requests."""
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("request", self._foreign)
        self.page.on("response", self._refused)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.faults.append(f"console: {message.text[:300]}")

    def _failed(self, request: Request) -> None:
        # A request the browser itself dropped because the page moved on is no fault.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"request failed: {request.url} {request.failure}")

    def _foreign(self, request: Request) -> None:
        url = urlsplit(request.url)
        home = urlsplit(self.base_url).netloc
        if url.scheme in ("http", "https", "ws", "wss") and url.netloc != home:
            self.faults.append(f"request to another host: {request.url}")

    def _refused(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"{response.status} for {response.url}")


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed Chromium, headless."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()


def a_profile(
    browser: Browser,
    scheme: Literal["light", "dark"] = "light",
    width: int = 1440,
    locale: str = "en-GB",
) -> BrowserContext:
    """A fresh profile with its own cookies, of somebody who reads a language."""
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, locale=locale
    )
    context.set_default_timeout(PATIENCE_MS)
    return context


def a_tab(profile: BrowserContext, base_url: str) -> Watched:
    """A new tab on which every fault is written down."""
    seen = Watched(profile.new_page(), base_url.rstrip("/"))
    seen.listen()
    return seen


def watched(
    browser: Browser,
    base_url: str,
    scheme: Literal["light", "dark"] = "light",
    width: int = 1440,
) -> Watched:
    """A tab in a fresh profile with its own cookies, on which every fault is written down."""
    return a_tab(a_profile(browser, scheme, width), base_url)
