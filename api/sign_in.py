"""Sign-in, step-up and sign-out as plain HTML forms that work without JavaScript (ACC.2–3)."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from api.requests import client_ip, local_path, same_origin, session_token
from core.access import federated, sessions
from core.access.federated import Ways
from core.access.sessions import Viewer
from core.errors import BadSignIn, DatabaseUnavailable, SaldoError, SignInNeeded
from core.office import office
from core.settings import settings

PAGE = Template(Path(__file__).with_name("sign_in.html").read_text(encoding="utf-8"))
MOST_BYTES = 8_192
"""A sign-in form is small; a larger body is refused unread."""
EMAIL = """<label for="email">E-mail</label>
      <input id="email" name="email" type="email" autocomplete="username" maxlength="320"
        value="{email}" required autofocus>"""
PASSWORD = Template("""<form method="post" action="$action">
      <input type="hidden" name="next" value="$next">
      $who
      <label for="password">Password</label>
      <input id="password" name="password" type="password" autocomplete="current-password"
        maxlength="200" required $autofocus_here>
      <label for="code">One-time code <span>only if your account uses one</span></label>
      <input id="code" name="code" inputmode="numeric" autocomplete="one-time-code"
        maxlength="10" pattern="[0-9 ]*">
      <button type="submit">$verb</button>
    </form>""")
PROVIDER = '<p class="provider"><a href="{path}?next={target}">{verb} with {title}</a></p>'
PRICES = '<p class="after"><a href="/pricing">Plans and prices</a></p>'
WHO = '<p class="who"><b>{name}</b><span>{email}</span></p>'


async def login(request: Request) -> Response:
    """The sign-in page, and the sign-in itself."""
    if request.method != "POST":
        ended = request.query_params.get("ended") == "1"
        words = "Your session has ended. Sign in to go on where you were." if ended else ""
        return login_page(request.query_params.get("next"), notice=words)
    if refusal := _refusal(request):
        return refusal
    form = await _fields(request)
    target, email = local_path(form.get("next")), form.get("email", "")
    try:
        token = await run_in_threadpool(
            sessions.sign_in,
            office(),
            email,
            form.get("password", ""),
            form.get("code", ""),
            client_ip(request),
        )
        return await signed_in(request, target, token)
    except DatabaseUnavailable as problem:
        return login_page(target, email, problem, status=503)
    except BadSignIn as problem:
        return login_page(target, email, problem, status=401)


async def signed_in(request: Request, target: str, token: str) -> Response:
    """The way on with a new session; the one this browser had ends."""
    if former := session_token(request.scope):
        await run_in_threadpool(sessions.sign_out, office(), former)
    return with_cookie(RedirectResponse(target, 303), token)


async def confirm(request: Request) -> Response:
    """Step-up: the password once more, for actions that need a fresh sign-in."""
    token = session_token(request.scope)
    seen = await run_in_threadpool(sessions.viewer, office(), token)
    if seen is None or token is None:
        return RedirectResponse(f"/login?next={quote(_wanted(request), safe='')}", 303)
    if request.method != "POST":
        return await confirm_page(seen, request.query_params.get("next"))
    if refusal := _refusal(request):
        return refusal
    form = await _fields(request)
    target = local_path(form.get("next"))
    try:
        fresh = await run_in_threadpool(
            sessions.confirm,
            office(),
            token,
            form.get("password", ""),
            form.get("code", ""),
            client_ip(request),
        )
    except SignInNeeded:
        return RedirectResponse(f"/login?ended=1&next={quote(target, safe='')}", 303)
    except BadSignIn as problem:
        return await confirm_page(seen, target, problem, status=401)
    return with_cookie(RedirectResponse(target, 303), fresh)


async def logout(request: Request) -> Response:
    """End the session here and in every other tab."""
    if refusal := _refusal(request):
        return refusal
    if token := session_token(request.scope):
        await run_in_threadpool(sessions.sign_out, office(), token)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(settings().session_cookie, path="/", secure=settings().cookie_secure)
    return response


def _refusal(request: Request) -> Response | None:
    if not same_origin(request):
        return PlainTextResponse("This form was sent from another site.", 403)
    length = request.headers.get("content-length", "")
    if not (length.isdecimal() and len(length) < 10 and int(length) <= MOST_BYTES):
        return PlainTextResponse("This form is too large.", 413)
    return None


async def _fields(request: Request) -> dict[str, str]:
    form = await request.form(max_files=0, max_fields=8)
    return {name: value for name, value in form.items() if isinstance(value, str)}


def _wanted(request: Request) -> str:
    return local_path(request.query_params.get("next"))


def with_cookie(response: Response, token: str) -> Response:
    """The answer with the session's cookie."""
    response.set_cookie(
        settings().session_cookie,
        token,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings().cookie_secure,
    )
    return response


def login_page(
    target: str | None,
    email: str = "",
    problem: SaldoError | None = None,
    *,
    notice: str = "",
    status: int = 200,
) -> HTMLResponse:
    """The page of sign-in: the password's form and, where there is one, the provider's door."""
    form = _form(target, "/login", "Sign in", EMAIL.format(email=escape(email)))
    return _page(
        problem,
        status,
        title="Sign in",
        lead=escape(notice) or f"to the finance cockpit of {escape(settings().company_name)}",
        form=form,
        provider=_provider(target, "/oidc/start", "Sign in") if settings().oidc_issuer else "",
        after=PRICES if settings().saas_billing else "",
    )


async def confirm_page(
    seen: Viewer, target: str | None, problem: SaldoError | None = None, *, status: int = 200
) -> HTMLResponse:
    """The page of step-up, with the ways in which this person can prove who they are."""
    ways = await run_in_threadpool(federated.ways, office(), seen.user_id)
    back = escape(local_path(target))
    who = WHO.format(name=escape(seen.name), email=escape(seen.email))
    by_password = ways.password or not ways.provider
    form = _form(target, "/confirm", "Confirm", who, "autofocus") if by_password else who
    return _page(
        problem,
        status,
        title="Confirm it is you",
        lead=f"{_needed(ways)} It then holds for {settings().fresh_minutes} minutes.",
        form=form,
        provider=_provider(target, "/oidc/confirm", "Confirm") if ways.provider else "",
        after=f'<p class="after"><a href="{back}">Go back without it</a></p>',
    )


def _needed(ways: Ways) -> str:
    if not ways.provider:
        return "This step needs your password again."
    return "This step needs you to prove again who you are."


def _form(target: str | None, action: str, verb: str, who: str, autofocus_here: str = "") -> str:
    return PASSWORD.substitute(
        action=action,
        next=escape(local_path(target)),
        who=who,
        verb=verb,
        autofocus_here=autofocus_here,
    )


def _provider(target: str | None, path: str, verb: str) -> str:
    onwards = quote(local_path(target), safe="")
    title = escape(settings().oidc_title)
    return PROVIDER.format(path=path, target=onwards, verb=verb, title=title)


def _page(problem: SaldoError | None, status: int, **parts: str) -> HTMLResponse:
    told = f'<p class="problem" role="alert">{escape(str(problem))}</p>' if problem else ""
    html = PAGE.substitute(parts, problem=told)
    return HTMLResponse(html, status, {"cache-control": "no-store"})
