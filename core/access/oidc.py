"""OpenID Connect with the company's own provider: what is asked, and what its answer proves.

The authorisation code flow with PKCE, state and nonce; the ID token is checked here in full, since
whatever it says decides who is signed in (ACC.2–3).
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from core.errors import NotFound, SaldoError
from core.settings import Settings
from core.settings_parts import is_safe_address

ALGORITHMS = ("RS256", "ES256", "PS256")
"""All of them hash with SHA-256, as the check of `at_hash` takes for granted."""
SKEW_SECONDS = 30
"""How far the provider's clock may be from ours."""
WITHIN_SECONDS = (5, 10)
"""How long the provider may take to connect, and to answer."""
KNOWN_SECONDS = 3_600
MOST_BYTES = 1 << 20
MOST_GROUPS = 1_000
LONGEST_EMAIL = 320
LONGEST_SUBJECT = 255
LONGEST_WORDS = 200
CALLBACK = "/oidc/callback"
_ODD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the library raises for an answer of another shape than it expects."""
Fields = dict[str, Any]


class ProviderUnavailable(SaldoError):
    """The sign-in provider does not answer; try again in a moment."""

    code = "provider_unavailable"


class AnswerRefused(SaldoError):
    """The sign-in provider's answer cannot be trusted, so nobody was signed in."""

    code = "answer_refused"


@dataclass(frozen=True)
class Provider:
    """A provider as its discovery document describes it; `userinfo` is None when it has none."""

    issuer: str
    authorization: str
    token: str
    keys: str
    userinfo: str | None
    secret_in_body: bool


@dataclass(frozen=True)
class Challenge:
    """What ties one visit to the provider together; each part is used once."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True)
class Identity:
    """Who the provider says that signed in.

    `email` is None unless the provider has verified it; `signed_in_at` (UTC) when it did not say.
    """

    issuer: str
    subject: str
    email: str | None
    name: str
    groups: frozenset[str]
    signed_in_at: datetime | None


def provider(settings: Settings, now: datetime) -> Provider:
    """The provider of the settings, asked at most once an hour.

    Raises NotFound when there is none, ProviderUnavailable, AnswerRefused.
    """
    if not settings.oidc_issuer:
        raise NotFound("There is no sign-in provider here; sign in with your password")
    return _discovered(settings.oidc_issuer, _hour(now))


def challenge() -> Challenge:
    """Fresh secrets for a visit."""
    return Challenge(
        secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48)
    )


def address(found: Provider, settings: Settings, made: Challenge, *, again: bool) -> str:
    """Where the browser is sent; `again` asks the provider to let the person sign in anew."""
    wish: Fields = {"prompt": "login", "max_age": 0} if again else {}
    client = _client(found, settings)
    url, _ = client.create_authorization_url(
        found.authorization,
        state=made.state,
        nonce=made.nonce,
        code_verifier=made.verifier,
        **wish,
    )
    return str(url)


def identity(
    found: Provider, settings: Settings, code: str, nonce: str, verifier: str, now: datetime
) -> Identity:
    """Exchange the code and check what comes back; raises ProviderUnavailable, AnswerRefused."""
    client = _client(found, settings)
    answer = _token(client, found, code, verifier)
    told = _checked(found, settings, answer, nonce, now)
    lacks = "email" not in told or (settings.oidc_groups and settings.oidc_groups_claim not in told)
    if lacks and found.userinfo:
        told = {**_userinfo(client, found.userinfo, told["sub"]), **told}
    return Identity(
        issuer=found.issuer,
        subject=told["sub"],
        email=_email(told),
        name=str(told.get("name") or ""),
        groups=_groups(told.get(settings.oidc_groups_claim)),
        signed_in_at=_instant(told.get("auth_time")),
    )


def _client(found: Provider, settings: Settings) -> Any:
    secret = settings.oidc_client_secret
    return OAuth2Session(
        settings.oidc_client_id,
        secret.get_secret_value() if secret else None,
        token_endpoint_auth_method=_method(found, has_secret=bool(secret)),
        scope=settings.oidc_scope,
        redirect_uri=settings.public_url.rstrip("/") + CALLBACK,
        code_challenge_method="S256",
        default_timeout=WITHIN_SECONDS,
    )


def _method(found: Provider, *, has_secret: bool) -> str:
    if not has_secret:
        return "none"
    return "client_secret_post" if found.secret_in_body else "client_secret_basic"


@lru_cache(maxsize=4)
def _discovered(issuer: str, hour: int) -> Provider:
    known = _object_at(issuer.rstrip("/") + "/.well-known/openid-configuration")
    if known.get("issuer") != issuer:
        raise AnswerRefused("The sign-in provider names another issuer than SALDO_OIDC_ISSUER")
    methods = known.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not isinstance(methods, list):
        raise AnswerRefused("The sign-in provider's ways of authentication are no list")
    has_userinfo = known.get("userinfo_endpoint") is not None
    return Provider(
        issuer,
        _endpoint(known, "authorization_endpoint"),
        _endpoint(known, "token_endpoint"),
        _endpoint(known, "jwks_uri"),
        _endpoint(known, "userinfo_endpoint") if has_userinfo else None,
        "client_secret_basic" not in methods,
    )


def _endpoint(known: Fields, name: str) -> str:
    value = known.get(name)
    if not isinstance(value, str) or not is_safe_address(value):
        raise AnswerRefused(f"The sign-in provider's {name} is not an https address")
    return value


@lru_cache(maxsize=4)
def _keys(where: str, hour: int) -> KeySet:
    try:
        return KeySet.import_key_set(_object_at(where))  # type: ignore[arg-type]
    except (JoseError, LookupError, TypeError, ValueError) as problem:
        raise AnswerRefused("The sign-in provider's keys cannot be read") from problem


def _hour(now: datetime) -> int:
    return int(now.timestamp()) // KNOWN_SECONDS


def _token(client: Any, found: Provider, code: str, verifier: str) -> Fields:
    try:
        with _speaking():
            answer = client.fetch_token(
                found.token,
                grant_type="authorization_code",
                code=code,
                code_verifier=verifier,
                allow_redirects=False,
            )
        return dict(answer)
    except (AuthlibBaseError, *_ODD) as problem:
        raise AnswerRefused("The sign-in provider did not take its code back") from problem


def _checked(
    found: Provider, settings: Settings, answer: Fields, nonce: str, now: datetime
) -> Fields:
    """The claims of the ID token once signature, time and addressee are right."""
    token = answer.get("id_token")
    if not isinstance(token, str) or len(token) > MOST_BYTES:
        raise AnswerRefused("The sign-in provider sent no ID token")
    client_id = settings.oidc_client_id
    rules = jwt.JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=SKEW_SECONDS,
        iss={"essential": True, "value": found.issuer},
        aud={"essential": True, "value": client_id},
        sub={"essential": True},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = _signed(found, token, now)
        rules.validate(claims)
    except (JoseError, TypeError, ValueError) as problem:
        words = str(problem)[:LONGEST_WORDS]
        raise AnswerRefused(f"The sign-in provider's ID token was refused ({words})") from problem
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if (several or "azp" in claims) and claims.get("azp") != client_id:
        raise AnswerRefused("The sign-in provider's ID token was made for another program")
    if not isinstance(claims["sub"], str) or not claims["sub"].isprintable():
        raise AnswerRefused("The sign-in provider's name of the account is no text")
    if len(claims["sub"]) > LONGEST_SUBJECT:
        raise AnswerRefused("The sign-in provider's name of the account is too long")
    if "at_hash" in claims and claims["at_hash"] != _half_hash(str(answer.get("access_token"))):
        raise AnswerRefused("The sign-in provider's ID token does not belong to its access token")
    return claims


def _signed(found: Provider, token: str, now: datetime) -> Fields:
    """What a token says whose signature is the provider's; a new key is looked for once."""
    try:
        return jwt.decode(token, _keys(found.keys, _hour(now)), algorithms=ALGORITHMS).claims
    except InvalidKeyIdError:
        _keys.cache_clear()
        return jwt.decode(token, _keys(found.keys, _hour(now)), algorithms=ALGORITHMS).claims


def _half_hash(token: str) -> str:
    half = hashlib.sha256(token.encode("utf-8", "replace")).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


def _userinfo(client: Any, where: str, subject: str) -> Fields:
    """What the provider tells beside the ID token, where many keep e-mail and groups."""
    try:
        with _speaking(), client.get(where, stream=True, allow_redirects=False) as answer:
            told = _object(answer)
    except AuthlibBaseError as problem:
        raise AnswerRefused("The sign-in provider gave no usable access token") from problem
    if told.get("sub") != subject:
        raise AnswerRefused("The sign-in provider tells of somebody else than who signed in")
    return told


def _object_at(where: str) -> Fields:
    with (
        _speaking(),
        requests.get(where, timeout=WITHIN_SECONDS, stream=True, allow_redirects=False) as answer,
    ):
        return _object(answer)


@contextmanager
def _speaking() -> Iterator[None]:
    try:
        yield
    except requests.RequestException as problem:
        raise ProviderUnavailable from problem


def _object(answer: requests.Response) -> Fields:
    """The JSON object of an answer of bearable length."""
    if answer.status_code >= 500:
        raise ProviderUnavailable
    body = b""
    for part in answer.iter_content(65_536):
        body += part
        if len(body) > MOST_BYTES:
            raise AnswerRefused("The sign-in provider's answer is too long")
    try:
        told = json.loads(body)
    except (RecursionError, ValueError):
        told = None
    if answer.status_code != 200 or not isinstance(told, dict):
        raise AnswerRefused(f"The sign-in provider answered oddly (HTTP {answer.status_code})")
    return told


def _email(told: Fields) -> str | None:
    """The verified address in lower case; other letters than ASCII could only look like one."""
    given = told.get("email")
    if told.get("email_verified") is not True or not isinstance(given, str):
        return None
    plain = given.isascii() and given.isprintable() and len(given) <= LONGEST_EMAIL
    return given.strip().lower() if plain and "@" in given else None


def _groups(given: object) -> frozenset[str]:
    listed = [given] if isinstance(given, str) else given
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(group for group in listed[:MOST_GROUPS] if isinstance(group, str))


def _instant(given: object) -> datetime | None:
    if isinstance(given, bool) or not isinstance(given, int):
        return None
    try:
        return datetime.fromtimestamp(given, UTC)
    except (OverflowError, OSError, ValueError):
        return None
