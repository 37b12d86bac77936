"""Sign-in and step-up at the company's own provider: there, and back again (ACC.2–3)."""

from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from api.requests import client_ip, local_path, same_origin, session_token
from api.sign_in import confirm_page, login_page, signed_in, with_cookie
from core.access import federated, sessions
from core.access.federated import VISIT_MINUTES, Visit
from core.access.oidc import CALLBACK, AnswerRefused, ProviderUnavailable
from core.errors import DatabaseUnavailable, NotFound, NotNow, SaldoError, SignInNeeded
from core.office import office
from core.settings import settings

STATE_COOKIE = "saldo_oidc"
COOKIE_PATH = CALLBACK
MOST_CHARACTERS = 4_096
"""A parameter of the callback that is longer counts as missing."""
STATUS: dict[type[SaldoError], int] = {
    DatabaseUnavailable: 503,
    ProviderUnavailable: 503,
    AnswerRefused: 502,
    NotFound: 404,
    NotNow: 409,
}
"""Status of a refusal; what is not listed is a 401."""


async def start(request: Request) -> Response:
    """Send the browser to the provider to sign in."""
    target = local_path(request.query_params.get("next"))
    try:
        leaving = await run_in_threadpool(federated.depart, office(), target)
    except SaldoError as problem:
        return login_page(target, problem=problem, status=_status(problem))
    return _departing(leaving)


async def confirm_there(request: Request) -> Response:
    """Send the browser to the provider to sign in once more, for the running session."""
    if not same_origin(request):
        return PlainTextResponse("This step was asked for by another site.", 403)
    target = local_path(request.query_params.get("next"))
    token = session_token(request.scope)
    try:
        seen = await run_in_threadpool(sessions.viewer, office(), token)
        if seen is None:
            return _ended(target)
        leaving = await run_in_threadpool(federated.depart, office(), target, seen)
    except SaldoError as problem:
        return await _refused(target, token, problem)
    return _departing(leaving)


async def callback(request: Request) -> Response:
    """Take the provider's answer: a session and the way on, or the reason why not."""
    given = {
        name: value for name, value in request.query_params.items() if len(value) <= MOST_CHARACTERS
    }
    kept = request.cookies.get(STATE_COOKIE, "")
    try:
        visit = await run_in_threadpool(federated.take, office(), given.get("state", ""), kept)
    except SaldoError as problem:
        return login_page(None, problem=problem, status=_status(problem))
    response = await _arrived(request, visit, given)
    response.delete_cookie(STATE_COOKIE, path=COOKIE_PATH)
    return response


async def _arrived(request: Request, visit: Visit, given: dict[str, str]) -> Response:
    token = session_token(request.scope)
    try:
        opened = await run_in_threadpool(
            federated.arrive, office(), visit, given, token, client_ip(request)
        )
    except SignInNeeded:
        return _ended(visit.target)
    except SaldoError as problem:
        return await _refused(visit.target, token if visit.confirms else None, problem)
    if visit.confirms:
        return with_cookie(RedirectResponse(visit.target, 303), opened)
    return await signed_in(request, visit.target, opened)


async def _refused(target: str, token: str | None, problem: SaldoError) -> Response:
    """The reason on the page of the step-up of a session, else on the page of sign-in."""
    status = _status(problem)
    if token is None or isinstance(problem, DatabaseUnavailable):
        return login_page(target, problem=problem, status=status)
    seen = await run_in_threadpool(sessions.viewer, office(), token)
    if seen is None:
        return _ended(target)
    return await confirm_page(seen, target, problem, status=status)


def _departing(leaving: federated.Departure) -> Response:
    response = RedirectResponse(leaving.url, 303, {"cache-control": "no-store"})
    response.set_cookie(
        STATE_COOKIE,
        leaving.state,
        max_age=VISIT_MINUTES * 60,
        path=COOKIE_PATH,
        httponly=True,
        samesite="lax",
        secure=settings().cookie_secure,
    )
    return response


def _ended(target: str) -> Response:
    return RedirectResponse(f"/login?ended=1&next={quote(target, safe='')}", 303)


def _status(problem: SaldoError) -> int:
    return next((STATUS[kind] for kind in type(problem).__mro__ if kind in STATUS), 401)
