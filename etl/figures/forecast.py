"""The cash forecast from the analytics copy: weeks, invoices behind them, back-test (CFO)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from core.errors import BadInput
from core.forecast.backtest import HORIZONS, Score, Trial, back_test, score
from core.forecast.behaviour import HISTORY_DAYS, USUAL, Behaviour, Beliefs
from core.forecast.charges import Charge
from core.forecast.invoices import Billed, Paid
from core.forecast.receipts import Expected, Forecast, Range, Week, forecast
from etl.definitions import definition
from etl.figures.values import decimal_text, money
from etl.figures.view import Readable
from etl.warehouse import Reading

WEEKS = max(HORIZONS)
_TRIED_DAYS = 500
"""How far the back-test looks back; behaviour is learnt from before that."""
_AMOUNTS = (
    "expected", "p10", "p50", "p90", "naive", "renewals", "together", "came", "missed",
    "naive_missed",
)  # fmt: skip
"""What of a week or a trial is an amount, which may be unknown."""
FILE_COLUMNS = (
    "line", "currency", "week", "since", "until", "expected_minor", "p10_minor", "p50_minor",
    "p90_minor", "naive_minor", "renewals_minor", "together_minor", "weeks", "trials", "error",
    "naive_error", "total_error", "naive_total_error", "within_range", "month_end", "came_minor",
    "missed_minor", "naive_missed_minor", "invoice_id", "number", "tenant", "tenant_name",
    "country", "due_on", "days_overdue", "settled_before", "open_minor", "later_minor",
    "never_minor", *(f"week_{n}_minor" for n in range(1, WEEKS + 1)),
)  # fmt: skip
"""What a file says of a line; a file without lines has this head too."""


@dataclass(frozen=True)
class _Books:
    """What was billed, with the words for it."""

    invoices: list[Billed]
    names: dict[str, str] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)


def cash_forecast(
    wh: Readable,
    as_of: date | None = None,
    currency: str | None = None,
    charges: Sequence[Charge] | None = None,
    beliefs: Beliefs = USUAL,
) -> dict[str, Any]:
    """Receipts expected in the 13 weeks after a day (the copy's own), per currency of the invoices.

    `charges` are the card renewals foreseen, None where they are not; they are shown beside the
    invoices and added to nothing but `together`. Raises NoCopy, BadInput.
    """
    reading = wh.reading()
    info = reading.info()
    day = as_of or info.as_of
    if day > info.known_until:
        raise BadInput(f"Nothing is known of {day}; the copy ends {info.known_until}")
    books = _books(reading, day)
    behaviour = Behaviour(books.invoices, day, beliefs)
    credit = _credit(reading, day)
    used = {invoice.currency for invoice in books.invoices if invoice.owed_minor(day)}
    used |= {charge.currency for charge in charges or ()}
    answers = []
    for each in sorted(used if currency is None else used & {currency}):
        own = [invoice for invoice in books.invoices if invoice.currency == each]
        made = forecast(behaviour, own, day, WEEKS, credit.get(each))
        trials = back_test(books.invoices, own, day, beliefs=beliefs)
        answers.append(_answer(made, trials, charges, each, books))
    return {
        "as_of": day.isoformat(),
        "weeks": WEEKS,
        "renewals_known": charges is not None,
        "currencies": answers,
        "definition": definition("cash_forecast").text,
    }


def forecast_rows(found: dict[str, Any], currency: str, week: int | None = None) -> pl.DataFrame:
    """One row per open invoice with what it is expected to bring, in one week or in all.

    The column `week_minor` sums to the figure of the week. `week` counts from 1.
    """
    [answer] = [each for each in found["currencies"] if each["currency"] == currency]
    rows = [
        {
            **{name: value for name, value in row.items() if name != "weeks_minor"},
            "week_minor": sum(row["weeks_minor"]) if week is None else row["weeks_minor"][week - 1],
        }
        for row in answer["invoices"]
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def forecast_lines(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The whole answer as lines of a file: weeks, back-test, then invoices; minor units."""
    lines: list[dict[str, Any]] = []
    for answer in found["currencies"]:
        named = {"currency": answer["currency"]}
        lines += [{"line": "week", **named, **_flat(week)} for week in answer["weeks"]]
        tried = answer["back_test"]
        lines += [{"line": "score", **named, **each} for each in tried["scores"]]
        lines += [{"line": "trial", **named, **_flat(each)} for each in tried["trials"]]
        lines += [
            {
                "line": "invoice",
                **named,
                **{name: value for name, value in row.items() if name != "weeks_minor"},
                **{f"week_{n}_minor": minor for n, minor in enumerate(row["weeks_minor"], 1)},
            }
            for row in answer["invoices"]
        ]
    return lines


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    amounts = {
        f"{name}_minor": row[name] and row[name]["minor"] for name in _AMOUNTS if name in row
    }
    return {name: value for name, value in row.items() if name not in _AMOUNTS} | amounts


def _books(reading: Reading, day: date) -> _Books:
    since = day - timedelta(days=HISTORY_DAYS + _TRIED_DAYS)
    rows = reading.ask("billed", as_of=day, since=since)
    paid: dict[int, list[Paid]] = {}
    heads: dict[int, dict[str, Any]] = {}
    for row in rows.iter_rows(named=True):
        heads[row["invoice_id"]] = row
        if row["allocated_on"] is not None:
            paid.setdefault(row["invoice_id"], []).append(
                Paid(row["allocated_on"], row["amount_minor"], row["cash"])
            )
    invoices = [
        Billed(
            number,
            row["tenant"],
            row["country"],
            row["currency"],
            row["issued_on"],
            row["due_on"],
            row["total_minor"],
            tuple(paid.get(number, ())),
            row["closed_on"],
            row["is_void"],
            row["at_once"],
        )
        for number, row in heads.items()
    ]
    return _Books(
        invoices,
        {row["tenant"]: row["tenant_name"] for row in heads.values()},
        {number: row["number"] for number, row in heads.items()},
    )


def _credit(reading: Reading, day: date) -> dict[str, dict[str, int]]:
    """Currency → customer → money not yet set against an invoice."""
    found: dict[str, dict[str, int]] = {}
    for tenant, currency, minor in reading.ask("unapplied", as_of=day).iter_rows():
        found.setdefault(currency, {})[tenant] = minor
    return found


def _answer(
    made: Forecast,
    trials: Sequence[Trial],
    charges: Sequence[Charge] | None,
    currency: str,
    books: _Books,
) -> dict[str, Any]:
    expected = made.expected_minor(WEEKS)
    by_week = _charged(made, charges, currency)
    renewals = None if by_week is None else sum(by_week)
    return {
        "currency": currency,
        "open": money(made.open_minor, currency),
        "credit": money(made.credit_minor, currency),
        "expected": money(expected, currency),
        **_range(made.within[-1], currency),
        "naive": money(made.naive_minor(WEEKS), currency),
        "later": money(made.later_minor, currency),
        "never": money(made.never_minor, currency),
        "renewals": None if renewals is None else money(renewals, currency),
        "together": money(expected + (renewals or 0), currency),
        "weeks": [
            _week(week, n, by_week[n] if by_week else None, currency)
            for n, week in enumerate(made.weeks)
        ],
        "back_test": {
            "scores": [_score(score(trials, weeks)) for weeks in HORIZONS],
            "trials": [_trial(trial, currency) for trial in trials],
        },
        "invoices": [_invoice(row, made.day, books) for row in made.invoices],
    }


def _charged(made: Forecast, charges: Sequence[Charge] | None, currency: str) -> list[int] | None:
    if charges is None:
        return None
    return [
        sum(
            charge.amount_minor
            for charge in charges
            if charge.currency == currency
            and (week.since <= charge.on <= week.until or (n == 0 and charge.on < week.since))
        )
        for n, week in enumerate(made.weeks)
    ]


def _week(week: Week, nth: int, renewals: int | None, currency: str) -> dict[str, Any]:
    return {
        "week": nth + 1,
        "since": week.since.isoformat(),
        "until": week.until.isoformat(),
        "expected": money(week.expected_minor, currency),
        **_range(week.range, currency),
        "naive": money(week.naive_minor, currency),
        "renewals": None if renewals is None else money(renewals, currency),
        "together": money(week.expected_minor + (renewals or 0), currency),
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


def _invoice(row: Expected, day: date, books: _Books) -> dict[str, Any]:
    invoice = row.invoice
    return {
        "invoice_id": invoice.invoice_id,
        "number": books.numbers[invoice.invoice_id],
        "tenant": invoice.customer,
        "tenant_name": books.names[invoice.customer],
        "country": invoice.country,
        "due_on": invoice.due_on.isoformat(),
        "days_overdue": max(invoice.late_on(day), 0),
        "settled_before": row.settled_before,
        "open_minor": row.open_minor,
        "weeks_minor": list(row.weeks_minor),
        "later_minor": row.later_minor,
        "never_minor": row.never_minor,
    }
