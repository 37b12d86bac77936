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
from etl.figures.view import Readable, Span, View, look
from etl.warehouse import Over

NET_NEW = "net_new_mrr"
"""What recurring revenue changed by in a month: its end less its start."""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that stand behind a figure, or behind its numerator or denominator."""

    name: str
    question: str
    measure: str
    months: str = "month"
    sign: int = 1


def _pieces(measure: str) -> Part:
    return Part(measure, "drill_pieces", measure)


def _moves(kind: str, part: str | None = None) -> Part:
    sign = -1 if kind in LOSSES and part != NET_NEW else 1
    return Part(part or kind, "drill_moves", kind, sign=sign)


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
_NET_NEW = (
    *(_moves(kind, NET_NEW) for kind in (*GAINS, *LOSSES)),
    Part(NET_NEW, "drill_pieces", "fx"),
)
"""Losses negative, so that all rows sum to the difference."""
_INVOICED = "drill_revenue"
"""The question whose rows name invoices."""
_NO_INVOICES = {"invoice": "drill_no_invoices"}
_MODELS = {
    "drill_pieces": "mrr_pieces",
    "drill_plan_customers": "mrr_pieces",
    "drill_tenants": "mrr_tenants",
    _INVOICED: "revenue_pieces",
    "drill_cash": "cash_pieces",
}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a part over some months; the copy is asked when they are read."""

    part: str
    span: Span
    over: Over
    params: dict[str, object]

    def total(self) -> tuple[int, int]:
        """How many rows there are, and what their values sum to."""
        [found] = self.span.ask("drill_totals", self.over, **self.params).iter_rows()
        return int(found[0]), int(found[1])

    def read(self, limit: int | None, offset: int) -> pl.DataFrame:
        """Some rows, or all that are left after `offset`."""
        over = self.over if _INVOICED in self.over.values() else {**self.over, **_NO_INVOICES}
        return self.span.ask(
            "drill_rows", over, part=self.part, limit=limit, offset=offset, **self.params
        )


@dataclass(frozen=True, slots=True)
class Behind:
    """How many rows stand behind a figure, what each part of them sums to, and the figure itself.

    Within a part the rows sum to the figure, its numerator or its denominator, in
    reporting-currency minor units, or to a count where a part counts tenants.
    """

    count: int
    sums: dict[str, int]
    figure: Any


def behind(
    wh: Readable,
    figure: str,
    month: date,
    as_of: date | None = None,
    currency: str | None = None,
    by: By | None = None,
    group: str | None = None,
    constant_on: date | None = None,
) -> Behind:
    """What stands behind a figure of a month, added up in the copy over all rows.

    `group` narrows rows and figure to one group of `by`. Raises NoCopy, BadInput (unknown figure,
    month not known), RateMissing.
    """
    view = _look(wh, figure, month, as_of, currency, constant_on)
    count, sums = 0, dict[str, int]()
    if _is_of_no_group(figure, group):
        return Behind(count, sums, None)
    for rows in _all(view, figure, by, group):
        items, minor = rows.total()
        count += items
        if items:
            sums[rows.part] = sums.get(rows.part, 0) + minor
    return Behind(count, sums, _figure(view, figure, view.first_month, as_of, by, group))


def drill_page(
    wh: Readable,
    figure: str,
    month: date,
    as_of: date | None = None,
    currency: str | None = None,
    by: By | None = None,
    group: str | None = None,
    constant_on: date | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> pl.DataFrame:
    """The rows of `behind`, part after part: `limit` of them after `offset`, else all."""
    view = _look(wh, figure, month, as_of, currency, constant_on)
    if _is_of_no_group(figure, group):
        by, group, limit = None, None, 0
    frames: list[pl.DataFrame] = []
    for rows in _all(view, figure, by, group):
        frame = rows.read(limit, offset)
        frames.append(frame)
        if limit is not None:
            limit -= frame.height
            if limit == 0:
                break
        if offset:
            offset = 0 if frame.height else max(offset - rows.total()[0], 0)
    return pl.concat(frames, how="vertical_relaxed")


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
    """All rows behind a figure of a month, and the figure as `metrics` or `movements` has it.

    Raises as `behind` does.
    """
    if figure == "receivables":
        return _receivables(wh, month, as_of, currency)
    asked = (month, as_of, currency, by, group, constant_on)
    rows = drill_page(wh, figure, *asked)
    if _is_of_no_group(figure, group):
        return rows, None
    view = _look(wh, figure, month, as_of, currency, constant_on)
    return rows, _figure(view, figure, view.first_month, as_of, by, group)


def _look(
    wh: Readable,
    figure: str,
    month: date,
    as_of: date | None,
    currency: str | None,
    constant_on: date | None,
) -> View:
    if figure not in PARTS and figure != NET_NEW:
        raise BadInput(f"There is no figure {figure!r}")
    return look(wh, month, month, as_of, currency, constant_on)


def _is_of_no_group(figure: str, group: str | None) -> bool:
    """Whether a group is asked for a figure that belongs to the company alone."""
    return figure == "cash_collected" and group is not None


def _all(view: View, figure: str, by: By | None, group: str | None) -> list[Rows]:
    """All rows behind a figure, in order."""
    parts = _NET_NEW if figure == NET_NEW else PARTS[figure]
    return [rows for part in parts for rows in _of_part(view, part, by, group)]


def _of_part(view: View, part: Part, by: By | None, group: str | None) -> list[Rows]:
    narrowed = by is not None and group is not None
    months = _months(view, part)
    wide = replace(view, first_month=months[0], last_month=months[-1])
    counted = part.measure in ("customers", "new_customers")
    params: dict[str, object] = {"measure": part.measure}
    question = part.question
    if question == "drill_moves":
        spans, params["sign"] = [wide.moves()], part.sign
    else:
        if narrowed and counted and by == "plan":
            question = "drill_plan_customers"
        spans = wide.spans(_MODELS[question])
    over = {"behind": question}
    if narrowed:
        over = {"everything": question, "behind": "drill_group"}
        params |= {"by": by, "group": group}
    return [Rows(part.name, span, over, params) for span in spans]


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
    if figure == NET_NEW:
        start, end = (_figure(view, name, month, as_of, by, group) for name in ("start", "end"))
        return money(end["minor"] - start["minor"], view.currency) if start and end else None
    only = _keyed(view, group) if by == "tenant" and group is not None else None
    if figure in ("start", "end", "fx", *GAINS, *LOSSES):
        [answer] = movements(
            view.reading, month, month, as_of, view.currency, by, view.constant_on, only
        )
    else:
        found = metrics(view.reading, month, 1, by, as_of, view.currency, view.constant_on, only)
        [answer] = found["months"]
    if by is None or group is None:
        return answer[figure]
    return answer["groups"].get(group, {}).get(figure)


def _keyed(view: View, key: str) -> list[int]:
    return view.reading.ask("tenants_keyed", tenant=key)["tenant_id"].to_list()


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
        pl.lit(None, pl.String).alias("plan_name"),
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
