"""Who calls the API: a program with its key, or a person with the session of the pages (ACC.5)."""

from typing import Annotated

from fastapi import Depends, Header, Request
from fastapi.security import APIKeyCookie, HTTPBearer

from api.requests import client_ip, same_origin, session_token
from core.access import sessions
from core.access.authority import Actor
from core.access.keys import key_actor
from core.errors import NotAllowed, SignInNeeded
from core.office import office
from core.settings import COOKIE
from core.work import Office

SAFE = ("GET", "HEAD", "OPTIONS")
NO_FORM = "x-saldo-request"
"""A header no form of another site can send."""
SCHEMES = (
    HTTPBearer(auto_error=False, scheme_name="API key", description="`sk_saldo_…`"),
    APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="Session"),
)

TheOffice = Annotated[Office, Depends(office)]


def caller(
    request: Request,
    at: TheOffice,
    _key: Annotated[object, Depends(SCHEMES[0])] = None,
    _session: Annotated[object, Depends(SCHEMES[1])] = None,
) -> Actor:
    """The actor of a request. Raises SignInNeeded, and NotAllowed for a forged one."""
    given = request.headers.get("authorization")
    if given is not None:
        scheme, _, token = given.partition(" ")
        if scheme.lower() != "bearer":
            raise SignInNeeded("An API key is sent as Authorization: Bearer sk_saldo_…")
        return key_actor(at, token.strip(), client_ip(request))
    if request.method not in SAFE and not _is_own(request):
        raise NotAllowed(
            "With a session, a write is sent from this site as application/json, "
            "or with the header X-Saldo-Request: 1"
        )
    seen = sessions.viewer(at, session_token(request.scope))
    if seen is None:
        raise SignInNeeded("Send an API key, or sign in first")
    return seen.actor(client_ip(request))


def _is_own(request: Request) -> bool:
    """True when no form of another site could have sent this."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return same_origin(request) and (kind == "application/json" or NO_FORM in request.headers)


Caller = Annotated[Actor, Depends(caller)]
Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=8,
        max_length=200,
        pattern=r"^[\x21-\x7e]+$",
        description="The same key and request again return the first answer and write nothing.",
    ),
]
