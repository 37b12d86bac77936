"""Which usage period a tenant is in, and which one an event counts in (USE.1)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row, text

from core.errors import ChangedMeanwhile
from core.usage.rules import BY_MONTH, LONGEST_PERIOD, Calendar, Span, calendar_of, span_at
from core.work import Work

SITUATION = """
-- Which subscription runs, or when did the last one end? One row per tenant.
select t.id as tenant_id, s.plan_id, s.cycle, s.anchor_day, s.started_on, s.current_period_start,
  s.current_period_end, p.fixed_days,
  (select max(e.ended_on) from subscription e where e.tenant_id = t.id) as ended_on{columns}
from tenant t
left join lateral (
  select * from subscription r where r.tenant_id = t.id and r.status <> 'cancelled'
  order by r.started_on desc, r.id desc limit 1) s on true
left join plan p on p.id = s.plan_id{joins}
where t.id = any(:tenant_ids)
"""
"""Of each row `situation_of_row` makes a situation; more columns and joins can be added."""
_SITUATIONS = text(SITUATION.format(columns="", joins=""))
_KNOWN = """
-- Which periods are opened or closed? One row per tenant and period.
select tenant_id, period_start, period_end, closed_at is not null as closed
from usage_period
where tenant_id = any(:tenant_ids) and period_end > :since
order by tenant_id, period_start
"""
_READ = text(_KNOWN)
_HOLD = text(_KNOWN + "for share")
_OPEN = text("""
insert into usage_period (tenant_id, period_start, period_end)
select * from unnest(cast(:tenant_ids as bigint[]), cast(:starts as date[]), cast(:ends as date[]))
on conflict (tenant_id, period_start) do nothing
""")
MOST_TRIES = 10
"""How often others may open periods between our look and our own opening."""


@dataclass(frozen=True)
class Situation:
    """A tenant's plan, None without a running subscription, and how its periods run."""

    tenant_id: int
    plan_id: int | None
    calendar: Calendar


@dataclass(frozen=True)
class Place:
    """Where an event counts: the local day and the period that starts on a day."""

    counted_on: date
    period_start: date


def situations(work: Work, tenant_ids: Collection[int]) -> dict[int, Situation]:
    """How usage runs for each of those tenants that exist."""
    rows = work.session.execute(_SITUATIONS, {"tenant_ids": sorted(tenant_ids)})
    return {row.tenant_id: situation_of_row(row) for row in rows}


def situation_of_row(row: Row[Any]) -> Situation:
    """The situation that a row of `SITUATION` describes."""
    if row.plan_id is None:
        return Situation(row.tenant_id, None, _without_subscription(row.ended_on))
    calendar = calendar_of(
        row.cycle,
        row.anchor_day,
        row.started_on,
        (row.current_period_start, row.current_period_end),
        fixed_days=row.fixed_days,
        ended_on=row.ended_on,
    )
    return Situation(row.tenant_id, row.plan_id, calendar)


def current_period(work: Work, situation: Situation) -> Span:
    """The usage period of today; nothing is opened or held."""
    tenant_id, today = situation.tenant_id, work.today
    known = _known(work, [tenant_id], today).get(tenant_id, [])
    return span_at(situation.calendar, today, [span for span, _ in known])


def hold_places(
    work: Work, found: dict[int, Situation], wanted: set[tuple[int, date]]
) -> dict[tuple[int, date], Place]:
    """Where events of (tenant, local day) count; their periods stay open until the work ends.

    What comes after its period was invoiced counts as if it happened today. Periods that are not
    open yet are opened. Raises ChangedMeanwhile when others never stop opening periods.
    """
    tenants = sorted({tenant_id for tenant_id, _ in wanted})
    since = min(day for _, day in wanted)
    for _ in range(MOST_TRIES):
        known = _known(work, tenants, since, hold=True)
        places, missing = {}, set()
        for tenant_id, day in wanted:
            periods = known.get(tenant_id, [])
            late = any(closed and day < span.end for span, closed in periods)
            on = work.today if late else day
            span = span_at(found[tenant_id].calendar, on, [span for span, _ in periods])
            places[tenant_id, day] = Place(on, span.start)
            if all(other.start != span.start for other, _ in periods):
                missing.add((tenant_id, span.start, span.end))
        if not missing:
            return places
        _open(work, sorted(missing))
    raise ChangedMeanwhile


def _known(
    work: Work, tenant_ids: list[int], since: date, *, hold: bool = False
) -> dict[int, list[tuple[Span, bool]]]:
    """Periods of tenants that can bound one of `since` or later, each with whether it is closed."""
    rows = work.session.execute(
        _HOLD if hold else _READ, {"tenant_ids": tenant_ids, "since": since - LONGEST_PERIOD}
    )
    known: dict[int, list[tuple[Span, bool]]] = {}
    for row in rows:
        span = Span(row.period_start, row.period_end)
        known.setdefault(row.tenant_id, []).append((span, row.closed))
    return known


def _open(work: Work, missing: list[tuple[int, date, date]]) -> None:
    tenant_ids, starts, ends = zip(*missing, strict=True)
    work.session.execute(
        _OPEN, {"tenant_ids": list(tenant_ids), "starts": list(starts), "ends": list(ends)}
    )


def _without_subscription(ended_on: date | None) -> Calendar:
    return Calendar(BY_MONTH.origin, BY_MONTH.anchor_day, cuts=(ended_on,) if ended_on else ())
