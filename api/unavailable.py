"""What is answered while the database is gone: a page to a browser, a refusal to a program."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from api.errors import RETRY, refused, status_of
from api.requests import local_path
from core.errors import DatabaseUnavailable, SaldoError

PAGE = Template(Path(__file__).with_name("unavailable.html").read_text(encoding="utf-8"))
AGAIN_SECONDS = 15
"""After so long the page asks again by itself."""


def unavailable(scope: Scope, problem: SaldoError) -> Response:
    """A 503: the way back for people, `{"error", "code"}` for programs."""
    status = status_of(problem)
    headers = Headers(scope=scope)
    if "text/html" not in headers.get("accept", ""):
        return refused(status, str(problem), problem.code)
    gone = isinstance(problem, DatabaseUnavailable)
    title = "The database does not answer" if gone else "The database is being brought up to date"
    html = PAGE.substitute(title=title, target=escape(_back(scope)), seconds=AGAIN_SECONDS)
    return HTMLResponse(html, status, {**RETRY, "cache-control": "no-store"})


def _back(scope: Scope) -> str:
    """The address that was asked for; the start where it was not only read."""
    if scope["method"] not in ("GET", "HEAD"):
        return "/"
    query = scope.get("query_string", b"").decode("latin-1")
    return local_path(quote(scope["path"]) + (f"?{query}" if query else ""))
