"""From a figure to the rows behind it: their `value` column sums to the figure, part by part."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from core.errors import BadInput
from etl.days import months_back
from etl.figures.metrics import By, closed_months, metrics, trailing
from etl.figures.movements import GAINS, LOSSES, movements
from etl.figures.receivables import ar_ageing, open_invoices
from etl.figures.values import money
from etl.figures.view import Readable, View, look


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that stand behind a figure, or behind its numerator or denominator."""

    name: str
    question: str
    measure: str
    months: str = "month"


def _pieces(measure: str) -> Part:
    return Part(measure, "drill_pieces", measure)


def _moves(kind: str, part: str | None = None) -> Part:
    return Part(part or kind, "drill_moves", kind)


def _tenants(measure: str, months: str = "month") -> Part:
    return Part(measure, "drill_tenants", measure, months)


_LTV = (
    _pieces("mrr"),
    _tenants("customers"),
    _tenants("lost", "trailing"),
    _tenants("at_start", "trailing"),
    Part("gross_revenue", "drill_revenue", "gross", "trailing"),
    Part("cost_of_revenue", "drill_cash", "cost_of_revenue", "trailing"),
)
_CAC = (
    Part("sales_marketing", "drill_cash", "sales_marketing"),
    _tenants("new_customers"),
)
PARTS: dict[str, tuple[Part, ...]] = {
    **{name: (_pieces(name),) for name in ("mrr", "at_risk", "arr", "start", "end", "fx")},
    **{kind: (_moves(kind),) for kind in (*GAINS, *LOSSES)},
    "customers": (_tenants("customers"),),
    "arpa": (_pieces("mrr"), _tenants("customers")),
    "logo_churn": (_tenants("lost"), _tenants("at_start")),
    "gross_revenue": (Part("gross_revenue", "drill_revenue", "gross"),),
    "net_revenue": (Part("net_revenue", "drill_revenue", "net"),),
    "platform_fees": (Part("platform_fees", "drill_revenue", "platform"),),
    "cash_collected": (Part("cash_collected", "drill_cash", "collected"),),
    "nrr": (_tenants("cohort_end"), _tenants("cohort_start")),
    "grr": (_tenants("kept"), _tenants("cohort_start")),
    "quick_ratio": (
        *(_moves(kind, "gained") for kind in GAINS),
        *(_moves(kind, "lost") for kind in LOSSES),
    ),
    "ltv": _LTV,
    "cac": _CAC,
    "ltv_cac": (*_LTV, *_CAC),
    "runway_months": (
        Part("cash", "drill_cash", "cash"),
        Part("burn", "drill_cash", "burn", "closed"),
    ),
}
"""Figure → what stands behind it, in the order numerator, denominator."""
_MODELS = {
    "drill_pieces": "mrr_pieces",
    "drill_plan_customers": "mrr_pieces",
    "drill_tenants": "mrr_tenants",
    "drill_revenue": "revenue_pieces",
    "drill_cash": "cash_pieces",
}


def drill(
    wh: Readable,
    figure: str,
    month: date,
    as_of: date | None = None,
    currency: str | None = None,
    by: By | None = None,
    group: str | None = None,
    constant_on: date | None = None,
) -> tuple[pl.DataFrame, Any]:
    """The rows behind a figure of a month, and the figure as `metrics` or `movements` has it.

    `value` holds reporting-currency minor units, or a count where a part counts tenants; within
    a part it sums to the figure, its numerator or its denominator. `group` narrows rows and figure
    to one group of `by`. Raises NoCopy, BadInput (unknown figure, month not known), RateMissing.
    """
    if figure == "receivables":
        return _receivables(wh, month, as_of, currency)
    if figure not in PARTS:
        raise BadInput(f"There is no figure {figure!r}")
    view = look(wh, month, month, as_of, currency, constant_on)
    frames = [_rows(view, part, by if group is not None else None) for part in PARTS[figure]]
    rows = pl.concat(frames, how="vertical_relaxed")
    if by and group is not None and figure == "cash_collected":
        return rows.clear(), None
    if by and group is not None:
        shared = pl.col("tenant").is_null()
        rows = rows.filter(shared | (pl.col(by).eq_missing(pl.lit(group))))
    return rows, _figure(view, figure, view.first_month, as_of, by, group)


def _rows(view: View, part: Part, by: By | None) -> pl.DataFrame:
    months = _months(view, part)
    wide = replace(view, first_month=months[0], last_month=months[-1])
    if part.question == "drill_moves":
        return view.moves(
            part.question,
            part=part.name,
            kind=part.measure,
            currency=view.currency,
            first_day=months[0],
            last_day=view.last_on(months[-1]),
            sign=-1 if part.measure in LOSSES else 1,
        )
    counted = part.measure in ("customers", "new_customers")
    question = "drill_plan_customers" if counted and by == "plan" else part.question
    return wide.rows(question, _MODELS[question], part=part.name, measure=part.measure)


def _months(view: View, part: Part) -> list[date]:
    """The months whose rows a part consists of, in order."""
    month = view.first_month
    chosen = {
        "month": [month],
        "trailing": trailing(month),
        "closed": closed_months(month, view),
    }[part.months]
    return sorted(chosen)


def _figure(
    view: View, figure: str, month: date, as_of: date | None, by: By | None, group: str | None
) -> Any:
    """The figure itself, from the same copy."""
    if figure in ("start", "end", "fx", *GAINS, *LOSSES):
        answer = movements(view.reading, month, month, as_of, view.currency, by, view.constant_on)[
            0
        ]
    else:
        found = metrics(view.reading, month, 1, by, as_of, view.currency, view.constant_on)
        answer = found["months"][0]
    if by is None or group is None:
        return answer[figure]
    return answer["groups"].get(group, {}).get(figure)


def _receivables(
    wh: Readable, month: date, as_of: date | None, currency: str | None
) -> tuple[pl.DataFrame, Any]:
    reading = wh.reading()
    view = look(reading, month, month, as_of, currency)
    day = view.last_on(view.first_month)
    rows = open_invoices(reading, day, view.currency).select(
        pl.lit(months_back(day.replace(day=1), 0)).alias("month"),
        pl.lit("receivables").alias("part"),
        "tenant",
        "tenant_name",
        pl.lit(None, pl.String).alias("plan"),
        "country",
        pl.col("due_on").alias("day"),
        pl.col("bucket").alias("kind"),
        pl.col("number").alias("document"),
        pl.col("open_native_minor").alias("native_minor"),
        "currency",
        pl.col("open_minor").alias("value"),
    )
    total = ar_ageing(reading, day, view.currency)["total"]
    assert total == money(int(rows["value"].sum()), view.currency)
    return rows, total
