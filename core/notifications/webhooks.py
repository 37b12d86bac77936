"""Outgoing webhooks, signed as Standard Webhooks asks (NTF, DUN.3)."""

import hashlib
import hmac
import http.client
import json
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.errors import BadInput
from core.notifications.addresses import Forbidden, Resolve, post, resolved, target_of
from core.notifications.outcomes import About, Later, Never, Outcome, Sent
from core.notifications.rendering import Told
from core.settings import Settings

MARK = "whsec_"
SECRET_BYTES = 32
_GONE = 410


@dataclass(frozen=True)
class Endpoint:
    """Where a webhook goes and the secrets that sign it, the current one first."""

    id: int
    url: str
    secrets: tuple[str, ...]


def new_secret() -> str:
    """A secret in the form receivers' libraries take."""
    return MARK + b64encode(os.urandom(SECRET_BYTES)).decode()


def secret_place(endpoint_id: int) -> str:
    """The place a secret is sealed for."""
    return f"webhook_endpoint|{endpoint_id}|secret"


def message_id(reference: UUID) -> str:
    """The id by which a receiver knows a repeated delivery."""
    return f"msg_{reference.hex}"


def body_of(told: Told) -> bytes:
    """The body: what happened, when, and the records' state as it was then."""
    content: dict[str, Any] = {
        "type": told.event,
        "timestamp": told.created_at.isoformat(),
        "data": {"notification_id": told.id, "tenant_id": told.tenant_id, **told.facts},
    }
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()


def signature(secret: str, message: str, at: int, body: bytes) -> str:
    """`v1,` and the base64 HMAC-SHA-256 over id, Unix seconds and body."""
    key = b64decode(secret.removeprefix(MARK))
    signed = f"{message}.{at}.".encode() + body
    return "v1," + b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def send(
    endpoint: Endpoint,
    message: str,
    body: bytes,
    now: datetime,
    settings: Settings,
    about_to: About,
    resolve: Resolve = resolved,
) -> Outcome:
    """Send one message; any 2xx is an acceptance, 410 asks never to be sent to again."""
    at = int(now.timestamp())
    headers = {
        "content-type": "application/json",
        "user-agent": "Saldo",
        "webhook-id": message,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(
            signature(secret, message, at, body) for secret in endpoint.secrets
        ),
    }
    try:
        target = target_of(endpoint.url, settings.webhook_private_hosts)
    except BadInput as problem:
        return Never(str(problem))
    about_to()
    try:
        status = post(target, body, headers, resolve=resolve)
    except Forbidden as problem:
        return Never(str(problem))
    except (OSError, http.client.HTTPException, ValueError) as problem:
        return Later(f"{target.host} did not answer: {problem or type(problem).__name__}")
    if 200 <= status < 300:
        return Sent()
    if status == _GONE:
        return Never("The endpoint answered 410, which asks for no more", gone=True)
    return Later(f"The endpoint answered {status}")
