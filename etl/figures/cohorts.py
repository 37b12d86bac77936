"""How long the tenants that first paid in a month keep paying (CFO.2)."""

from datetime import date
from typing import Any

import polars as pl

from core.errors import BadInput
from etl.days import month_of, months_back
from etl.figures.metrics import MOST_MONTHS
from etl.figures.values import money
from etl.figures.view import Readable, View, look

_FILED: dict[str, type[pl.DataType]] = {
    "cohort": pl.String,
    "size": pl.Int64,
    "age_months": pl.Int64,
    "retained": pl.Int64,
    "mrr_minor": pl.Int64,
    "currency": pl.String,
}
"""What a file says of a cohort at an age; a file without cohorts has this head too."""


def cohorts(
    wh: Readable,
    first_month: date,
    last_month: date,
    as_of: date | None = None,
    currency: str | None = None,
    constant_on: date | None = None,
) -> dict[str, Any]:
    """The cohorts of `first_month` to `last_month`, followed to `as_of` (the day of the copy).

    `retained` and `mrr` begin with the end of the cohort's own month. Raises NoCopy, BadInput,
    RateMissing.
    """
    reading = wh.reading()
    until = month_of(as_of or max(reading.info().as_of, last_month))
    if months_back(until, MOST_MONTHS) > first_month:
        raise BadInput(f"Ask for at most {MOST_MONTHS} months")
    view = look(reading, month_of(first_month), until, as_of, currency, constant_on)
    rows = _rows(view, month_of(last_month))
    sizes: dict[date, int] = {}
    kept: dict[tuple[date, date | None], tuple[int, int]] = {}
    for cohort, size, month, retained, minor in rows.iter_rows():
        sizes[cohort] = size
        kept[cohort, month] = retained, minor
    answers = []
    for cohort, size in sorted(sizes.items()):
        months = [month for month in view.months if month >= cohort]
        followed = [kept.get((cohort, month), (0, 0)) for month in months]
        answers.append(
            {
                "cohort": f"{cohort:%Y-%m}",
                "size": size,
                "retained": [retained for retained, _ in followed],
                "mrr": [money(minor, view.currency) for _, minor in followed],
            }
        )
    return {"currency": view.currency, "as_of": view.as_of.isoformat(), "cohorts": answers}


def _rows(view: View, last_cohort: date) -> pl.DataFrame:
    """Cohort, size, month, retained and MRR; only months not held ready are computed."""
    asked = {"first_cohort": view.first_month, "last_cohort": last_cohort}
    if not view.is_ready:
        return view.rows("cohorts", "mrr_tenants", as_of=view.as_of, **asked)
    return view.reading.ask(
        "cohorts_by_month",
        currency=view.currency,
        first_month=view.first_month,
        last_month=view.last_month,
        **asked,
    )


def cohort_rows(found: dict[str, Any]) -> pl.DataFrame:
    """The answer of `cohorts` as a file: one row per cohort and age, amounts in minor units."""
    rows = [
        {
            "cohort": cohort["cohort"],
            "size": cohort["size"],
            "age_months": age,
            "retained": retained,
            "mrr_minor": cohort["mrr"][age]["minor"],
            "currency": found["currency"],
        }
        for cohort in found["cohorts"]
        for age, retained in enumerate(cohort["retained"])
    ]
    return pl.DataFrame(rows, schema=_FILED)
