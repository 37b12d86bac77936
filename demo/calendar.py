"""Days of the simulation: months, banking days, local times as instants."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


def days(start: date, end: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for n in range((end - start).days + 1):
        yield start + n * DAY


def month_of(day: date) -> date:
    """The first day of a day's month."""
    return day.replace(day=1)


def months_before(day: date, months: int) -> date:
    """The first day of the month that many months earlier."""
    index = day.year * 12 + day.month - 1 - months
    return date(index // 12, index % 12 + 1, 1)


def months_between(first: date, later: date) -> int:
    """Whole calendar months from one day's month to another's."""
    return (later.year - first.year) * 12 + later.month - first.month


def is_banking_day(day: date) -> bool:
    """Monday to Friday, without the fixed holidays on which no bank books."""
    return day.weekday() < 5 and (day.month, day.day) not in ((1, 1), (5, 1), (12, 25), (12, 26))


def banking_day(day: date) -> date:
    """The day itself, or the next banking day."""
    while not is_banking_day(day):
        day += DAY
    return day


def instant(day: date, at: time, timezone: str) -> datetime:
    """A local time of a day as an instant in UTC."""
    return datetime.combine(day, at, ZoneInfo(timezone)).astimezone(UTC)
