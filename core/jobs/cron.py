"""Schedules as cron text, read on the local calendar; pure (OPS).

A time that the clock skips in spring is taken when the clock has jumped; a time that comes twice
in autumn is taken the first time. What runs in every hour follows real time instead, so that it
neither pauses nor doubles.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import get_day_names, get_month_names

from core.errors import BadInput

LONGEST = 100
FURTHEST_DAYS = 366 * 8 + 1
"""How far a schedule is looked ahead: 29 February comes back after eight years at most."""
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7))
_EVERY = frozenset(range(24))
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd", 21: "21st", 22: "22nd", 23: "23rd", 31: "31st"}


@dataclass(frozen=True)
class Cron:
    """A schedule: the minutes, hours, days, months and weekdays (Sunday is 0) it names."""

    text: str
    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    any_day: bool
    any_weekday: bool

    def names(self, day: date) -> bool:
        """Whether it runs on a day; with day and weekday both given either will do, as in cron."""
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        if day.month not in self.months:
            return False
        if self.any_day or self.any_weekday:
            return by_day and by_weekday
        return by_day or by_weekday


@lru_cache(maxsize=128)
def parse(text: str) -> Cron:
    """Cron text of five fields with ``*``, lists, ranges and steps; raises BadInput saying where.

    Text that names no day at all, such as 30 February, is refused too.
    """
    parts = text.split()
    if len(text) > LONGEST or len(parts) != len(_FIELDS):
        raise BadInput(f"{text[:LONGEST]!r} is not a schedule of minute, hour, day, month, weekday")
    found = [
        _field(part, name, low, high)
        for part, (name, low, high) in zip(parts, _FIELDS, strict=True)
    ]
    minutes, hours, days, months, weekdays = found
    cron = Cron(
        " ".join(parts),
        minutes,
        hours,
        days,
        months,
        frozenset(number % 7 for number in weekdays),
        any_day=parts[2].startswith("*"),
        any_weekday=parts[4].startswith("*"),
    )
    leap = date(2028, 1, 1)
    if not any(cron.names(leap + timedelta(days=n)) for n in range(366)):
        raise BadInput(f"{text!r} names a day that never comes")
    return cron


def next_after(cron: Cron, instant: datetime, timezone: str) -> datetime:
    """The first time it runs after an instant, UTC."""
    day = instant.astimezone(ZoneInfo(timezone)).date() - timedelta(days=1)
    for step in range(FURTHEST_DAYS):
        for slot in _slots(cron, day + timedelta(days=step), timezone):
            if slot > instant:
                return slot
    raise AssertionError("a schedule names a day within eight years")


def last_until(cron: Cron, since: datetime, until: datetime, timezone: str) -> datetime | None:
    """The last time it runs in `(since, until]`, UTC; None when there is none."""
    zone = ZoneInfo(timezone)
    day, first = (at.astimezone(zone).date() for at in (until, since))
    while day >= first - timedelta(days=1):
        slots = _slots(cron, day, timezone)
        place = bisect_right(slots, until)
        if place:
            return slots[place - 1] if slots[place - 1] > since else None
        day -= timedelta(days=1)
    return None


def in_words(cron: Cron) -> str:
    """The schedule as people say it: ``daily at 01:00``, ``every 5 minutes``."""
    day = _days_in_words(cron)
    times = _times_in_words(cron)
    if times is None or " or " in day:
        return f"cron {cron.text}"
    if not times.startswith("at "):
        return f"{times} {day}".strip()
    return f"{day or 'daily'} {times}"


def _field(part: str, name: str, low: int, high: int) -> frozenset[int]:
    found: set[int] = set()
    for piece in part.split(","):
        spread, slash, step = piece.partition("/")
        first, dash, last = ("*", "", "") if spread == "*" else spread.partition("-")
        if spread == "*":
            begin, end = low, min(high, 6) if name == "weekday" else high
        else:
            begin = _number(first, name, low, high)
            end = _number(last, name, low, high) if dash else (high if slash else begin)
        if begin > end:
            raise BadInput(f"The {name} {piece!r} runs backwards")
        found.update(range(begin, end + 1, _number(step, name, 1, high) if slash else 1))
    return frozenset(found)


def _number(text: str, name: str, low: int, high: int) -> int:
    if not (text.isascii() and text.isdecimal()) or not low <= int(text) <= high:
        raise BadInput(f"The {name} is a number from {low} to {high}, not {text!r}")
    return int(text)


@lru_cache(maxsize=256)
def _slots(cron: Cron, day: date, timezone: str) -> tuple[datetime, ...]:
    """The instants of a local day, in order."""
    if not cron.names(day):
        return ()
    zone = ZoneInfo(timezone)
    folds = (0, 1) if cron.hours == _EVERY else (0,)
    found = set()
    for hour in cron.hours:
        for minute in cron.minutes:
            for fold in folds:
                local = datetime.combine(day, time(hour, minute, fold=fold), zone)
                found.add(local.astimezone(UTC))
    return tuple(sorted(found))


def _times_in_words(cron: Cron) -> str | None:
    minutes, hours = sorted(cron.minutes), sorted(cron.hours)
    if cron.hours == _EVERY:
        step = minutes[1] - minutes[0] if len(minutes) > 1 else 60
        if minutes == list(range(0, 60, step)) and 60 % step == 0 and step < 60:
            return "every minute" if step == 1 else f"every {step} minutes"
        return f"every hour at :{minutes[0]:02}" if len(minutes) == 1 else None
    if len(minutes) * len(hours) > 4:
        return None
    return "at " + _listed([f"{hour:02}:{minute:02}" for hour in hours for minute in minutes])


def _days_in_words(cron: Cron) -> str:
    words = []
    if len(cron.weekdays) < 7:
        words.append("on " + _weekdays_in_words(sorted((n - 1) % 7 for n in cron.weekdays)))
    if len(cron.days) < 31:
        words.append("on the " + _listed([_ORDINALS.get(n, f"{n}th") for n in sorted(cron.days)]))
    told = " or ".join(words)
    if len(cron.months) == 12:
        return "monthly " * (len(cron.days) < 31) + told
    months = get_month_names("wide", locale="en")
    of_months = _listed([months[n] for n in sorted(cron.months)])
    return f"{told} of {of_months}" if told else f"in {of_months}"


def _weekdays_in_words(days: list[int]) -> str:
    """Days of the week in order, Monday is 0."""
    names = get_day_names("wide", locale="en")
    return "weekdays" if days == [*range(5)] else _listed([names[day] + "s" for day in days])


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
