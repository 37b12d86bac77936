"""May a tenant use more of a limit, and taking from it so that nobody takes too much (USE.2)."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text

from core.access.decision import THROTTLED, in_force
from core.base import LARGEST_ID
from core.errors import BadInput, NotAllowed, NotFound
from core.plans.queries import plan_by_slug
from core.usage.counting import Kind, UsageEvent, add_events, take
from core.usage.ingesting import admit, checked, place_events
from core.usage.models import ALWAYS
from core.usage.models import UsageEvent as KnownEvent
from core.usage.periods import SITUATION, Place, Situation, situation_of_row, situations
from core.usage.rules import LONGEST_PERIOD, Allowance, Span, allowance, span_at
from core.work import Work

_ASKED = text(
    SITUATION.format(
        columns=f""",
  d.id as default_plan_id, l.quantity as most, m.aggregation, m.resets, c.value as level,
  {THROTTLED} as throttled""",
        joins="""
left join plan d on d.slug = :default_plan
left join plan_limit l on l.plan_id = coalesce(s.plan_id, d.id) and l.name = :limit
left join meter m on m.name = :limit
left join usage_counter c on c.tenant_id = t.id and c.meter = m.name and m.resets = 'never'
  and c.period_start = :always and c.window_start = :always""",
    )
)
_COUNTED = text("""
-- What was counted of a meter in each period, or in each of them today? One row per period.
select p.period_start, p.period_end, c.value
from usage_period p
left join usage_counter c on c.tenant_id = p.tenant_id and c.meter = :meter
  and c.period_start = p.period_start
  and c.window_start = case when cast(:day as date) is null then p.period_start else :day end
where p.tenant_id = :tenant_id and p.period_end > :since
""")


@dataclass(frozen=True)
class Taken:
    """The limit after units were taken, or not because they do not fit."""

    taken: bool
    allowance: Allowance


def check(work: Work, tenant_id: int, limit: str) -> Allowance:
    """How much of a limit is used and left, by the plan of the tenant's subscription.

    A tenant without one has the limits of the default plan; while an overdue invoice throttles the
    tenant, half of each holds, as in its access (USE.4). Needs `billing.read`, of one's own
    tenant `org.billing.read`. Raises NotFound, NotAllowed.
    """
    admit_reading(work, tenant_id)
    asked = _ask(work, tenant_id, limit)
    return allowance(_current(work, asked, limit), asked.most)


def consume(
    work: Work,
    tenant_id: int,
    limit: str,
    event_id: str,
    quantity: Decimal = Decimal(1),
    *,
    subject: str | None = None,
) -> Taken:
    """Take units of a limit if all of them fit, as one step; nothing is written otherwise.

    The same event id again takes nothing more and answers that it was taken. Of a level such as
    `max_users` the units are added to it. Raises NotFound, NotAllowed, BadInput.
    """
    admit(work, tenant_id)
    event = UsageEvent(tenant_id, event_id, limit, work.now, quantity, subject)
    most = _ask(work, tenant_id, limit).most
    kinds, found = checked(work, [event])
    kind = kinds[limit]
    if quantity <= 0 or (kind.aggregation in ("count", "unique") and quantity != 1):
        raise BadInput(f"{quantity} units of {limit} cannot be taken")
    (placed,) = place_events(work, kinds, found, [event])
    taken = _take(work, placed, kind, most)
    asked = _ask(work, tenant_id, limit)
    return Taken(taken, allowance(_current(work, asked, limit), asked.most))


def admit_reading(work: Work, tenant_id: int) -> None:
    """Raise NotAllowed unless the actor may see the usage of a tenant."""
    own = work.standing.tenant_id
    work.require("billing.read" if own is None else "org.billing.read")
    if own not in (None, tenant_id):
        raise NotAllowed("Usage of another organisation cannot be seen")


def situation_of(work: Work, tenant_id: int) -> Situation:
    """How a tenant's usage runs. Raises NotFound."""
    found = situations(work, [tenant_id]) if 0 < tenant_id <= LARGEST_ID else {}
    if tenant_id not in found:
        raise NotFound(f"There is no tenant {tenant_id}")
    return found[tenant_id]


def plan_of(work: Work, situation: Situation) -> int:
    """The plan whose limits hold: the subscription's, else the default one. Raises NotFound."""
    if situation.plan_id is not None:
        return situation.plan_id
    return plan_by_slug(work, work.settings.default_plan).id


def _take(work: Work, placed: tuple[UsageEvent, Kind, Place], kind: Kind, most: int) -> bool:
    event = placed[0]
    step = work.session.begin_nested()
    if not add_events(work, [placed], is_change=kind.resets == "never"):
        step.commit()
        _same_or_refused(work, event)
        return True
    if take(work, placed, most):
        step.commit()
        return True
    step.rollback()
    return False


def _same_or_refused(work: Work, event: UsageEvent) -> None:
    known = work.session.get_one(KnownEvent, (event.tenant_id, event.event_id))
    if (known.meter, known.quantity, known.subject) != (
        event.meter,
        event.quantity,
        event.subject,
    ):
        raise BadInput(f"The event {event.event_id} is known with another content")


@dataclass(frozen=True)
class Asked:
    """A tenant's limit in force, how it is measured, and of a level what was reported."""

    situation: Situation
    most: int
    kind: Kind
    level: Decimal


def _ask(work: Work, tenant_id: int, limit: str) -> Asked:
    """A tenant's limit. Raises NotFound."""
    if not limit.isprintable():
        raise NotFound(f"There is no limit {limit!r}")
    row = work.session.execute(
        _ASKED,
        {
            "tenant_ids": [tenant_id] if 0 < tenant_id <= LARGEST_ID else [],
            "default_plan": work.settings.default_plan,
            "limit": limit,
            "always": ALWAYS,
        },
    ).one_or_none()
    if row is None:
        raise NotFound(f"There is no tenant {tenant_id}")
    if row.plan_id is None and row.default_plan_id is None:
        raise NotFound(f"There is no plan {work.settings.default_plan}")
    if row.most is None:
        raise NotFound(f"The tenant's plan has no limit {limit!r}")
    if row.resets is None:
        raise NotFound(f"Nothing measures {limit}: there is no meter of that name")
    kind = Kind(row.aggregation, row.resets)
    most = in_force(row.most, throttled=row.throttled)
    return Asked(situation_of_row(row), most, kind, row.level or Decimal(0))


def _current(work: Work, asked: Asked, meter: str) -> Decimal:
    """What the meter's counter of today shows."""
    if asked.kind.resets == "never":
        return asked.level
    rows = work.session.execute(
        _COUNTED,
        {
            "tenant_id": asked.situation.tenant_id,
            "meter": meter,
            "day": work.today if asked.kind.resets == "day" else None,
            "since": work.today - LONGEST_PERIOD,
        },
    ).all()
    known = [Span(row.period_start, row.period_end) for row in rows]
    start = span_at(asked.situation.calendar, work.today, known).start
    return next((r.value for r in rows if r.period_start == start and r.value), Decimal(0))
