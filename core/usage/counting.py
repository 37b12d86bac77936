"""Writing events and adding them to their counters, always in one order, so that none deadlock."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache

from sqlalchemy import text

from core.plans.models import UNLIMITED
from core.usage.models import ALWAYS
from core.usage.periods import Place
from core.work import Work

# A column handed over as one text is several times cheaper than as an array or as JSON; no event
# id or subject holds the separator, for it cannot be printed.
_ADD_EVENTS = text("""
with fresh as (
  insert into usage_event (tenant_id, event_id, meter, quantity, subject, is_change, occurred_at,
    received_at, counted_on, period_start)
  select n.tenant_id, n.event_id, n.meter, n.quantity, n.subject, :is_change, n.occurred_at,
    :received_at, n.counted_on, n.period_start
  from unnest(
    cast(string_to_array(:tenant_ids, chr(31)) as bigint[]),
    string_to_array(:event_ids, chr(31)),
    string_to_array(:meters, chr(31)),
    cast(string_to_array(:quantities, chr(31)) as numeric[]),
    string_to_array(:subjects, chr(31), ''),
    cast(string_to_array(:times, chr(31)) as timestamptz[]),
    cast(string_to_array(:days, chr(31)) as date[]),
    cast(string_to_array(:periods, chr(31)) as date[]))
    as n (tenant_id, event_id, meter, quantity, subject, occurred_at, counted_on, period_start)
  on conflict (tenant_id, event_id) do nothing
  returning tenant_id, event_id)
select case when count(*) < :sent then coalesce(
  json_agg(json_build_array(tenant_id, event_id)), json_build_array()) end
from fresh
""")
_SEPARATOR = chr(31)
_ADD_SUBJECTS = text("""
insert into usage_subject (tenant_id, meter, period_start, window_start, subject)
select n.tenant_id, n.meter, n.period_start, n.window_start, n.subject
from json_to_recordset(cast(:subjects as json)) as n (tenant_id bigint, meter text,
  period_start date, window_start date, subject text)
on conflict (tenant_id, meter, period_start, window_start, subject) do nothing
returning tenant_id, meter, period_start, window_start, subject
""")
_MERGED = """case (select m.aggregation from meter m where m.name = excluded.meter)
    when 'max' then greatest(c.value, excluded.value)
    when 'latest' then case
      when :is_change then c.value + excluded.value
      when excluded.seen_at >= c.seen_at then excluded.value
      else c.value end
    else c.value + excluded.value end"""
_COUNT = text(f"""
insert into usage_counter as c (tenant_id, meter, period_start, window_start, value, seen_at)
select n.tenant_id, n.meter, n.period_start, n.window_start, n.value, n.seen_at
from json_to_recordset(cast(:readings as json)) as n (tenant_id bigint, meter text,
  period_start date, window_start date, value numeric, seen_at timestamptz)
where cast(:limit as bigint) is null or n.value <= :limit
on conflict (tenant_id, meter, period_start, window_start)
do update set value = {_MERGED}, seen_at = greatest(c.seen_at, excluded.seen_at)
where cast(:limit as bigint) is null or {_MERGED} <= :limit
returning value
""")


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """Something a tenant did, as it is reported; `subject` is what a unique meter counts."""

    tenant_id: int
    event_id: str
    meter: str
    occurred_at: datetime
    quantity: Decimal = Decimal(1)
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How a meter reads its events."""

    aggregation: str
    resets: str

    def window(self, place: Place) -> tuple[date, date]:
        """Start of the period and of the window in which an event counts."""
        if self.resets == "never":
            return ALWAYS, ALWAYS
        start = place.period_start
        return start, place.counted_on if self.resets == "day" else start

    def value(self, event: UsageEvent) -> Decimal:
        """What an event gives its counter."""
        return event.quantity if self.aggregation in ("sum", "max", "latest") else Decimal(1)


Placed = tuple[UsageEvent, Kind, Place]
Key = tuple[int, str, date, date]
"""Tenant, meter, start of the period, start of the window: what identifies a counter."""
Reading = tuple[Decimal, datetime]
"""What a counter shows, and the instant of the last event it saw."""


def add_events(
    work: Work, placed: Sequence[Placed], *, is_change: bool = False
) -> set[tuple[int, str]]:
    """Write events and return (tenant, event id) of those that were not known."""
    ordered, written = sorted(placed, key=_by_id), cache(date.isoformat)
    events = [event for event, _, _ in ordered]
    columns = {
        "tenant_ids": [str(event.tenant_id) for event in events],
        "event_ids": [event.event_id for event in events],
        "meters": [event.meter for event in events],
        "quantities": [str(event.quantity) for event in events],
        "subjects": [event.subject or "" for event in events],
        "times": [event.occurred_at.isoformat() for event in events],
        "days": [written(place.counted_on) for _, _, place in ordered],
        "periods": [written(kind.window(place)[0]) for _, kind, place in ordered],
    }
    given = {name: _SEPARATOR.join(values) for name, values in columns.items()}
    facts = {"is_change": is_change, "received_at": work.now, "sent": len(events)}
    some = work.session.scalar(_ADD_EVENTS, {**given, **facts})
    if some is None:
        return {(event.tenant_id, event.event_id) for event in events}
    return {(tenant_id, event_id) for tenant_id, event_id in some}


def count(work: Work, placed: Sequence[Placed]) -> None:
    """Add events to their counters."""
    merged: dict[Key, Reading] = {}
    for kind, key, reading in _readings(work, placed):
        known = merged.get(key)
        merged[key] = _join(kind.aggregation, known, reading) if known else reading
    if merged:
        given = {"readings": _json(merged), "limit": None, "is_change": False}
        work.session.execute(_COUNT, given)


def take(work: Work, placed: Placed, limit: int) -> bool:
    """Add one event to its counter if the counter stays within the limit (−1: none)."""
    most = None if limit == UNLIMITED else limit
    for _, key, reading in _readings(work, [placed]):
        given = {"readings": _json({key: reading}), "limit": most, "is_change": True}
        return work.session.scalar(_COUNT, given) is not None
    return True


def _by_id(placed: Placed) -> tuple[int, str]:
    return placed[0].tenant_id, placed[0].event_id


def _readings(work: Work, placed: Sequence[Placed]) -> list[tuple[Kind, Key, Reading]]:
    """What each event gives which counter; of unique subjects only those not seen before."""
    readings = []
    fresh: dict[tuple[Key, str], Placed] = {}
    for event, kind, place in placed:
        key = (event.tenant_id, event.meter, *kind.window(place))
        if kind.aggregation == "unique":
            fresh.setdefault((key, event.subject or ""), (event, kind, place))
        else:
            readings.append((kind, key, (kind.value(event), event.occurred_at)))
    if fresh:
        for new in _add_subjects(work, sorted(fresh)):
            event, kind, _ = fresh[new]
            readings.append((kind, new[0], (Decimal(1), event.occurred_at)))
    return readings


def _add_subjects(work: Work, wanted: list[tuple[Key, str]]) -> list[tuple[Key, str]]:
    subjects = json.dumps([{**_place(key), "subject": subject} for key, subject in wanted])
    rows = work.session.execute(_ADD_SUBJECTS, {"subjects": subjects})
    return [((r.tenant_id, r.meter, r.period_start, r.window_start), r.subject) for r in rows]


def _join(aggregation: str, one: Reading, other: Reading) -> Reading:
    seen = max(one[1], other[1])
    if aggregation == "max":
        return max(one[0], other[0]), seen
    if aggregation == "latest":
        return (other if other[1] >= one[1] else one)[0], seen
    return one[0] + other[0], seen


def _json(readings: dict[Key, Reading]) -> str:
    return json.dumps(
        [
            {**_place(key), "value": str(value), "seen_at": seen_at.isoformat()}
            for key, (value, seen_at) in sorted(readings.items())
        ]
    )


def _place(key: Key) -> dict[str, int | str]:
    tenant_id, meter, period_start, window_start = key
    return {
        "tenant_id": tenant_id,
        "meter": meter,
        "period_start": period_start.isoformat(),
        "window_start": window_start.isoformat(),
    }
