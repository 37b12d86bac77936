"""The cash forecast from the analytics copy: weeks, invoices behind them, back-test (CFO)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from core.errors import BadInput
from core.forecast.behaviour import USUAL, Beliefs
from core.forecast.charges import Charge
from etl.definitions import definition
from etl.figures.forecast_kept import Kept, kept
from etl.figures.forecast_made import WEEK_COLUMNS, WEEKS, nothing_billed
from etl.figures.values import money
from etl.figures.view import Readable

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
    "never_minor", *WEEK_COLUMNS,
)  # fmt: skip
"""What a file says of a line; a file without lines has this head too."""


def cash_forecast(
    wh: Readable,
    as_of: date | None = None,
    currency: str | None = None,
    charges: Sequence[Charge] | None = None,
    beliefs: Beliefs = USUAL,
    *,
    invoices: bool = True,
) -> dict[str, Any]:
    """Receipts expected in the 13 weeks after a day (the copy's own), per currency of the invoices.

    `charges` are the card renewals foreseen, None where they are not; they are shown beside the
    invoices and added to nothing but `together`. Without `invoices` they are only counted; see
    `forecast_rows`. Raises NoCopy, BadInput.
    """
    found, day = _found(wh, as_of, beliefs)
    used = {name for name, answer in found.answers.items() if _owed(answer)}
    used |= {charge.currency for charge in charges or ()}
    chosen = sorted(used if currency is None else used & {currency})
    answers = [found.answers.get(name) or nothing_billed(day, name) for name in chosen]
    if charges is not None:
        answers = [_with_renewals(answer, charges) for answer in answers]
    if invoices:
        answers = [
            {**answer, "invoices": _invoices(found.rows(answer["currency"]))} for answer in answers
        ]
    return {
        "as_of": day.isoformat(),
        "weeks": WEEKS,
        "renewals_known": charges is not None,
        "currencies": answers,
        "definition": definition("cash_forecast").text,
    }


def forecast_rows(
    wh: Readable,
    currency: str,
    as_of: date | None = None,
    week: int | None = None,
    beliefs: Beliefs = USUAL,
    *,
    first: int = 0,
    most: int | None = None,
) -> pl.DataFrame:
    """One row per open invoice with what it is expected to bring, in one week or in all.

    The column `week_minor` sums to the figure of the week, which counts from 1. Those due first
    lead; `first` and `most` choose some of them. Raises NoCopy, BadInput.
    """
    found, _ = _found(wh, as_of, beliefs)
    weeks = WEEK_COLUMNS if week is None else WEEK_COLUMNS[week - 1 : week]
    return (
        found.rows(currency, first, most)
        .with_columns(pl.sum_horizontal(weeks).alias("week_minor"))
        .drop("currency", *WEEK_COLUMNS)
    )


def _found(wh: Readable, as_of: date | None, beliefs: Beliefs) -> tuple[Kept, date]:
    reading = wh.reading()
    info = reading.info()
    day = as_of or info.as_of
    if day > info.known_until:
        raise BadInput(f"Nothing is known of {day}; the copy ends {info.known_until}")
    return kept(reading, day, beliefs), day


def _owed(answer: dict[str, Any]) -> bool:
    """Whether anything was owed, before the unused money was taken off."""
    return bool(answer["open"]["minor"] + answer["credit"]["minor"])


def _invoices(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """The open invoices as an answer lists them, the weeks of each in one list."""
    listed = rows.with_columns(pl.concat_list(WEEK_COLUMNS).alias("weeks_minor"))
    names = (
        "invoice_id", "number", "tenant", "tenant_name", "country", "due_on", "days_overdue",
        "settled_before", "open_minor", "weeks_minor", "later_minor", "never_minor",
    )  # fmt: skip
    return listed.select(names).to_dicts()


def _with_renewals(answer: dict[str, Any], charges: Sequence[Charge]) -> dict[str, Any]:
    """The answer with the card renewals of its currency beside the weeks."""
    own = [charge for charge in charges if charge.currency == answer["currency"]]
    weeks = [
        _beside(week, sum(charge.amount_minor for charge in own if _falls(charge, week)))
        for week in answer["weeks"]
    ]
    return {
        **_beside(answer, sum(week["renewals"]["minor"] for week in weeks)),
        "weeks": weeks,
    }


def _falls(charge: Charge, week: dict[str, Any]) -> bool:
    """Whether a renewal is paid in the week; what should have been already is in the first."""
    since, until = date.fromisoformat(week["since"]), date.fromisoformat(week["until"])
    return charge.on <= until and (week["week"] == 1 or charge.on >= since)


def _beside(row: dict[str, Any], renewals_minor: int) -> dict[str, Any]:
    currency = row["expected"]["currency"]
    return {
        **row,
        "renewals": money(renewals_minor, currency),
        "together": money(row["expected"]["minor"] + renewals_minor, currency),
    }


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
