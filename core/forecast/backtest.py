"""The forecast tried on the past: at each month end only with what was known then; pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from types import MappingProxyType

import numpy as np

from core.forecast.behaviour import HISTORY_DAYS, USUAL, WEEK, Behaviour, Beliefs
from core.forecast.draws import Orders, Range, seeds_of
from core.forecast.invoices import NEVER, Bills, Known, Whole, known_on
from core.forecast.receipts import Open, Weeks, still_open, weeks_of
from core.forecast.rounding import parts_of

HORIZONS = (4, 13)
"""Weeks over which forecasts are compared with what came."""
ORIGINS = 12
"""Month ends tried."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One month end and horizon: forecast, range, the naive forecast, and what came on the invoices
    open on that day; minor units. The misses add up each week's difference, whichever its sign.
    """

    day: date
    weeks: int
    expected_minor: int
    range: Range
    naive_minor: int
    came_minor: int
    missed_minor: int
    naive_missed_minor: int

    @property
    def held(self) -> bool:
        """Whether what came lay within P10 to P90."""
        return self.range.low_minor <= self.came_minor <= self.range.high_minor


@dataclass(frozen=True, slots=True)
class Tried:
    """The trials of a month end by currency, and the digest of the facts they were made from."""

    facts: str
    trials: dict[str, list[Trial]]


@dataclass(frozen=True, slots=True)
class Score:
    """All trials of a horizon: the miss of the weeks over what came; None when nothing came."""

    weeks: int
    trials: int
    error: Fraction | None
    naive_error: Fraction | None
    total_error: Fraction | None
    naive_total_error: Fraction | None
    held: int


def month_ends(until: date, count: int) -> list[date]:
    """The last month ends up to a day, oldest first."""
    found, day = [], until + timedelta(days=1)
    for _ in range(count):
        day = day.replace(day=1) - timedelta(days=1)
        found.append(day)
    return found[::-1]


def back_test(
    bills: Bills,
    today: date,
    orders: Orders,
    origins: int = ORIGINS,
    beliefs: Beliefs = USUAL,
    before: Mapping[str, Tried] = MappingProxyType({}),
) -> list[Tried]:
    """Trials of the last month ends whose weeks are over by `today`, oldest first.

    Behaviour is learnt from all invoices, whatever their currency. What was tried before from the
    same facts, by their digest, is not tried again.
    """
    tried = []
    for day in month_ends(today - timedelta(days=WEEK * min(HORIZONS)), origins):
        over = [weeks for weeks in HORIZONS if day + timedelta(days=WEEK * weeks) <= today]
        known = known_on(bills, day)
        facts = _facts(bills, known, orders, beliefs, over)
        found = before.get(facts)
        if found is None:
            found = Tried(facts, _trials(bills, known, orders, beliefs, over))
        tried.append(found)
    return tried


def by_currency(tried: Iterable[Tried], currency: str) -> list[Trial]:
    """The trials of one currency."""
    return [trial for each in tried for trial in each.trials.get(currency, ())]


def _facts(
    bills: Bills, known: Known, orders: Orders, beliefs: Beliefs, over: Sequence[int]
) -> str:
    """A digest of all that the trials of a day are made from: nothing later can change them."""
    today, until = known.today, known.today + WEEK * max(over)
    chosen = (bills.issued_on <= today) & (
        (known.owed_minor > 0) | (bills.due_on >= today - HISTORY_DAYS)
    )
    closed = bills.closed_on <= today
    paid = np.repeat(chosen, np.diff(bills.paid_from)) & (bills.paid_on <= until)
    digest = hashlib.blake2b(f"{known.day}|{over}|{beliefs}".encode(), digest_size=20)
    for column in (
        orders.seeds[bills.customer],
        seeds_of(bills.countries)[bills.country],
        seeds_of(bills.currencies)[bills.currency],
        bills.issued_on,
        bills.due_on,
        bills.total_minor,
        np.where(closed, bills.closed_on, NEVER),
        bills.void & closed,
        bills.at_once,
        bills.summed(bills.paid_on <= until),
    ):
        digest.update(column[chosen].tobytes())
    for column in (bills.paid_on, bills.paid_minor, bills.paid_cash):
        digest.update(column[paid].tobytes())
    return digest.hexdigest()


def _trials(
    bills: Bills, known: Known, orders: Orders, beliefs: Beliefs, over: Sequence[int]
) -> dict[str, list[Trial]]:
    """The trials of a day by currency; none where too little was settled by then."""
    behaviour = Behaviour(bills, known, beliefs)
    if behaviour.settled < beliefs.least_settled:
        return {}
    still = still_open(bills, known, {})
    by_week, _ = behaviour.paid_by(still.place, max(over), ever=False)
    weeks_minor = np.diff(parts_of(still.open_minor, by_week), axis=1, prepend=0)
    trials = {}
    for code, currency in enumerate(bills.currencies):
        own = bills.currency[still.place] == code
        if own.any():
            theirs = still.those(own)
            made = weeks_of(bills, known, theirs, weeks_minor[own], by_week[own], orders)
            came = _came(bills, known, theirs, max(over))
            trials[currency] = [_trial(known.day, made, came, weeks) for weeks in over]
    return trials


def score(trials: Sequence[Trial], weeks: int) -> Score:
    """How a horizon did over all trials."""
    chosen = [trial for trial in trials if trial.weeks == weeks]
    came = sum(trial.came_minor for trial in chosen)

    def over_came(miss: int) -> Fraction | None:
        return Fraction(miss, came) if came > 0 else None

    return Score(
        weeks,
        len(chosen),
        over_came(sum(trial.missed_minor for trial in chosen)),
        over_came(sum(trial.naive_missed_minor for trial in chosen)),
        over_came(sum(abs(trial.expected_minor - trial.came_minor) for trial in chosen)),
        over_came(sum(abs(trial.naive_minor - trial.came_minor) for trial in chosen)),
        sum(trial.held for trial in chosen),
    )


def _came(bills: Bills, known: Known, still: Open, weeks: int) -> list[int]:
    """The money that came in each week on invoices; less what was taken back."""
    awaited = np.zeros(len(bills.due_on), np.bool_)
    awaited[still.place] = True
    week = (bills.paid_on - known.today - 1) // WEEK
    counts = bills.paid_cash & (week >= 0) & (week < weeks)
    counts &= np.repeat(awaited, np.diff(bills.paid_from))
    sums: Whole = np.zeros(weeks, np.int64)
    np.add.at(sums, week[counts], bills.paid_minor[counts])
    return [int(minor) for minor in sums]


def _trial(day: date, made: Weeks, all_came: Sequence[int], weeks: int) -> Trial:
    chosen, came = made.weeks[:weeks], all_came[:weeks]
    return Trial(
        day,
        weeks,
        made.expected_minor(weeks),
        made.within[weeks - 1],
        made.naive_minor(weeks),
        sum(came),
        sum(abs(week.expected_minor - got) for week, got in zip(chosen, came, strict=True)),
        sum(abs(week.naive_minor - got) for week, got in zip(chosen, came, strict=True)),
    )
