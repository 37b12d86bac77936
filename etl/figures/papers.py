"""Reports of figures as documents: their rows as a reader has them, and what they are about."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl

from core.documents.listings import Listing
from core.documents.wording import Wording
from core.money import rounded
from etl.figures.receivables import BUCKETS

MOST_AGES = 24
"""Months that a cohort is followed on paper; a sheet is not wider."""
_SAY = Wording("en")
_MOVEMENTS = (
    "start", "new", "expansion", "reactivation", "contraction", "churn", "fx", "end",
)  # fmt: skip
_WEEK = ("expected", "p10", "p50", "p90", "naive", "renewals", "together")
_WEEK_TITLES = ("Expected", "P10", "P50", "P90", "By due date", "Cards", "Together")
_UNDEFINED = "n/a"


def movements_paper(months: Sequence[Mapping[str, Any]], as_of: date) -> Listing:
    """The months of `movements`, and its groups where there are any; losses positive."""
    grouped = any("groups" in month for month in months)
    rows = [
        [month["month"], *([group] if grouped else []), *_amounts(part, _MOVEMENTS)]
        for month in months
        for group, part in month.get("groups", {"": month}).items()
    ]
    words = [("Month", False), *([("Group", False)] if grouped else [])]
    titles = [*words, *((name.capitalize().replace("Fx", "Rates"), True) for name in _MOVEMENTS)]
    told = f"in {months[0]['start']['currency']}; contraction and churn are losses"
    return Listing("MRR movements", titles, rows, as_of, told, len(rows))


def ageing_paper(found: Mapping[str, Any], tenants: pl.DataFrame) -> Listing:
    """What each tenant owes by days past due, the largest first, and the total above."""
    currency = found["currency"]
    held = {name: money["minor"] for name, money in found["buckets"].items()}
    rows = [
        [
            str(row["tenant_name"]),
            *(_SAY.amount(row[name], currency) for name in (*BUCKETS, "total")),
        ]
        for row in (
            {"tenant_name": "Total", **held, "total": found["total"]["minor"]},
            *tenants.iter_rows(named=True),
        )
    ]
    titles = [
        ("Tenant", False),
        ("Current", True),
        *((f"{name.replace('over_', 'over ')} days", True) for name in BUCKETS[1:]),
        ("Total", True),
    ]
    dso = "; ".join(
        f"DSO {name.replace('_', '-')}: {_days(days)}" for name, days in found["dso"].items()
    )
    as_of = date.fromisoformat(found["as_of"])
    told = f"in {currency}, tax included; {dso}"
    return Listing("Receivables by age", titles, rows, as_of, told, tenants.height)


def _days(text: str | None) -> str:
    return _UNDEFINED if text is None else f"{Decimal(text):.1f} days"


def cohorts_paper(found: Mapping[str, Any]) -> Listing:
    """Of each cohort the share of tenants in percent by age; months not over are blank."""
    as_of = date.fromisoformat(found["as_of"])
    over = (as_of + timedelta(days=1)).day == 1
    shares = [
        [
            str(rounded(Fraction(100 * kept, cohort["size"]))) if cohort["size"] else ""
            for kept in (cohort["retained"] if over else cohort["retained"][:-1])[:MOST_AGES]
        ]
        for cohort in found["cohorts"]
    ]
    ages = max(map(len, shares), default=0)
    rows = [
        [cohort["cohort"], str(cohort["size"]), *line, *[""] * (ages - len(line))]
        for cohort, line in zip(found["cohorts"], shares, strict=True)
    ]
    titles = [("First paid", False), ("Tenants", True), *((str(age), True) for age in range(ages))]
    told = "customers left in percent, by months since the first payment"
    return Listing("Cohorts", titles, rows, as_of, told, len(rows))


def forecast_paper(found: Mapping[str, Any]) -> Listing:
    """The weeks of every currency with their sum, and how far such forecasts were off before."""
    rows = [row for each in found["currencies"] for row in _forecast(each)]
    titles = [("Currency", False), ("Week", False), *((title, True) for title in _WEEK_TITLES)]
    told = "receipts on open invoices; errors in percent of what came at past month ends"
    as_of = date.fromisoformat(found["as_of"])
    return Listing("Cash forecast", titles, rows, as_of, told, len(rows))


def _forecast(each: Mapping[str, Any]) -> list[list[str]]:
    weeks = [
        [f"{week['since']} – {week['until']}", *_amounts(week, _WEEK)] for week in each["weeks"]
    ]
    errors = [
        [f"Error over {score['weeks']} weeks", _percent(score["error"]), *[""] * 3, naive, "", ""]
        for score in each["back_test"]["scores"]
        for naive in [_percent(score["naive_error"])]
    ]
    rows = [*weeks, ["Total", *_amounts(each, _WEEK)], *errors]
    return [[each["currency"], *row] for row in rows]


def _percent(rate: str | None) -> str:
    return _UNDEFINED if rate is None else f"{rounded(100 * Decimal(rate))}%"


def _amounts(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    return [
        _UNDEFINED if row[name] is None else _SAY.amount(row[name]["minor"], row[name]["currency"])
        for name in names
    ]
