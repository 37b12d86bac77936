"""What every HTTP door reads from a request: the session token, the address, the origin."""

import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection, Request
from starlette.types import Scope

from core.settings import settings


def session_token(scope: Scope) -> str | None:
    """The opaque session token of a request or websocket; None without one."""
    try:
        cookies = SimpleCookie(Headers(scope=scope).get("cookie", ""))
    except CookieError:
        return None
    name = settings().session_cookie
    return cookies[name].value or None if name in cookies else None


def client_ip(request: Request) -> str | None:
    """The caller's address, None when the server did not learn one."""
    host = request.client.host if request.client else ""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return None


def same_origin(request: HTTPConnection) -> bool:
    """True when no other site sent this request or opened this websocket.

    A browser names the site in `Origin` or `Sec-Fetch-Site`; a request with neither comes from a
    program, which carries no cookies of a person.
    """
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host", "")
    return request.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def is_held(tag: str, given: str | None) -> bool:
    """True when `If-None-Match` names the quoted tag, so that the caller has what it stands for."""
    named = {part.strip().removeprefix("W/") for part in (given or "").split(",")}
    return bool({tag, "*"} & named)


def local_path(target: str | None) -> str:
    """A path on this host to continue to; anything that could lead elsewhere becomes the start."""
    text = target or "/"
    printable = text.isprintable() and "\\" not in text
    return text if printable and text.startswith("/") and not text.startswith("//") else "/"
