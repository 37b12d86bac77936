"""Usage periods from a subscription's anchor, and how meters read; pure (USE.1, USE.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from core.plans.models import UNLIMITED
from core.subscriptions.rules import FIXED_DAYS, month_step

LONGEST_PERIOD = timedelta(days=31)


@dataclass(frozen=True)
class Span:
    """Local days `[start, end)`."""

    start: date
    end: date


@dataclass(frozen=True)
class Calendar:
    """How a tenant's usage periods run: months on an anchor day, or a number of days.

    Periods of days count from `origin`. No period crosses one of the `cuts`: days on which a
    subscription or its billing period began or ended.
    """

    origin: date
    anchor_day: int
    days: int | None = None
    cuts: tuple[date, ...] = ()


BY_MONTH = Calendar(date(2000, 1, 1), 1)
"""Calendar months, for a tenant without a subscription."""


def calendar_of(
    cycle: str,
    anchor_day: int,
    started_on: date,
    current: tuple[date | None, date | None],
    *,
    fixed_days: bool = False,
    ended_on: date | None = None,
) -> Calendar:
    """A subscription's calendar: a month on its anchor also for longer cycles.

    A weekly plan has periods of 7 days and a plan of fixed days of 30, the last one of a billing
    period shorter. `current` is the billing period; `ended_on` the end of this or an earlier one.
    """
    start, end = current
    days = FIXED_DAYS["weekly"] if cycle == "weekly" else FIXED_DAYS["monthly"]
    stepped = fixed_days or cycle == "weekly"
    cuts = {started_on, start, ended_on, end if stepped else None}
    return Calendar(
        start or started_on,
        anchor_day,
        days if stepped else None,
        tuple(sorted(cut for cut in cuts if cut is not None)),
    )


def natural(calendar: Calendar, day: date) -> Span:
    """The whole period around a day, before any cut."""
    if calendar.days is not None:
        step = timedelta(days=calendar.days)
        start = calendar.origin + (day - calendar.origin) // step * step
        return Span(start, start + step)
    start = month_step(day, 0, calendar.anchor_day)
    if start > day:
        start = month_step(start, -1, calendar.anchor_day)
    return Span(start, month_step(start, 1, calendar.anchor_day))


def span_at(calendar: Calendar, day: date, known: Sequence[Span]) -> Span:
    """The period of a day: a known one, else the natural one between its neighbours and cuts."""
    earlier = max((k for k in known if k.start <= day), key=lambda k: k.start, default=None)
    cut = max((c for c in calendar.cuts if c <= day), default=None)
    if earlier and day < earlier.end and (cut is None or cut <= earlier.start):
        found = earlier
    else:
        whole = natural(calendar, day)
        after = earlier.end if earlier and earlier.end <= day else whole.start
        found = Span(max(whole.start, after, cut or whole.start), whole.end)
    later = [c for c in calendar.cuts if c > day] + [k.start for k in known if k.start > day]
    return Span(found.start, min([found.end, *later]))


def spans_between(
    calendar: Calendar, first: date, until: date, known: Sequence[Span]
) -> list[Span]:
    """The periods that start on or after the one of `first` and end by `until`, in order."""
    spans = []
    day = first
    while day < until:
        span = span_at(calendar, day, known)
        if span.end > until:
            break
        spans.append(span)
        day = span.end
    return spans


@dataclass(frozen=True)
class Allowance:
    """What may be used of a limit; −1 as `limit` and `remaining` means without limit."""

    allowed: bool
    current: Decimal
    limit: int
    remaining: Decimal


def allowance(current: Decimal, limit: int) -> Allowance:
    """Allowed while anything is left (USE.2)."""
    if limit == UNLIMITED:
        return Allowance(True, current, UNLIMITED, Decimal(UNLIMITED))
    left = max(limit - current, Decimal(0))
    return Allowance(left > 0, current, limit, left)
