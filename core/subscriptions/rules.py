"""Periods, proration, recurring revenue and allowed moves of subscriptions; pure (SUB.2–4)."""

from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

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
class Share:
    """The part of a period that is left, as a fraction, and how to say it."""

    left: int
    whole: int
    basis: str


def _actual_days(start: date, end: date, on: date) -> Share:
    """Whole local days left of the days of the period; the day of the change is the new plan's."""
    left, whole = (end - on).days, (end - start).days
    return Share(left, whole, f"{left} of {whole} days")


def _none(_start: date, _end: date, _on: date) -> Share:
    return Share(0, 1, "no proration")


POLICIES: dict[str, Callable[[date, date, date], Share]] = {
    "actual_days": _actual_days,
    "none": _none,
}


def prorate(
    old_minor: int,
    new_minor: int,
    start: date,
    end: date,
    on: date,
    *,
    policy: str = DEFAULT_POLICY,
    creditable_minor: int | None = None,
) -> Proration:
    """Credit of the old price and charge of the new one for the rest of `[start, end)`.

    Each leg is rounded once; the credit is at most `creditable_minor`, what was paid for the
    period less what was credited. Raises BadInput on an unknown policy or a day outside.
    """
    if policy not in POLICIES:
        raise BadInput(f"There is no proration policy {policy!r}")
    if not start <= on < end:
        raise BadInput(f"{on} is not within the period from {start} to {end}")
    share = POLICIES[policy](start, end, on)
    credit = round_half_up(old_minor * share.left, share.whole)
    debit = round_half_up(new_minor * share.left, share.whole)
    if creditable_minor is not None:
        credit = min(credit, max(creditable_minor, 0))
    return Proration(credit, debit, policy, share.basis)


def check_move(before: str, after: str) -> None:
    """Raise NotNow unless a subscription may go from one status to the other."""
    if after not in MOVES[before]:
        raise NotNow(f"A subscription does not go from {before} to {after}")
