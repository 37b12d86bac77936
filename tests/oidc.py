"""A sign-in provider on this machine whose every answer a test may bend, and visits to it."""

import base64
import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

from core.access import federated
from core.access.federated import Departure
from core.access.sessions import viewer
from core.clock import Clock
from core.settings import Settings
from core.work import Office
from tests.serving import served

CLIENT = "saldo"
RSA = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, auto_kid=False)
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "first", "use": "sig"}, auto_kid=False)
EC = ECKey.generate_key("P-256", {"kid": "curve"}, auto_kid=False)
Key = RSAKey | ECKey | OctKey


def half_hash(token: str) -> str:
    """The `at_hash` of an access token."""
    half = hashlib.sha256(token.encode()).digest()[:16]
    return base64.urlsafe_b64encode(half).rstrip(b"=").decode()


@dataclass
class FakeProvider:
    """What the provider says; a claim set to None is left out of the ID token."""

    clock: Clock
    issuer: str = ""
    published: list[Key] = field(default_factory=lambda: [RSA])
    signer: Key = field(default_factory=lambda: RSA)
    algorithm: str = "RS256"
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    document: dict[str, Any] = field(default_factory=dict)
    token: dict[str, Any] = field(default_factory=dict)
    unsigned: bool = False
    down: bool = False
    nonce: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and form of each request that came."""

    def settings(self, base: Settings, **more: Any) -> Settings:
        """Settings with this provider."""
        chosen = {"oidc_issuer": self.issuer, "oidc_client_id": CLIENT, **more}
        return base.model_copy(update=chosen)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Status and body for a request."""
        self.asked.append((path, form))
        if self.down:
            return 503, {}
        if path == "/.well-known/openid-configuration":
            return 200, self._document()
        if path == "/keys":
            keys = [key.as_dict(private=isinstance(key, OctKey)) for key in self.published]
            return 200, {"keys": keys}
        if path == "/userinfo":
            return 200, self.userinfo or {}
        if path == "/token":
            return (400 if "error" in self.token else 200), self._token()
        return 404, {}

    def _document(self) -> dict[str, Any]:
        found = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth?tenant=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
        }
        if self.userinfo is not None:
            found["userinfo_endpoint"] = f"{self.issuer}/userinfo"
        return {**found, **self.document}

    def _token(self) -> dict[str, Any]:
        return {
            "access_token": "an access token",
            "token_type": "Bearer",
            "expires_in": 3600,
            "id_token": self._id_token(),
            **self.token,
        }

    def _id_token(self) -> str:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "person-1",
            "iat": now,
            "exp": now + 300,
            "nonce": self.nonce,
            "email": "ana@example.com",
            "email_verified": True,
            "name": "Ana Holm",
            **self.claims,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        if self.unsigned:
            parts = ({"alg": "none"}, told)
            return ".".join(_base64(json.dumps(part).encode()) for part in parts) + "."
        header = {"alg": self.algorithm, "kid": self.signer.kid}
        return jwt.encode(header, told, self.signer, algorithms=[self.algorithm])


@contextmanager
def fake_provider(clock: Clock) -> Iterator[FakeProvider]:
    """A provider that answers on a port of this machine."""
    fake = FakeProvider(clock)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if given := self.headers.get("authorization"):
                form["authorization"] = given
            self._answer(form)

        def _answer(self, form: dict[str, str]) -> None:
            status, told = fake.answer(self.path, form)
            body = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with served(Answering) as port:
        fake.issuer = f"http://127.0.0.1:{port}"
        yield fake


def visit(office: Office, fake: FakeProvider, token: str | None = None, **said: Any) -> str:
    """There and back: a sign-in or, with a session's token, its step-up; the new token."""
    leaving = leave(office, fake, token)
    fake.claims = {**fake.claims, **said}
    came_back = federated.take(office, leaving.state, leaving.state)
    return federated.arrive(office, came_back, {"code": "a code"}, token, "192.0.2.7")


def leave(office: Office, fake: FakeProvider, token: str | None = None) -> Departure:
    """The way there; the provider learns the nonce."""
    leaving = federated.depart(office, "/ageing", viewer(office, token))
    fake.nonce = asked_for(leaving.url)["nonce"]
    return leaving


def asked_for(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def seconds(clock: Clock, away: float = 0) -> int:
    """A moment as a claim writes it."""
    return int((clock.now() + timedelta(seconds=away)).timestamp())


def _base64(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
