"""Appends to the audit chain; the database adds place and hash."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from core.access.authority import Actor

_APPEND = text("""
insert into audit_event
  (seq, created_at, event_type, actor_type, actor_id, organization_id, payload, ip_address,
    prev_hash, hash)
values (0, :at, :event_type, :actor_type, :actor_id, :organization_id,
  cast(:payload as jsonb), :ip, '', '')
""")


def append(
    session: Session,
    event_type: str,
    actor: Actor,
    at: datetime,
    organization_id: int | None,
    payload: dict[str, Any],
) -> None:
    """Add one event. The chain's lock is held to the end of the transaction: call it last."""
    told = payload if actor.kind == "user" else {"by": actor.name, **payload}
    session.execute(
        _APPEND,
        {
            "at": at,
            "event_type": event_type,
            "actor_type": actor.kind,
            "actor_id": actor.user_id,
            "organization_id": organization_id,
            "payload": json.dumps(told, default=str),
            "ip": actor.ip,
        },
    )
