"""The forecast tried on the past: at each month end only with what was known then; pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np

from core.forecast.behaviour import USUAL, WEEK, Behaviour, Beliefs
from core.forecast.draws import Orders, Range
from core.forecast.facts import Facts
from core.forecast.invoices import Bills, Known, Whole, known_on
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
    """The trials of a month end and horizon by currency; none where too little was settled by then.

    `facts` is the digest of what they were made from.
    """

    day: date
    weeks: int
    facts: str
    trials: dict[str, Trial]


@dataclass(frozen=True, slots=True)
class Past:
    """What was tried before: by the digest of its facts, and on the very books that are at hand, by
    month end and horizon, where no digest is needed.
    """

    by_facts: Mapping[str, Tried]
    on_these: dict[tuple[date, int], Tried]


NOTHING_TRIED = Past({}, {})


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
    past: Past = NOTHING_TRIED,
) -> list[Tried]:
    """Trials of the last month ends whose weeks are over by `today`, oldest first.

    Behaviour is learnt from all invoices, whatever their currency. What was tried before on the
    same facts is not tried again.
    """
    facts = Facts(bills, orders)
    tried: list[Tried] = []
    for day in month_ends(today - timedelta(days=WEEK * min(HORIZONS)), origins):
        over = [weeks for weeks in HORIZONS if day + timedelta(days=WEEK * weeks) <= today]
        anew = [weeks for weeks in over if (day, weeks) not in past.on_these]
        found = {weeks: past.on_these[day, weeks] for weeks in over if weeks not in anew}
        if anew:
            known = known_on(bills, day)
            digests = dict(zip(anew, facts.digests(known, anew, beliefs), strict=True))
            found |= _tried(bills, known, orders, beliefs, digests, past.by_facts)
        tried += [found[weeks] for weeks in over]
    return tried


def by_currency(tried: Iterable[Tried], currency: str) -> list[Trial]:
    """The trials of one currency."""
    return [each.trials[currency] for each in tried if currency in each.trials]


def _tried(
    bills: Bills,
    known: Known,
    orders: Orders,
    beliefs: Beliefs,
    digests: Mapping[int, str],
    before: Mapping[str, Tried],
) -> dict[int, Tried]:
    """The trials of a day by horizon, those of which the digest is known as they were."""
    found = {weeks: before[facts] for weeks, facts in digests.items() if facts in before}
    anew = [weeks for weeks in digests if weeks not in found]
    made = _trials(bills, known, orders, beliefs, anew) if anew else {}
    for weeks in anew:
        trials = {currency: each[weeks] for currency, each in made.items()}
        found[weeks] = Tried(known.day, weeks, digests[weeks], trials)
    return found


def _trials(
    bills: Bills, known: Known, orders: Orders, beliefs: Beliefs, over: Sequence[int]
) -> dict[str, dict[int, Trial]]:
    """The trials of a day by currency and horizon; none where too little was settled by then."""
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
            trials[currency] = {weeks: _trial(known.day, made, came, weeks) for weeks in over}
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
