"""The hosted pages as a WSGI application: the address of a page is the right to use it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from core.clock import Clock, SystemClock
from core.gateways.simulator import html, portal, sessions
from core.gateways.simulator.control import opened
from core.gateways.simulator.settling import settle
from core.gateways.simulator.shapes import CHECKOUT_SESSION
from core.gateways.simulator.store import Store
from core.gateways.simulator.wire import Declined, Fields, Problem

MOST_BYTES = 4_096
_ADDRESS = re.compile(rf"({sessions.PATH}|{portal.PATH})([A-Za-z0-9_]{{1,255}})")
_LINES = {
    200: "200 OK",
    303: "303 See Other",
    400: "400 Bad Request",
    402: "402 Payment Required",
    403: "403 Forbidden",
    404: "404 Not Found",
    405: "405 Method Not Allowed",
    500: "500 Internal Server Error",
}
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(frozen=True)
class Shown:
    """A page, or the address to go to; `leads_to` are addresses that its buttons may lead to."""

    status: int
    html: str = ""
    location: str | None = None
    leads_to: tuple[str | None, ...] = ()


class Pages:
    """Serves `/c/pay/…` and `/p/portal/…` without an API key."""

    def __init__(self, engine: Engine, clock: Clock | None = None) -> None:
        self._engine, self._clock = engine, clock or SystemClock()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """One request (PEP 3333)."""
        try:
            shown = self._answer(environ)
        except SQLAlchemyError:
            shown = _said(500, "Not available", "This page cannot be shown now.")
        raw = shown.html.encode()
        start_response(_LINES[shown.status], _headers(shown, len(raw)))
        return [raw]

    def _answer(self, environ: Mapping[str, Any]) -> Shown:
        match = _ADDRESS.fullmatch(str(environ.get("PATH_INFO", "")))
        method = environ["REQUEST_METHOD"]
        if match is None:
            return _said(404, "Not found", "There is no such page.")
        if method not in ("GET", "POST"):
            return _said(405, "Not possible", "A page is looked at or sent.")
        here = f"{environ.get('SCRIPT_NAME', '')}{match[0]}"
        asked: dict[str, str] = {}
        if method == "POST":
            if not _from_here(environ):
                return _said(403, "Not sent", "This was sent from another site.")
            try:
                asked = _form(environ)
            except ValueError:
                return _said(400, "Not readable", "What was sent cannot be read.")
        with self._engine.begin() as connection:
            settle(opened(connection, self._clock))
        with self._engine.begin() as connection:
            store = opened(connection, self._clock)
            handle = _checkout if match[1] == sessions.PATH else _portal
            try:
                return handle(store, match[2], here, asked)
            except Problem as problem:
                return _said(problem.status, "Not found", "This page is no longer there.")


def pages_app(engine: Engine, clock: Clock | None = None) -> Pages:
    """The pages alone, to be mounted where `control.pages_at` says that they are."""
    return Pages(engine, clock)


def is_page(environ: Mapping[str, Any]) -> bool:
    """Whether a request is for a hosted page and not for the API."""
    return str(environ.get("PATH_INFO", "")).startswith((sessions.PATH, portal.PATH))


def _checkout(store: Store, number: str, here: str, asked: dict[str, str]) -> Shown:
    session = store.find(CHECKOUT_SESSION, number)
    action = asked.get("action")
    if session["status"] == "expired":
        return _said(200, "Too late", "This page has expired. Nothing was paid.")
    if action == "back" and session["status"] == "open":
        return _go(session["cancel_url"] or here)
    if action == "pay" and asked.get("card") in html.tokens(keep=session["mode"] == "setup"):
        _tried(store, lambda: sessions.pay(store, number, asked["card"]))
    elif action in ("approve", "refuse"):
        passed = action == "approve"
        _tried(store, lambda: sessions.authenticate(store, number, passed=passed))
    session = store.find(CHECKOUT_SESSION, number)
    if session["status"] == "complete":
        return _done(session)
    if action:
        return _go(here)
    intent = sessions.intent_of(store, session)
    leads_to = (session["success_url"], session["cancel_url"])
    if intent and intent["status"] == "requires_action":
        return Shown(200, html.challenge(session), leads_to=leads_to)
    page = html.checkout(session, sessions.lines_of(store, number), _last_problem(intent))
    return Shown(200, page, leads_to=leads_to)


def _portal(store: Store, number: str, here: str, asked: dict[str, str]) -> Shown:
    session = portal.find(store, number)
    action, card = asked.get("action"), asked.get("card", "")
    problem = None
    if action == "back":
        return _go(session["return_url"] or here)
    if action == "add" and card in html.tokens(keep=True):
        problem = _tried(store, lambda: portal.add(store, session, card))
    elif action == "usual":
        problem = _tried(store, lambda: portal.choose(store, session, card))
    elif action == "remove":
        problem = _tried(store, lambda: portal.remove(store, session, card))
    if action and problem is None:
        return _go(here)
    cards, usual = portal.cards(store, session)
    page = html.portal(cards, usual, problem)
    return Shown(402 if problem else 200, page, leads_to=(session["return_url"],))


def _tried(store: Store, act: Callable[[], object]) -> str | None:
    """What a refusal says; a decline leaves its traces, anything else leaves none."""
    point = store.connection.begin_nested()
    try:
        act()
    except Problem as problem:
        if problem.keeps:
            point.commit()
        else:
            point.rollback()
        return str(problem) if isinstance(problem, Declined) else "This is not possible now."
    point.commit()
    return None


def _last_problem(intent: Fields | None) -> str | None:
    if intent is None:
        return None
    problem = intent.get("last_payment_error") or intent.get("last_setup_error")
    return problem and str(problem["message"])


def _done(session: Fields) -> Shown:
    url = session["success_url"]
    if url is None:
        return _said(200, "Done", "Thank you; this page can be closed.")
    return _go(url.replace("{CHECKOUT_SESSION_ID}", session["id"]))


def _go(location: str) -> Shown:
    return Shown(303, location=location)


def _said(status: int, title: str, words: str) -> Shown:
    return Shown(status if status in _LINES else 400, html.message(title, words))


def _from_here(environ: Mapping[str, Any]) -> bool:
    """Whether a form comes from the page itself, by what browsers say of it."""
    site = environ.get("HTTP_SEC_FETCH_SITE")
    if site is not None:
        return site in ("same-origin", "none")
    origin = environ.get("HTTP_ORIGIN")
    return origin is None or urlsplit(origin).netloc == environ.get("HTTP_HOST")


def _form(environ: Mapping[str, Any]) -> dict[str, str]:
    """The fields of a small form. Raises ValueError."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    if not 0 <= length <= MOST_BYTES:
        raise ValueError("too large")
    raw: bytes = environ["wsgi.input"].read(length)
    found = dict(parse_qsl(raw.decode("ascii"), max_num_fields=10, errors="strict"))
    if any("\0" in word for word in found.values()):
        raise ValueError("no text")
    return found


def _headers(shown: Shown, length: int) -> list[tuple[str, str]]:
    targets = " ".join(["'self'", *sorted({_origin(url) for url in shown.leads_to if url})])
    policy = (
        f"default-src 'none'; style-src 'sha256-{html.STYLE_HASH}'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action {targets}"
    )
    return [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(length)),
        ("Cache-Control", "no-store"),
        ("Content-Security-Policy", policy),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        *([("Location", shown.location)] if shown.location else []),
    ]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
