"""The outbox: what a unit of work has to tell is written in its own transaction (NTF)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

import core.notifications.models  # noqa: F401 (whoever writes knows the tables)
from core.notifications.events import EVENTS, event_of, facts_of

if TYPE_CHECKING:
    from core.work import Work

_SUBSCRIPTION = """(
  select jsonb_strip_nulls(jsonb_build_object('id', s.id, 'plan', p.name, 'plan_slug', p.slug,
    'status', s.status, 'cycle', s.cycle, 'currency', s.currency,
    'amount_minor', s.amount_minor + s.items_minor, 'collection', s.collection,
    'period_start', s.current_period_start, 'period_end', s.current_period_end,
    'trial_ends_on', s.trial_ends_on, 'grace_ends_on', s.grace_ends_on,
    'paused_until', s.paused_until, 'ended_on', s.ended_on,
    'cancel_at_period_end', s.cancel_at_period_end, 'next_plan', q.name))
  from subscription s join plan p on p.id = s.plan_id left join plan q on q.id = s.next_plan_id
  where s.id = cast(n.facts ->> 'subscription_id' as bigint))"""
_PAYMENT = """(
  select jsonb_strip_nulls(jsonb_build_object('id', y.id, 'invoice_id', y.invoice_id,
    'amount_minor', y.amount_minor, 'currency', y.currency, 'status', y.status,
    'method', y.method, 'provider', y.provider, 'failure_code', y.failure_code))
  from payment y where y.id = cast(n.facts ->> 'payment_id' as bigint))"""
_INVOICE = """(
  select jsonb_strip_nulls(jsonb_build_object('id', i.id, 'number', i.number, 'ocr', i.ocr,
    'status', i.status, 'type', i.type, 'total_minor', i.total_minor,
    'due_minor', i.total_minor - i.paid_minor, 'currency', i.currency,
    'issued_on', i.issued_on, 'due_on', i.due_on))
  from invoice i where i.id = case when n.facts ->> 'invoice_id' is not null
    then cast(n.facts ->> 'invoice_id' as bigint)
    else (select y.invoice_id from payment y where y.id = cast(n.facts ->> 'payment_id' as bigint))
    end)"""
_REFUND = """(
  select jsonb_strip_nulls(jsonb_build_object('id', r.id, 'payment_id', r.payment_id,
    'amount_minor', r.amount_minor, 'currency', r.currency, 'status', r.status))
  from refund r where r.id = cast(n.facts ->> 'refund_id' as bigint))"""
_CREDIT_NOTE = """(
  select jsonb_strip_nulls(jsonb_build_object('id', c.id, 'number', c.number,
    'total_minor', c.total_minor, 'currency', c.currency, 'issued_on', c.issued_on))
  from credit_note c where c.id = cast(n.facts ->> 'credit_note_id' as bigint))"""
_WRITE = text(f"""
-- What was the state of the records that a message names? One row per notification.
insert into notification (tenant_id, event_type, audience, once_key, created_at, facts)
select n.tenant_id, n.event_type, n.audience, n.once_key, :now,
  n.facts || jsonb_strip_nulls(jsonb_build_object('subscription', {_SUBSCRIPTION},
    'payment', {_PAYMENT}, 'invoice', {_INVOICE}, 'refund', {_REFUND},
    'credit_note', {_CREDIT_NOTE}))
from jsonb_to_recordset(cast(:rows as jsonb))
  as n (tenant_id bigint, event_type text, audience text, once_key text, facts jsonb)
on conflict (once_key) do nothing
""")


@dataclass(frozen=True)
class Notice:
    """Something to tell a tenant once the unit of work commits."""

    event: str
    tenant_id: int
    facts: dict[str, Any]
    once_key: str | None = None


def tell_tenant(
    work: "Work",
    event: str,
    tenant_id: int,
    facts: dict[str, Any],
    *,
    once_key: str | None = None,
) -> None:
    """Tell a tenant of an event; for actions that concern several, or that tell more than one.

    `facts` may name records by `subscription_id`, `invoice_id`, `payment_id`, `refund_id` and
    `credit_note_id`; the message then shows their state at the end of the unit of work. A
    `once_key` lets the same thing be told once ever.
    """
    assert event in EVENTS, f"{event} is not an event that tenants hear of"
    kept = facts_of(facts)
    work.notices.append(Notice(event, tenant_id, kept, once_key or _once(event, kept)))


def note(work: "Work") -> None:
    """Write what this unit of work has to tell; it has flushed, and tells nothing in a rehearsal.

    The action's own event is among it, unless the action named that event for itself.
    """
    notices = list(work.notices)
    if work.event_type is not None and work.organization_id is not None:
        event = event_of(work.event_type, work.told)
        if event is not None and all(known.event != event for known in notices):
            facts = facts_of(work.told)
            notices.append(Notice(event, work.organization_id, facts, _once(event, facts)))
    if notices and not work.rehearsal:
        _write(work, notices)


def _once(event: str, facts: dict[str, Any]) -> str | None:
    """The key of an event that a record has once; None where it may come again."""
    name = EVENTS[event].once
    return f"{event}|{facts[name]}" if name in facts else None


def _write(work: "Work", notices: Sequence[Notice]) -> None:
    rows = [
        {
            "tenant_id": one.tenant_id,
            "event_type": one.event,
            "audience": EVENTS[one.event].audience,
            "once_key": one.once_key,
            "facts": one.facts,
        }
        for one in notices
    ]
    work.session.execute(_WRITE, {"rows": json.dumps(rows), "now": work.now})
