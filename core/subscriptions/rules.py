"""Periods, proration, recurring revenue and allowed moves of subscriptions; pure (SUB.2–4)."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from core.clock import local_date, start_of_day
from core.errors import BadInput, NotNow
from core.money import round_half_up

MONTHS = {"monthly": 1, "quarterly": 3, "semiannual": 6, "annual": 12}
FIXED_DAYS = {"weekly": 7, "monthly": 30, "quarterly": 90, "semiannual": 180, "annual": 365}
_MONTHLY = {
    "weekly": (52, 12),
    "monthly": (1, 1),
    "quarterly": (1, 3),
    "semiannual": (1, 6),
    "annual": (1, 12),
}
MOVES: dict[str, tuple[str, ...]] = {
    "trial": ("active", "past_due", "grace_period", "cancelled"),
    "active": ("past_due", "grace_period", "paused", "suspended", "cancelled"),
    "past_due": ("active", "grace_period", "read_only", "unpaid", "suspended", "cancelled"),
    "grace_period": ("active", "read_only", "unpaid", "suspended", "cancelled"),
    "read_only": ("active", "suspended", "cancelled"),
    "unpaid": ("active", "suspended", "cancelled"),
    "paused": ("active", "suspended", "cancelled"),
    "suspended": ("active", "read_only", "cancelled"),
    "cancelled": (),
}
DEFAULT_POLICY = "actual_days"


def boundary(anchor: date, months: int, n: int) -> date:
    """Start of the n-th period, always from the stored anchor, never from the previous start."""
    return month_step(anchor, months * n, anchor.day)


def month_step(day: date, months: int, anchor_day: int) -> date:
    """The anchor day of the month that many months later; a short month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(anchor_day, monthrange(year, month + 1)[1]))


def period_end(start: date, cycle: str, anchor_day: int, *, fixed_days: bool = False) -> date:
    """The day after a period's last one: a calendar anniversary, or fixed days if the plan says so.

    `start` may be clamped to a short month; the anchor day brings the 31st back.
    """
    if fixed_days or cycle == "weekly":
        return start + timedelta(days=FIXED_DAYS[cycle])
    return month_step(start, MONTHS[cycle], anchor_day)


def monthly_minor(amount_minor: int, cycle: str) -> int:
    """The monthly value of an amount per cycle; weeks count 52 to the year."""
    numerator, denominator = _MONTHLY[cycle]
    return round_half_up(amount_minor * numerator, denominator)


def rescaled(amount_minor: int, cycle: str, other: str) -> int:
    """An amount per cycle as one per another cycle, at the same monthly price."""
    (old, old_by), (new, new_by) = _MONTHLY[cycle], _MONTHLY[other]
    return round_half_up(amount_minor * old * new_by, old_by * new)


@dataclass(frozen=True)
class Proration:
    """What a change in the middle of a period credits and charges, in minor units."""

    credit_minor: int
    debit_minor: int
    policy: str
    basis: str

    @property
    def net_minor(self) -> int:
        """What the change costs now; negative when the credit is larger."""
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True)
class Moment:
    """A point of a period: the local day and the instant in UTC; a day is its first instant."""

    on: date
    at: datetime


@dataclass(frozen=True)
class Share:
    """The part of a period that is left, as a fraction of at most 1, and how to say it."""

    left: int
    whole: int
    basis: str


def _actual_days(start: Moment, end: Moment, change: Moment) -> Share:
    """Whole local days left of the days of the period; the day of the change is the new plan's."""
    left, whole = (end.on - change.on).days, (end.on - start.on).days
    return Share(left, whole, f"{left} of {whole} days")


def _elapsed_time(start: Moment, end: Moment, change: Moment) -> Share:
    """Whole seconds left of the seconds of the period."""
    second = timedelta(seconds=1)
    left, whole = (end.at - change.at) // second, (end.at - start.at) // second
    return Share(left, whole, f"{left} of {whole} seconds")


def _fixed_30(start: Moment, end: Moment, change: Moment) -> Share:
    """Days left by 30/360 of 30 for each month of the period, at most all of them.

    The months are the nearest whole number, at least one, so the rest of a broken month counts
    against a month. A whole cycle is all of itself from its start, also where February cuts it
    short. A week has no month; it counts its seven days.
    """
    if (end.on - start.on).days == FIXED_DAYS["weekly"]:
        return _actual_days(start, end, change)
    whole = 30 * max(1, round_half_up(_days_360(start.on, end.on), 30))
    left = min(_days_360(change.on, end.on), whole)
    if change.on == start.on and _is_cycle(start.on, end.on):
        left = whole
    return Share(left, whole, f"{left} of {whole} days, each month as 30")


def _days_360(start: date, end: date) -> int:
    """30 for each month between two days and the difference of their days of the month."""
    return 30 * _months_apart(start, end) + end.day - start.day


def _months_apart(start: date, end: date) -> int:
    return 12 * (end.year - start.year) + end.month - start.month


def _is_cycle(start: date, end: date) -> bool:
    """True for a period that ends on its start's anniversary, and for a cycle of fixed days."""
    anniversary = month_step(start, _months_apart(start, end), start.day)
    return end == anniversary or (end - start).days in FIXED_DAYS.values()


def _none(_start: Moment, _end: Moment, _change: Moment) -> Share:
    return Share(0, 1, "no proration")


POLICIES: dict[str, Callable[[Moment, Moment, Moment], Share]] = {
    "actual_days": _actual_days,
    "elapsed_time": _elapsed_time,
    "fixed_30": _fixed_30,
    "none": _none,
}


def prorate(
    old_minor: int,
    new_minor: int,
    start: date,
    end: date,
    at: date,
    *,
    policy: str = DEFAULT_POLICY,
    creditable_minor: int | None = None,
    timezone: str = "UTC",
) -> Proration:
    """Credit of the old price and charge of the new one for the rest of `[start, end)`.

    The three points are local days, or aware instants whose days are those of `timezone`;
    `elapsed_time` needs the instant of the change. Each leg is rounded once, half away from zero;
    the credit is at most `creditable_minor`, what was paid for the period less what was credited.
    Raises BadInput on an unknown policy, a negative amount or a change outside the period.
    """
    if policy not in POLICIES:
        raise BadInput(f"There is no proration policy {policy!r}; there are {', '.join(POLICIES)}")
    if min(old_minor, new_minor) < 0:
        raise BadInput("A price is not negative")
    if policy == "elapsed_time" and not isinstance(at, datetime):
        raise BadInput(f"elapsed_time needs the instant of the change, not the day {at}")
    first, last, change = (_moment(point, timezone) for point in (start, end, at))
    if not first.at <= change.at < last.at:
        raise BadInput(f"{at} is not within the period from {start} to {end}")
    share = POLICIES[policy](first, last, change)
    if share.whole == 0:
        raise BadInput(f"The period from {start} to {end} is too short for {policy}")
    credit = round_half_up(old_minor * share.left, share.whole)
    debit = round_half_up(new_minor * share.left, share.whole)
    if creditable_minor is not None:
        credit = min(credit, max(creditable_minor, 0))
    return Proration(credit, debit, policy, share.basis)


def _moment(point: date, timezone: str) -> Moment:
    if isinstance(point, datetime):
        assert point.tzinfo is not None, "an instant has an offset"
        return Moment(local_date(point, timezone), point.astimezone(UTC))
    return Moment(point, start_of_day(point, timezone))


def check_move(before: str, after: str) -> None:
    """Raise NotNow unless a subscription may go from one status to the other."""
    if after not in MOVES[before]:
        raise NotNow(f"A subscription does not go from {before} to {after}")
