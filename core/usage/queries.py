"""What a tenant uses of its plan, for pages and commands (USE.5)."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, text

from core.access.decision import THROTTLED, in_force
from core.usage.checking import admit_reading, plan_of, situation_of
from core.usage.models import ALWAYS
from core.usage.periods import current_period
from core.usage.rules import allowance
from core.work import Work

MOST_PERIODS = 36
MOST_EVENT_ROWS = 500
_METERS = text("""
-- What is measured of a tenant now, and what does its plan allow? One row per meter or limit.
select coalesce(m.name, l.name) as meter, m.aggregation, m.resets, l.quantity as most,
  coalesce(c.value, 0) as value, c.seen_at
from meter m
full join (select name, quantity from plan_limit where plan_id = :plan_id) l on l.name = m.name
left join usage_counter c on c.tenant_id = :tenant_id and c.meter = m.name
  and c.period_start = case m.resets when 'never' then :always else :period_start end
  and c.window_start = case m.resets
    when 'never' then :always when 'day' then :today else :period_start end
where l.name is not null or c.value is not null
order by l.name is null, meter
""")
_PERIODS = text("""
-- Which usage periods has a tenant had? One row per period, newest first.
select p.period_start,
  least(p.period_end, lead(p.period_start) over (order by p.period_start)) as period_end,
  p.closed_at is not null as closed, p.invoice_id, i.number
from usage_period p
left join invoice i on i.id = p.invoice_id
where p.tenant_id = :tenant_id
order by p.period_start desc
limit :limit
""")
_USED = text("""
select period_start, meter, sum(value) as value
from usage_counter
where tenant_id = :tenant_id and period_start = any(:starts)
group by period_start, meter
order by meter
""")
_EVENTS = text("""
-- Which events stand behind a counter? One row per event, the latest first.
select event_id, quantity, subject, is_change, occurred_at, received_at, counted_on
from usage_event
where tenant_id = :tenant_id and meter = :meter and period_start = :period_start
order by occurred_at desc, event_id
limit :limit offset :offset
""")
_PLAN = text(f"""
-- Which plan is it, and does dunning throttle the tenant? One row.
select p.slug, p.name, {THROTTLED} as throttled
from plan p
join tenant t on t.id = :tenant_id
left join subscription s on s.tenant_id = t.id and s.status <> 'cancelled'
where p.id = :plan_id
order by s.started_on desc, s.id desc limit 1
""")


@dataclass(frozen=True)
class LimitUse:
    """A limit or meter now; −1 is without limit, None as `limit` is not limited by the plan.

    `resets` is `period`, `day` or `never`, None when nothing measures the limit.
    """

    meter: str
    aggregation: str | None
    resets: str | None
    current: Decimal
    limit: int | None
    remaining: Decimal | None
    allowed: bool
    seen_at: datetime | None


@dataclass(frozen=True)
class TenantUse:
    """A tenant's plan and usage period of local days `[period_start, period_end)`.

    While an overdue invoice throttles it, `limits` are half of the plan's.
    """

    tenant_id: int
    plan: str
    plan_name: str
    subscribed: bool
    throttled: bool
    period_start: date
    period_end: date
    limits: tuple[LimitUse, ...]


@dataclass(frozen=True)
class PeriodUse:
    """What was used in a period by meter; closed once the invoice run has seen it."""

    period_start: date
    period_end: date
    closed: bool
    invoice_id: int | None
    number: str | None
    used: dict[str, Decimal]


@dataclass(frozen=True)
class EventRow:
    """An event behind a counter; it was late when it is counted on another day than it occurred."""

    event_id: str
    quantity: Decimal
    subject: str | None
    is_change: bool
    occurred_at: datetime
    received_at: datetime
    counted_on: date


def usage_of(work: Work, tenant_id: int) -> TenantUse:
    """What a tenant uses now of the limits of its plan. Raises NotFound, NotAllowed."""
    admit_reading(work, tenant_id)
    situation = situation_of(work, tenant_id)
    plan_id = plan_of(work, situation)
    span = current_period(work, situation)
    plan = work.session.execute(_PLAN, {"plan_id": plan_id, "tenant_id": tenant_id}).one()
    rows = work.session.execute(
        _METERS,
        {
            "tenant_id": tenant_id,
            "plan_id": plan_id,
            "always": ALWAYS,
            "period_start": span.start,
            "today": work.today,
        },
    )
    return TenantUse(
        tenant_id,
        plan.slug,
        plan.name,
        situation.plan_id is not None,
        plan.throttled,
        span.start,
        span.end,
        tuple(_use(row, throttled=plan.throttled) for row in rows),
    )


def past_periods(work: Work, tenant_id: int, limit: int = 12) -> list[PeriodUse]:
    """A tenant's usage periods, newest first. Raises NotFound, NotAllowed."""
    admit_reading(work, tenant_id)
    situation_of(work, tenant_id)
    most = max(1, min(limit, MOST_PERIODS))
    periods = work.session.execute(_PERIODS, {"tenant_id": tenant_id, "limit": most}).all()
    used: dict[date, dict[str, Decimal]] = {row.period_start: {} for row in periods}
    for row in work.session.execute(_USED, {"tenant_id": tenant_id, "starts": list(used)}):
        used[row.period_start][row.meter] = row.value
    return [PeriodUse(**row._mapping, used=used[row.period_start]) for row in periods]


def events_behind(
    work: Work,
    tenant_id: int,
    meter: str,
    period_start: date = ALWAYS,
    *,
    limit: int = 100,
    offset: int = 0,
) -> list[EventRow]:
    """The events a tenant's counter of a period was made of; of a level without a period.

    Raises NotFound, NotAllowed.
    """
    admit_reading(work, tenant_id)
    situation_of(work, tenant_id)
    rows = work.session.execute(
        _EVENTS,
        {
            "tenant_id": tenant_id,
            "meter": meter,
            "period_start": period_start,
            "limit": max(1, min(limit, MOST_EVENT_ROWS)),
            "offset": max(0, offset),
        },
    )
    return [EventRow(**row._mapping) for row in rows]


def _use(row: Row[Any], *, throttled: bool) -> LimitUse:
    kind = (row.meter, row.aggregation, row.resets)
    if row.most is None:
        return LimitUse(*kind, row.value, None, None, True, row.seen_at)
    left = allowance(row.value, in_force(row.most, throttled=throttled))
    return LimitUse(*kind, row.value, left.limit, left.remaining, left.allowed, row.seen_at)
