"""The forecast tried on the past: at each month end only with what was known then; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from core.forecast.behaviour import USUAL, Behaviour, Beliefs
from core.forecast.invoices import Billed
from core.forecast.receipts import WEEK, Forecast, Range, forecast

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
    everything: Sequence[Billed],
    of_currency: Sequence[Billed],
    today: date,
    origins: int = ORIGINS,
    beliefs: Beliefs = USUAL,
) -> list[Trial]:
    """Trials of the last month ends, those whose weeks are over by `today`, oldest first.

    Behaviour is learnt from all invoices; the forecast is for those of one currency.
    """
    trials = []
    for day in month_ends(today - timedelta(days=WEEK * min(HORIZONS)), origins):
        behaviour = Behaviour(everything, day, beliefs)
        if behaviour.settled < beliefs.least_settled:
            continue
        over = [weeks for weeks in HORIZONS if day + timedelta(days=WEEK * weeks) <= today]
        made = forecast(behaviour, of_currency, day, max(over))
        if made.invoices:
            trials += [_trial(made, weeks) for weeks in over]
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


def _trial(made: Forecast, weeks: int) -> Trial:
    chosen = made.weeks[:weeks]
    came = [
        sum(
            row.invoice.came_minor(week.since - timedelta(days=1), week.until)
            for row in made.invoices
        )
        for week in chosen
    ]
    return Trial(
        made.day,
        weeks,
        made.expected_minor(weeks),
        made.within[weeks - 1],
        made.naive_minor(weeks),
        sum(came),
        sum(abs(week.expected_minor - got) for week, got in zip(chosen, came, strict=True)),
        sum(abs(week.naive_minor - got) for week, got in zip(chosen, came, strict=True)),
    )
