"""`CheckSubscriptionStatus`: a lapsed tenant can read and not write, in any ASGI application."""

import json
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

import httpx

from saldo_client.decisions import Decision, Decisions

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

READS = ("GET", "HEAD", "OPTIONS")
EXCLUDED = (
    "/login",
    "/logout",
    "/sign-in",
    "/sign-out",
    "/billing",
    "/my-billing",
    "/recharge",
    "/webhook",
    "/webhooks",
)
"""Paths that stay open whatever the subscription says, each with everything below it."""
REFUSED = "Your subscription allows reading only. Renew it to make changes."
UNKNOWN = "What your subscription allows is not known right now. Try again in a moment."


class CheckSubscriptionStatus:
    """Pure ASGI. Reads pass, writes pass while Saldo says so; websockets and lifespan pass.

    `access_url` is Saldo's address with `{tenant_id}` in it; `tenant_of` tells the tenant of a
    request, None for one without, which passes; `is_super_admin` marks requests that always pass.
    Saldo is asked again after `ttl_seconds`. When it does not answer, its last answer holds; a
    tenant without one may write if `fail_open`, and gets a 503 for a write if not.
    """

    def __init__(
        self,
        app: App,
        *,
        access_url: str,
        api_key: str,
        tenant_of: Callable[[Scope], int | str | None],
        is_super_admin: Callable[[Scope], bool] = lambda _scope: False,
        excluded: Sequence[str] = EXCLUDED,
        ttl_seconds: float = 30.0,
        timeout_seconds: float = 2.0,
        fail_open: bool = True,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        if "{tenant_id}" not in access_url:
            raise ValueError("access_url names the tenant as {tenant_id}")
        self.app, self.tenant_of, self.is_super_admin = app, tenant_of, is_super_admin
        self.excluded = tuple(prefix.rstrip("/") for prefix in excluded)
        self.fail_open = fail_open
        self.own_client = client is None
        self.client = client or httpx.AsyncClient(timeout=timeout_seconds)
        self.decisions = Decisions(access_url, api_key, ttl_seconds, self.client)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it with a refusal."""
        if scope["type"] == "lifespan":
            await self._live(scope, receive, send)
            return
        tenant_id = self._asked_about(scope)
        if tenant_id is None:
            await self.app(scope, receive, send)
            return
        decision = await self.decisions.of(tenant_id)
        is_read = scope["method"] in READS
        if decision is None:
            if is_read or self.fail_open:
                await self.app(scope, receive, send)
            else:
                await _refuse(send, 503, {"error": UNKNOWN, "code": "subscription_unknown"})
        elif decision.reads if is_read else decision.writes:
            await self.app(scope, receive, _with_headers(send, decision))
        else:
            words = decision.warning or REFUSED
            body = {"error": words, "code": "subscription_inactive", "status": decision.status}
            await _refuse(_with_headers(send, decision), 403, body)

    def _asked_about(self, scope: Scope) -> int | str | None:
        """The tenant Saldo is asked about; None for a request that passes unasked."""
        if scope["type"] != "http" or self._is_excluded(scope["path"]):
            return None
        return None if self.is_super_admin(scope) else self.tenant_of(scope)

    def _is_excluded(self, path: str) -> bool:
        """True below an excluded prefix; a path that climbs with dots is never excluded."""
        if ".." in path.split("/"):
            return False
        return any(path == prefix or path.startswith(f"{prefix}/") for prefix in self.excluded)

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self.app(scope, receive, send)
        finally:
            if self.own_client:
                await self.client.aclose()


def _with_headers(send: Send, decision: Decision) -> Send:
    """A `send` that tells the warning and the throttling."""
    told: list[tuple[bytes, bytes]] = []
    if decision.warning:
        words = " ".join(decision.warning.split())
        told.append((b"x-subscription-warning", words.encode("latin-1", "replace")))
    if decision.throttled:
        told.append((b"x-subscription-throttled", b"1"))

    async def told_too(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), *told]}
        await send(message)

    return told_too if told else send


async def _refuse(send: Send, status: int, answer: dict[str, str]) -> None:
    body = json.dumps(answer).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
