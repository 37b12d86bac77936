"""Billing periods as half-open instants, from an anchor in local wall time; pure (SUB.4)."""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from core.errors import BadInput
from core.subscriptions.rules import FIXED_DAYS, MONTHS, boundary

MOST_PERIODS = 1_200
"""How many periods one question may ask for."""


@dataclass(frozen=True)
class Period:
    """The n-th period of an anchor, counted from 1: `[start, end)` in UTC.

    `start_on` and `end_on` are the local calendar days the boundaries were computed for.
    """

    n: int
    start: datetime
    end: datetime
    start_on: date
    end_on: date

    @property
    def last_day(self) -> date:
        """The last day people are shown."""
        return self.end_on - timedelta(days=1)

    @property
    def days(self) -> int:
        """Local calendar days; one of 23 or 25 hours is a day."""
        return (self.end_on - self.start_on).days


def period_bounds(
    anchor: datetime, cycle: str, n: int, timezone: str, *, fixed_days: bool = False
) -> Period:
    """The n-th period, at the anchor's wall time each time; `anchor` is local, without offset.

    Raises BadInput on an unknown cycle.
    """
    if cycle not in FIXED_DAYS:
        raise BadInput(f"There is no cycle {cycle!r}; there are {', '.join(FIXED_DAYS)}")
    start_on = start_day(anchor.date(), cycle, n - 1, fixed_days=fixed_days)
    end_on = start_day(anchor.date(), cycle, n, fixed_days=fixed_days)
    start = instant_of(datetime.combine(start_on, anchor.time()), timezone)
    end = instant_of(datetime.combine(end_on, anchor.time()), timezone)
    return Period(n, start, end, start_on, end_on)


def first_periods(
    anchor: datetime, cycle: str, count: int, timezone: str, *, fixed_days: bool = False
) -> list[Period]:
    """The first periods of an anchor in order, each beginning as the one before it ends."""
    if not 1 <= count <= MOST_PERIODS:
        raise BadInput(f"Ask for 1 to {MOST_PERIODS} periods, not {count}")
    return [
        period_bounds(anchor, cycle, n, timezone, fixed_days=fixed_days)
        for n in range(1, count + 1)
    ]


def start_day(anchor: date, cycle: str, n: int, *, fixed_days: bool = False) -> date:
    """The day n periods after the anchor, always counted from the anchor itself."""
    if fixed_days or cycle == "weekly":
        return anchor + timedelta(days=FIXED_DAYS[cycle] * n)
    return boundary(anchor, MONTHS[cycle], n)


def instant_of(wall: datetime, timezone: str) -> datetime:
    """The UTC instant at which local clocks show a wall time, given without offset.

    The earlier one of a time shown twice; the first instant after the gap of one never shown.
    """
    zone = ZoneInfo(timezone)
    early, late = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if early <= late:
        return early
    return _gap_end(late, early, zone)


def _gap_end(before: datetime, after: datetime, zone: ZoneInfo) -> datetime:
    """The second between the two instants with which the zone's offset changes."""
    first = before.replace(microsecond=0)
    old = first.astimezone(zone).utcoffset()

    def changed(seconds: int) -> bool:
        return (first + timedelta(seconds=seconds)).astimezone(zone).utcoffset() != old

    span = range((after - first) // timedelta(seconds=1) + 1)
    return first + timedelta(seconds=bisect_left(span, True, key=changed))
