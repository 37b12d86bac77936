"""Around the whole API: bodies have a limit, and a fault of ours shows no trace."""

import logging

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import known_refusal

MOST_BYTES = 1_048_576
"""A thousand usage events fit; a larger body is refused."""
LARGER = {"/sys/bank/files": 30 * 1_048_576}
"""Addresses that take files, and the largest each takes."""
log = logging.getLogger(__name__)


class Guard:
    """Reads the body up to its limit and hands it on whole."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on; what is raised becomes a 500 without its words."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = await _body(receive, LARGER.get(scope["path"], MOST_BYTES))
        if body is None:
            await known_refusal(413)(scope, receive, send)
            return
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        started = False

        async def replay() -> Message:
            return unread.pop() if unread else await receive()

        async def watched(message: Message) -> None:
            nonlocal started
            started = True
            if message["type"] == "http.response.start":
                message["headers"] = _kept_private(list(message.get("headers", [])))
            await send(message)

        try:
            await self.app(scope, replay, watched)
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started:
                raise
            await known_refusal(500)(scope, receive, watched)


async def _body(receive: Receive, most: int) -> bytes | None:
    """The whole body, None when it is larger."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return b"".join(parts)
        part = message.get("body", b"")
        size += len(part)
        if size > most:
            return None
        parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _kept_private(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers, with an order to keep no copy unless a route says otherwise."""
    if all(name.lower() != b"cache-control" for name, _ in headers):
        headers.append((b"cache-control", b"no-store"))
    return headers
