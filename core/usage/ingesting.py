"""Taking usage events in, each once by its id, one at a time or in batches (USE.1).

Usage is data like the rows of an imported file, not a decision about money: it passes no action
and writes no audit row, whose chain would let one batch of the whole platform in at a time. The
permission, the tenant and the limits of a batch are checked here all the same.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, text

from core.base import LARGEST_ID
from core.clock import local_date
from core.errors import BadInput, NotAllowed
from core.usage.counting import Kind, Placed, UsageEvent, add_events, count
from core.usage.models import ALWAYS, Meter
from core.usage.periods import Place, Situation, hold_places, situations
from core.usage.pricing import quantity_problem
from core.work import Work

MOST_EVENTS = 1_000
"""Events of one batch."""
MOST_AHEAD = timedelta(minutes=5)
OLDEST = timedelta(days=366)
LONGEST_TEXT = 200
MOST_PROBLEMS = 20
_KNOWN = text("""
select tenant_id, event_id, meter, quantity, subject, occurred_at, is_change
from usage_event
where (tenant_id, event_id) in (
  select * from unnest(cast(:tenant_ids as bigint[]), cast(:event_ids as text[])))
""")


@dataclass(frozen=True)
class Receipt:
    """What became of an event: `accepted`, `duplicate`, or `conflict` with another of its id."""

    event_id: str
    status: str


@dataclass(frozen=True)
class EventProblem:
    """What is wrong with an event of a batch; `index` counts from 0."""

    index: int
    field: str
    reason: str

    def __str__(self) -> str:
        return f"event {self.index}, {self.field}: {self.reason}"


class EventsRefused(BadInput):
    """The events were refused; nothing was written."""

    code = "events_refused"

    def __init__(self, problems: list[EventProblem]) -> None:
        self.problems = problems[:MOST_PROBLEMS]
        more = len(problems) - len(self.problems)
        super().__init__(
            "The events were refused and nothing was written: "
            + "; ".join(map(str, self.problems))
            + (f"; and {more} more" if more > 0 else "")
        )


def ingest(work: Work, events: Sequence[UsageEvent]) -> list[Receipt]:
    """Write up to 1,000 events and count them; a receipt for each, in their order.

    The same event again is a duplicate and changes nothing; another content under a known id is
    a conflict and is not written. An event whose period was invoiced already counts today.
    Raises EventsRefused when one is malformed, NotAllowed when one is of another tenant.
    """
    if not 1 <= len(events) <= MOST_EVENTS:
        raise BadInput(f"A batch has 1 to {MOST_EVENTS} events, this one has {len(events)}")
    kinds, found = checked(work, events)
    first: dict[tuple[int, str], UsageEvent] = {}
    for event in events:
        first.setdefault((event.tenant_id, event.event_id), event)
    placed = place_events(work, kinds, found, list(first.values()))
    accepted = add_events(work, placed)
    if len(accepted) < len(placed):
        placed = [each for each in placed if (each[0].tenant_id, each[0].event_id) in accepted]
    count(work, placed)
    known = _known(work, [key for key in first if key not in accepted])
    receipts = []
    for event in events:
        key = (event.tenant_id, event.event_id)
        if key in accepted:
            accepted.discard(key)
            receipts.append(Receipt(event.event_id, "accepted"))
        else:
            same = known.get(key, first[key]) == event
            receipts.append(Receipt(event.event_id, "duplicate" if same else "conflict"))
    return receipts


def checked(
    work: Work, events: Sequence[UsageEvent]
) -> tuple[dict[str, Kind], dict[int, Situation]]:
    """The meters and tenants of events, any number of them. Raises EventsRefused, NotAllowed."""
    for tenant_id in {event.tenant_id for event in events}:
        admit(work, tenant_id)
    kinds = meters(work)
    tenant_ids = {e.tenant_id for e in events if 0 < e.tenant_id <= LARGEST_ID}
    found = situations(work, tenant_ids)
    now = work.now
    soon, long_ago = now + MOST_AHEAD, now - OLDEST
    problems = [
        EventProblem(index, field, reason)
        for index, event in enumerate(events)
        if not _is_plain(event, kinds, found, soon, long_ago)
        for field, reason in _problems(event, kinds, found, now)
    ]
    if problems:
        raise EventsRefused(problems)
    return kinds, found


def admit(work: Work, tenant_id: int) -> None:
    """Raise NotAllowed unless the actor may report usage of a tenant: its own, or any one."""
    own = work.standing.tenant_id
    work.require("saas.subscriptions.manage" if own is None else "org.billing.manage")
    if own not in (None, tenant_id):
        raise NotAllowed("Usage of another organisation cannot be reported")


def meters(work: Work) -> dict[str, Kind]:
    """Every meter by name."""
    return {m.name: Kind(m.aggregation, m.resets) for m in work.session.scalars(select(Meter))}


def place_events(
    work: Work, kinds: dict[str, Kind], found: dict[int, Situation], events: Sequence[UsageEvent]
) -> list[Placed]:
    """Where each event counts; their periods stay open until the work ends."""
    zone = work.settings.billing_timezone
    days = [local_date(event.occurred_at, zone) for event in events]
    wanted = {
        (event.tenant_id, day)
        for event, day in zip(events, days, strict=True)
        if kinds[event.meter].resets != "never"
    }
    places = hold_places(work, found, wanted) if wanted else {}
    return [
        (event, kinds[event.meter], places.get((event.tenant_id, day), Place(day, ALWAYS)))
        for event, day in zip(events, days, strict=True)
    ]


def _known(work: Work, keys: list[tuple[int, str]]) -> dict[tuple[int, str], UsageEvent | None]:
    """Events that are written already, None for units taken of a level."""
    if not keys:
        return {}
    rows = work.session.execute(
        _KNOWN, {"tenant_ids": [key[0] for key in keys], "event_ids": [key[1] for key in keys]}
    )
    return {
        (row.tenant_id, row.event_id): None
        if row.is_change
        else UsageEvent(
            row.tenant_id, row.event_id, row.meter, row.occurred_at, row.quantity, row.subject
        )
        for row in rows
    }


def _is_plain(
    event: UsageEvent,
    kinds: dict[str, Kind],
    found: dict[int, Situation],
    soon: datetime,
    long_ago: datetime,
) -> bool:
    """True for an event that is surely right; most are, and the full check takes its time."""
    kind = kinds.get(event.meter)
    return (
        kind is not None
        and event.tenant_id in found
        and 0 < len(event.event_id) <= LONGEST_TEXT
        and event.event_id.isprintable()
        and event.subject is None
        and kind.aggregation != "unique"
        and event.occurred_at.tzinfo is not None
        and long_ago <= event.occurred_at <= soon
        and quantity_problem(event.quantity) is None
    )


def _problems(
    event: UsageEvent, kinds: dict[str, Kind], found: dict[int, Situation], now: datetime
) -> Iterator[tuple[str, str]]:
    """Fields of an event that are wrong, each with its reason."""
    if reason := _text_problem(event.event_id):
        yield "event_id", reason
    if event.tenant_id not in found:
        yield "tenant_id", f"there is no tenant {event.tenant_id}"
    kind = kinds.get(event.meter)
    if kind is None:
        yield "meter", f"there is no meter {event.meter!r}"
    if reason := quantity_problem(event.quantity):
        yield "quantity", reason
    if event.subject is not None:
        if reason := _text_problem(event.subject):
            yield "subject", reason
    elif kind is not None and kind.aggregation == "unique":
        yield "subject", f"is missing, and {event.meter} counts subjects"
    if reason := _time_problem(event.occurred_at, now):
        yield "occurred_at", reason


def _text_problem(given: str) -> str | None:
    if 0 < len(given) <= LONGEST_TEXT and given.isprintable():
        return None
    return f"has 1 to {LONGEST_TEXT} printable characters"


def _time_problem(occurred_at: datetime, now: datetime) -> str | None:
    if occurred_at.tzinfo is None:
        return "has no offset from UTC"
    if occurred_at > now + MOST_AHEAD:
        return f"is more than {MOST_AHEAD // timedelta(minutes=1)} minutes in the future"
    if occurred_at < now - OLDEST:
        return f"is more than {OLDEST.days} days ago"
    return None
