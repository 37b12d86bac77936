"""Retention, customers and cohorts of random histories against plain loops over days (CFO.1)."""

import tempfile
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import settings as run_with

from core.money import rounded
from core.settings import Settings
from etl import figures
from etl.days import last_day
from etl.figures.values import decimal_text
from etl.warehouse import Warehouse
from tests.etl.plain import FIRST, MONTHS, Plain, books_of, tenants

LAST = last_day(MONTHS[-1])


def over(part: int, whole: int) -> str | None:
    """A quotient as figures write it; None over nothing."""
    return decimal_text(Fraction(part, whole)) if whole else None


def headlines(plain: Plain, month: date) -> dict[str, Any]:
    """The figures of a month, from what each tenant was worth at its ends."""
    rows = plain.standings(month, last_day(month))
    cohort = [row for row in rows if row.pays_at_start]
    paying = [row for row in rows if row.pays_at_end]
    mrr = sum(row.end_minor for row in paying)
    start = sum(row.start_minor for row in cohort)
    lost = [row for row in cohort if not row.pays_at_end and not row.is_paused]
    moved = plain.month(month, last_day(month))
    kept = sum(min(row.start_minor, row.end_at_start_rates_minor) for row in cohort)
    return {
        "mrr": mrr,
        "arr": 12 * mrr,
        "customers": len(paying),
        "arpa": rounded(Fraction(mrr, len(paying))) if paying else None,
        "logo_churn": over(len(lost), len(cohort)),
        "nrr": over(sum(row.end_at_start_rates_minor for row in cohort), start),
        "grr": over(kept, start),
        "quick_ratio": over(
            moved["new"] + moved["expansion"] + moved["reactivation"],
            -moved["contraction"] - moved["churn"],
        ),
    }


@run_with(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(tenants)
def test_headlines_and_cohorts_equal_the_plain_calculation(drawn: Any) -> None:
    books = books_of(drawn)
    plain = Plain(books)
    with tempfile.TemporaryDirectory() as folder:
        wh = books.published(Settings(_env_file=None, SALDO_HOME=Path(folder)))
        answers = figures.metrics(wh, MONTHS[-1], len(MONTHS))["months"]
        found = _cohorts(wh)
    for month, answer in zip(MONTHS, answers, strict=True):
        for name, expected in headlines(plain, month).items():
            figure = answer[name]
            assert (figure["minor"] if isinstance(figure, dict) else figure) == expected, name
    assert found == cohorts(plain)


Followed = dict[str, tuple[int, list[int], list[int]]]
"""Cohort → its size, and its customers and MRR by age in months."""


def cohorts(plain: Plain) -> Followed:
    """The cohorts, from the day on which each tenant paid for the first time."""
    begun = {tenant: day.replace(day=1) for tenant, day in plain.first_paid(LAST).items()}
    found: Followed = {}
    for cohort in sorted(set(begun.values())):
        members = {tenant for tenant, month in begun.items() if month == cohort}
        ends = [
            [row for row in plain.standings(month, last_day(month)) if row.tenant in members]
            for month in MONTHS
            if month >= cohort
        ]
        retained = [sum(row.pays_at_end for row in rows) for rows in ends]
        mrr = [sum(row.end_minor for row in rows) for rows in ends]
        found[f"{cohort:%Y-%m}"] = len(members), retained, mrr
    return found


def _cohorts(wh: Warehouse) -> Followed:
    answer = figures.cohorts(wh, FIRST, MONTHS[-1], as_of=LAST)
    return {
        each["cohort"]: (each["size"], each["retained"], [held["minor"] for held in each["mrr"]])
        for each in answer["cohorts"]
    }
