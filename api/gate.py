"""The gate: a live session, or the sign-in page; in front of pages and websocket alike."""

from collections.abc import Iterable
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.requests import same_origin, session_token
from api.unavailable import unavailable
from core.access import sessions
from core.errors import DatabaseUnavailable, SaldoError, SchemaBehind
from core.office import office

API = (
    "/openapi.json",
    "/sys/",
    "/admin/billing/",
    "/admin/jobs",
    "/admin/jobs/",
    "/billing/",
    "/dunning/",
    "/subscriptions/",
    "/invoices/",
    "/credit-notes/",
    "/my-billing/",
    "/v1/",
)
"""Paths of the HTTP API, which asks for a key or a session itself and answers in JSON."""
PRICES = "/pricing"
WRITES = ("/payments",)
"""Addresses that are a page to read and the API to post to."""
OPEN = (
    "/login",
    "/oidc/start",
    "/oidc/confirm",
    "/oidc/callback",
    PRICES,
    "/health",
    "/healthz",
    "/readyz",
    "/metrics",
    "/brand/",
    "/simulator/",
    "/static/",
    "/_stcore/health",
    "/favicon.png",
    *API,
)
"""Paths that pass without a session; a trailing slash marks a prefix."""
SIGN_IN = ("/login", "/confirm", "/oidc/start", "/oidc/confirm", "/oidc/callback")
SIGNED_OUT = 4401
FOREIGN = 4403


class Gate:
    """Pure ASGI, so that it sees the websocket too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the open paths and live sessions on, refuse the rest."""
        if scope["type"] not in ("http", "websocket") or passes(scope):
            await self.app(scope, receive, send)
            return
        if scope["type"] == "websocket" and not same_origin(HTTPConnection(scope)):
            await send({"type": "websocket.close", "code": FOREIGN})
            return
        try:
            seen = await run_in_threadpool(sessions.viewer, office(), session_token(scope))
        except (DatabaseUnavailable, SchemaBehind) as problem:
            await _unavailable(scope, receive, send, problem)
            return
        if seen is not None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": SIGNED_OUT})
        else:
            await RedirectResponse(f"/login?next={_target(scope)}", 303)(scope, receive, send)


def is_open(path: str) -> bool:
    """True for a path that needs no sign-in."""
    return _is_among(path, OPEN)


def is_api(path: str, method: str) -> bool:
    """True for a request to the HTTP API."""
    return _is_among(path, API) or (method == "POST" and path in WRITES)


def is_door(scope: Scope) -> bool:
    """True for a request to the HTTP API, to sign-in or to the prices that everybody may read."""
    return is_api(scope["path"], scope["method"]) or scope["path"] in (*SIGN_IN, PRICES)


def passes(scope: Scope) -> bool:
    """True for a request to an open path; there is no open websocket."""
    if scope["type"] != "http":
        return False
    return is_open(scope["path"]) or (scope["method"] == "POST" and scope["path"] in WRITES)


def _is_among(path: str, paths: Iterable[str]) -> bool:
    return any(path == known or (known[-1] == "/" and path.startswith(known)) for known in paths)


def _target(scope: Scope) -> str:
    query = scope.get("query_string", b"").decode("latin-1")
    return quote(scope["path"] + (f"?{query}" if query else ""), safe="")


async def _unavailable(scope: Scope, receive: Receive, send: Send, problem: SaldoError) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1013})
        return
    await unavailable(scope, problem)(scope, receive, send)
