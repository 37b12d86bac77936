"""What the audit log says of one document, for its page (AUD)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import text

from core.work import Work

_EVENTS = """
-- What happened to a document? One row per audited event, oldest first.
select e.created_at, e.event_type, coalesce(u.email, e.payload->>'by') as by, e.payload
from audit_event e left join app_user u on u.id = e.actor_id and e.actor_type = 'user'
where e.{name} = :id
order by e.seq limit :most
"""
MOST_EVENTS = 200


@dataclass(frozen=True)
class Happening:
    """An event of a document's life; `by` is a person's address or the name of a job."""

    at: datetime
    event: str
    by: str | None
    facts: dict[str, Any]


def timeline(work: Work, name: Literal["invoice_id", "payment_id"], number: int) -> list[Happening]:
    """The audited events that name a document, oldest first; the caller checks who may read."""
    rows = work.session.execute(
        text(_EVENTS.format(name=name)), {"id": str(number), "most": MOST_EVENTS}
    )
    return [Happening(row.created_at, row.event_type, row.by, dict(row.payload)) for row in rows]
