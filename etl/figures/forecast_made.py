"""Makes the cash forecast of a day from what the copy holds: an answer a currency, its invoices."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from core.forecast.backtest import (
    HORIZONS,
    Past,
    Score,
    Trial,
    Tried,
    back_test,
    by_currency,
    score,
)
from core.forecast.behaviour import Behaviour, Beliefs
from core.forecast.draws import Orders, Range
from core.forecast.invoices import Bills, Known, known_on
from core.forecast.receipts import Forecast, Week, forecast
from etl.figures.forecast_books import books, credit_on, numbers
from etl.figures.values import decimal_text, money
from etl.warehouse import Reading

WEEKS = max(HORIZONS)
WEEK_COLUMNS = tuple(f"week_{n}_minor" for n in range(1, WEEKS + 1))
COLUMNS = {
    "currency": pl.String,
    "invoice_id": pl.Int64,
    "number": pl.String,
    "tenant": pl.String,
    "tenant_name": pl.String,
    "country": pl.String,
    "due_on": pl.String,
    "days_overdue": pl.Int64,
    "settled_before": pl.Int64,
    "open_minor": pl.Int64,
    **dict.fromkeys(WEEK_COLUMNS, pl.Int64),
    "later_minor": pl.Int64,
    "never_minor": pl.Int64,
}
"""What is kept of an open invoice."""
_FOUND = {name: kind for name, kind in COLUMNS.items() if name != "number"}


def make(
    reading: Reading, day: date, beliefs: Beliefs, past: Past
) -> tuple[dict[str, dict[str, Any]], pl.LazyFrame, list[Tried]]:
    """An answer for each currency that was billed lately, without card renewals; a row for each
    open invoice, by currency, those due first leading; what was tried, in the `past` or now.
    """
    bills, customers = books(reading, day)
    orders, known = Orders(bills.customers), known_on(bills, day)
    behaviour = Behaviour(bills, known, beliefs)
    made = forecast(behaviour, bills, known, WEEKS, orders, credit_on(reading, day))
    tried = back_test(bills, day, orders, beliefs=beliefs, past=past)
    answers = {
        currency: _answer(each, by_currency(tried, currency), currency)
        for currency, each in made.items()
    }
    listed = [
        _invoices(each, bills, known, behaviour, customers).select(
            pl.lit(currency).alias("currency"), pl.all()
        )
        for currency, each in made.items()
    ]
    rows = pl.concat([pl.DataFrame(schema=_FOUND), *listed])
    named = rows.with_columns(number=numbers(reading, day, rows["invoice_id"].to_numpy()))
    return answers, named.select(*COLUMNS).lazy(), tried


def _answer(made: Forecast, trials: Sequence[Trial], currency: str) -> dict[str, Any]:
    expected, weeks = made.weeks.expected_minor(WEEKS), made.weeks
    return {
        "currency": currency,
        "open": money(int(made.open.open_minor.sum()), currency),
        "open_invoices": len(made.open.place),
        "credit": money(made.credit_minor, currency),
        "expected": money(expected, currency),
        **_range(weeks.within[-1], currency),
        "naive": money(weeks.naive_minor(WEEKS), currency),
        "later": money(int(made.later_minor.sum()), currency),
        "never": money(int(made.never_minor.sum()), currency),
        "renewals": None,
        "together": money(expected, currency),
        "weeks": [_week(week, n, currency) for n, week in enumerate(weeks.weeks, 1)],
        "back_test": {
            "scores": [_score(score(trials, weeks)) for weeks in HORIZONS],
            "trials": [_trial(trial, currency) for trial in trials],
        },
    }


def nothing_billed(day: date, currency: str) -> dict[str, Any]:
    """The answer for a currency in which nothing was billed."""
    none, no = np.zeros(0, np.int64), np.zeros(0, np.bool_)
    start = np.zeros(1, np.int64)
    bills = Bills(
        none, none, none, none, none, none, none, none, no, no, start, none, none, no, (), (),
        (currency,),
    )  # fmt: skip
    known = known_on(bills, day)
    made = forecast(Behaviour(bills, known), bills, known, WEEKS, Orders(()))
    return _answer(made[currency], (), currency)


def _week(week: Week, nth: int, currency: str) -> dict[str, Any]:
    return {
        "week": nth,
        "since": week.since.isoformat(),
        "until": week.until.isoformat(),
        "expected": money(week.expected_minor, currency),
        **_range(week.range, currency),
        "naive": money(week.naive_minor, currency),
        "renewals": None,
        "together": money(week.expected_minor, currency),
    }


def _range(held: Range, currency: str) -> dict[str, Any]:
    return {
        "p10": money(held.low_minor, currency),
        "p50": money(held.middle_minor, currency),
        "p90": money(held.high_minor, currency),
    }


def _trial(trial: Trial, currency: str) -> dict[str, Any]:
    return {
        "month_end": trial.day.isoformat(),
        "weeks": trial.weeks,
        "expected": money(trial.expected_minor, currency),
        "p10": money(trial.range.low_minor, currency),
        "p90": money(trial.range.high_minor, currency),
        "naive": money(trial.naive_minor, currency),
        "came": money(trial.came_minor, currency),
        "missed": money(trial.missed_minor, currency),
        "naive_missed": money(trial.naive_missed_minor, currency),
        "within_range": trial.held,
    }


def _score(found: Score) -> dict[str, Any]:
    return {
        "weeks": found.weeks,
        "trials": found.trials,
        "error": decimal_text(found.error),
        "naive_error": decimal_text(found.naive_error),
        "total_error": decimal_text(found.total_error),
        "naive_total_error": decimal_text(found.naive_total_error),
        "within_range": found.held,
    }


def _invoices(
    made: Forecast, bills: Bills, known: Known, behaviour: Behaviour, customers: pl.DataFrame
) -> pl.DataFrame:
    place = made.open.place
    due_on = bills.due_on[place]
    customer = bills.customer[place]
    named = customers[customer]
    return pl.DataFrame(
        {
            "invoice_id": bills.invoice_id[place],
            "tenant": named["tenant"],
            "tenant_name": named["tenant_name"],
            "country": pl.Series(bills.countries, dtype=pl.String)[bills.country[place]],
            "due_on": pl.Series(due_on).cast(pl.Int32).cast(pl.Date).dt.to_string(),
            "days_overdue": np.maximum(known.today - due_on, 0),
            "settled_before": behaviour.settled_by[customer],
            "open_minor": made.open.open_minor,
            **{name: made.weeks_minor[:, n] for n, name in enumerate(WEEK_COLUMNS)},
            "later_minor": made.later_minor,
            "never_minor": made.never_minor,
        }
    )
