"""Time is an argument: a clock is handed in, never read inside."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

CLOCKS_DIFFER = timedelta(minutes=5)
"""By how much the clocks of machines may differ; what is later than that was written ahead of time.
"""
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2999, 12, 31)
"""Days that may be asked for; every engine can count months and years on from each of them."""


class Clock(Protocol):
    """Tells the current instant in UTC."""

    def now(self) -> datetime:
        """The instant, aware, in UTC."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The instant of the machine."""
        return datetime.now(UTC)


@dataclass
class SetClock:
    """A clock that stands where it was put; simulations and tests move it."""

    at: datetime

    def now(self) -> datetime:
        """The instant it was put on."""
        return self.at

    def move_to(self, at: datetime) -> None:
        """Put the clock on another instant."""
        self.at = at.astimezone(UTC)

    def advance(self, step: timedelta) -> None:
        """Move the clock forward."""
        self.at += step


def local_date(instant: datetime, timezone: str) -> date:
    """The calendar date of an instant in the billing time zone."""
    return instant.astimezone(ZoneInfo(timezone)).date()


def day_of(text: str) -> date:
    """A day such as `2026-10-31`. Raises ValueError for what is none, and for one too far away."""
    return within_reach(date.fromisoformat(text))


def within_reach(day: date) -> date:
    """The day itself. Raises ValueError when it is too far away to be meant."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise ValueError(f"{day} is not within the years {FIRST_DAY.year} to {LAST_DAY.year}")
    return day


def start_of_day(day: date, timezone: str) -> datetime:
    """The first instant of a local day, in UTC, also where its midnight does not exist."""
    return datetime.combine(day, time(), ZoneInfo(timezone)).astimezone(UTC)
