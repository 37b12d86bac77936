"""Who delivers what, and what became of it: each step a short transaction of its own (NTF).

A delivery is claimed for a while, marked as leaving right before it can no longer be taken back,
and recorded. What a killed runner left behind is taken up when its claim has run out: claimed only,
it has not left and is sent again; leaving, it may have arrived.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import CursorResult, TextClause, text

from core.access.authority import Actor
from core.notifications.addresses import LONGEST_URL
from core.notifications.outbox import tell_tenant
from core.notifications.outcomes import (
    LONGEST_PROBLEM,
    Later,
    LostClaim,
    Never,
    Outcome,
    Sent,
    Unclear,
    wait_after,
)
from core.notifications.rendering import Told
from core.work import Office, Work

KNOWS_REPEATS = ("webhook",)
"""Channels whose receivers know a repeated message by its id, so that sending again is safe."""
BROKE_OFF = "The runner stopped while this was being sent; it may have arrived"
UNSENT = "The runner stopped before this was sent"
_NEXT = text("""
-- What is due and nobody's? At most one row. A subquery in place of `due` may be read anew for
-- each row that it is joined to, and then finds another one each time.
with due as materialized (
  select id from notification_delivery
  where status = 'pending' and due_at <= :now and channel <> all(:channels)
    and channel || ' ' || recipient <> all(:recipients)
  order by due_at, id limit 1 for update skip locked
)
update notification_delivery d
set status = 'claimed', claim = :claim, claimed_until = :until, attempts = d.attempts + 1
from due, notification n join tenant t on t.id = n.tenant_id
where d.id = due.id and n.id = d.notification_id
returning d.id, d.channel, d.recipient, d.reference, d.attempts, n.id as notification_id,
  n.event_type, n.facts, n.created_at, n.tenant_id, t.name, t.language
""")
_LEAVING = text("""
update notification_delivery set status = 'sending', claimed_until = :until
where id = :id and claim = :claim and status = 'claimed'
""")
_RECORD = text("""
update notification_delivery set status = :status, claimed_until = null, due_at = :due_at,
  problem = :problem, sent_at = :sent_at
where id = :id and claim = :claim and status in ('claimed', 'sending', 'pending', 'unknown')
""")
_LEFT = text("""
update notification_delivery set claimed_until = null, due_at = :now,
  status = case when attempts >= :attempts and (status = 'claimed' or channel = any(:safe))
      then 'failed'
    when status = 'claimed' or channel = any(:safe) then 'pending' else 'unknown' end,
  problem = case when status = 'claimed' then :unsent else :broke_off end
where status in ('claimed', 'sending') and claimed_until < :now
returning status, channel, recipient, problem
""")
_DISABLE = text(f"""
update webhook_endpoint set disabled_at = :now, disabled_why = left(:why, {LONGEST_PROBLEM})
where id = :id and disabled_at is null and removed_at is null
returning tenant_id, left(split_part(split_part(url, '/', 3), ':', 1), {LONGEST_URL}) as host
""")


@dataclass(frozen=True)
class Parcel:
    """A delivery that is ours for a while, and what it tells."""

    id: int
    claim: UUID
    channel: str
    recipient: str
    reference: UUID
    attempts: int
    told: Told

    @property
    def door(self) -> str:
        """Its recipient on its channel, in one text."""
        return f"{self.channel} {self.recipient}"


def take_up_left(office: Office, actor: Actor) -> Counter[str]:
    """Take up what runners left behind; returns how many of those have which status now.

    One that had its last attempt failed, and ends as any other last attempt does.
    """
    asked = {
        "attempts": office.settings.notify_attempts,
        "safe": list(KNOWS_REPEATS),
        "unsent": UNSENT,
        "broke_off": BROKE_OFF,
    }
    with office.work(actor) as work:
        found = work.session.execute(_LEFT, {**asked, "now": work.now}).all()
        for row in sorted(found, key=lambda row: str(row.recipient)):
            if row.status == "failed" and row.channel == "webhook":
                _disable(work, row.recipient, row.problem)
    return Counter(row.status for row in found)


def claim(
    office: Office, actor: Actor, channels: Iterable[str], doors: Iterable[str]
) -> Parcel | None:
    """The next delivery that is due, leaving out channels and doors that do not answer."""
    token = uuid4()
    with office.work(actor) as work:
        row = work.session.execute(
            _NEXT,
            {
                "claim": token,
                "now": work.now,
                "until": work.now + _lease(office),
                "channels": list(channels),
                "recipients": list(doors),
            },
        ).one_or_none()
    if row is None:
        return None
    told = Told(
        row.notification_id,
        row.event_type,
        row.facts,
        row.created_at,
        row.tenant_id,
        row.name,
        row.language,
    )
    return Parcel(row.id, token, row.channel, row.recipient, row.reference, row.attempts, told)


def mark_leaving(office: Office, actor: Actor, parcel: Parcel) -> None:
    """Write down that it leaves now; raises LostClaim when another runner has it."""
    with office.work(actor) as work:
        until = work.now + _lease(office)
        if not _changed(work, _LEAVING, id=parcel.id, claim=parcel.claim, until=until):
            raise LostClaim


def record(office: Office, actor: Actor, parcel: Parcel, outcome: Outcome) -> str:
    """Write down how it ended; returns its status, or `lost` when another runner has it."""
    with office.work(actor) as work:
        status = _status(office, parcel, outcome)
        wait = wait_after(
            parcel.attempts, timedelta(seconds=office.settings.notify_backoff_seconds), parcel.id
        )
        kept = _changed(
            work,
            _RECORD,
            id=parcel.id,
            claim=parcel.claim,
            status=status,
            due_at=work.now + wait if status == "pending" else work.now,
            problem=None if isinstance(outcome, Sent) else outcome.why[:LONGEST_PROBLEM],
            sent_at=work.now if status == "sent" else None,
        )
        if kept and status == "failed" and parcel.channel == "webhook":
            assert isinstance(outcome, (Later, Never, Unclear))
            _disable(work, parcel.recipient, outcome.why)
    return status if kept else "lost"


def _status(office: Office, parcel: Parcel, outcome: Outcome) -> str:
    if isinstance(outcome, Sent):
        return "sent"
    if isinstance(outcome, Never):
        return "failed"
    if isinstance(outcome, Unclear) and parcel.channel not in KNOWS_REPEATS:
        return "unknown"
    return "failed" if parcel.attempts >= office.settings.notify_attempts else "pending"


def _disable(work: Work, recipient: str, why: str) -> None:
    """An endpoint that kept failing gets nothing more, and its tenant hears of that."""
    number = int(recipient.partition(":")[2])
    asked = {"id": number, "now": work.now, "why": why}
    row = work.session.execute(_DISABLE, asked).one_or_none()
    if row is not None and row.tenant_id is not None:
        facts: dict[str, Any] = {"endpoint_id": number, "url_host": row.host}
        tell_tenant(work, "webhook.disabled", row.tenant_id, facts)


def _changed(work: Work, statement: TextClause, **values: object) -> bool:
    result = work.session.execute(statement, values)
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _lease(office: Office) -> timedelta:
    return timedelta(seconds=office.settings.notify_lease_seconds)
