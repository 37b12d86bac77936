"""The headline figures of a month, in all or by plan, country or tenant (CFO.1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import dropwhile
from typing import Any, Literal, get_args

import polars as pl

from core.errors import BadInput
from etl.days import months_back
from etl.definitions import definitions
from etl.figures.values import decimal_text, money, money_or_none, ratio
from etl.figures.view import Readable, View, look

By = Literal["plan", "country", "tenant"]
MOST_MONTHS = 120
"""Months one question may cover."""
TRAILING = 3
"""Months over which churn, margin and burn are averaged."""
CASH_POSITIVE = "cash-flow positive"


class Row(dict[str, int]):
    """The sums of one month and group; what was not asked for or did not occur is 0."""

    def __missing__(self, key: str) -> int:
        return 0


NOTHING = Row()


def metrics(
    wh: Readable,
    month: date,
    months: int = 1,
    by: By | None = None,
    as_of: date | None = None,
    currency: str | None = None,
    constant_on: date | None = None,
    only: Sequence[int] | None = None,
) -> dict[str, Any]:
    """The figures of `months` months up to `month`; the JSON of `saldo metrics`.

    With `constant_on` all amounts are at the exchange rates of that day. `only` has the numbers
    of the tenants that are wanted by tenant, else all are.
    Raises NoCopy, BadInput, RateMissing.
    """
    if not 1 <= months <= MOST_MONTHS:
        raise BadInput(f"Ask for 1 to {MOST_MONTHS} months, not {months}")
    first = months_back(month.replace(day=1), months - 1)
    view = look(wh, months_back(first, TRAILING), month, as_of, currency, constant_on)
    company = Company.of(view)
    shown = view.months[TRAILING:]
    groups = groups_of(view, by, only) if by else None
    answers = []
    for shown_month in shown:
        answer = headlines(company.total, company, shown_month, view)
        answer |= _company_figures(company, shown_month, view)
        answer = {"month": f"{shown_month:%Y-%m}", "partial": view.is_partial(shown_month)} | answer
        if groups is not None:
            answer["groups"] = {
                key: headlines(group, company, shown_month, view) | NO_COMPANY_FIGURES
                for key, group in groups.items()
                if shown_month in group
            }
        answers.append(answer)
    return {
        "currency": view.currency,
        "as_of": (as_of or view.as_of).isoformat(),
        "constant_on": constant_on.isoformat() if constant_on else None,
        "months": answers,
        "definitions": {d.slug: d.text for d in definitions()},
    }


Group = dict[date, Row]
"""Month → the sums of one group."""


@dataclass(frozen=True, slots=True)
class Company:
    """What is known of the company as a whole, month by month."""

    total: Group
    cash: Group

    @classmethod
    def of(cls, view: View) -> "Company":
        """Ask for all months of a view."""
        total = merged(
            view.rows("recurring_revenue", "mrr_by_month", dimension="all"),
            view.rows("revenue", "revenue_by_month", dimension="all"),
        )
        cash = merged(view.rows("cash", "cash_by_month").with_columns(group_key=pl.lit("all")))
        return cls(total.get("all", {}), cash.get("all", {}))

    def gross_margin(self, months: list[date]) -> Fraction | None:
        """Share of gross revenue left after its cost; whole when no such cost is entered."""
        cost = sum(self.cash.get(m, NOTHING)["cost_of_revenue_minor"] for m in months)
        gross = sum(self.total.get(m, NOTHING)["gross_minor"] for m in months)
        return Fraction(1) if cost == 0 else ratio(gross - cost, gross)


def groups_of(view: View, by: By, only: Sequence[int] | None = None) -> dict[str, Group]:
    """Group → month → its sums; by tenant of those with these numbers, else of all."""
    if by not in get_args(By):
        raise BadInput(f"Figures are not grouped by {by!r}")
    if by == "tenant":
        return merged(
            by_tenant(view, "recurring_revenue_by_tenant", "mrr_tenants", only),
            by_tenant(view, "revenue_by_tenant", "revenue_pieces", only),
        )
    return merged(
        view.rows("recurring_revenue", "mrr_by_month", dimension=by),
        view.rows("revenue", "revenue_by_month", dimension=by),
    )


def by_tenant(
    view: View, question: str, model: str, only: Sequence[int] | None = None
) -> pl.DataFrame:
    """The answer to a question about each tenant, of all or of those with these numbers."""
    if only is None:
        return view.rows(question, model, {"wanted": "wanted_all"})
    return view.rows(question, model, {"wanted": "wanted_some"}, tenants=list(only))


def merged(*frames: pl.DataFrame) -> dict[str, Group]:
    """Group → month → sums, from answers with one row per month and `group_key`."""
    groups: dict[str, Group] = {}
    for frame in frames:
        for row in frame.iter_rows(named=True):
            group = groups.setdefault(row.pop("group_key"), {})
            sums = group.setdefault(row.pop("month"), Row())
            sums.update({name: value or 0 for name, value in row.items()})
    return dict(sorted(groups.items()))


def headlines(group: Group, company: Company, month: date, view: View) -> dict[str, Any]:
    """The figures that exist for the company and for each group."""
    row, currency = group.get(month, NOTHING), view.currency
    gained = row["new_minor"] + row["expansion_minor"] + row["reactivation_minor"]
    lost = -row["contraction_minor"] - row["churn_minor"]
    returned = row["refunds_minor"] + row["lost_disputes_minor"]
    return {
        "mrr": money(row["end_minor"], currency),
        "at_risk": money(row["at_risk_minor"], currency),
        "arr": money(12 * row["end_minor"], currency),
        "arpa": money_or_none(ratio(row["end_minor"], row["customers"]), currency),
        "customers": row["customers"],
        "logo_churn": decimal_text(ratio(row["customers_lost"], row["customers_at_start"])),
        "gross_revenue": money(row["gross_minor"], currency),
        "net_revenue": money(row["gross_minor"] - returned, currency),
        "platform_fees": money(row["platform_fees_minor"], currency),
        "nrr": decimal_text(ratio(row["cohort_end_minor"], row["cohort_start_minor"])),
        "grr": decimal_text(ratio(row["kept_minor"], row["cohort_start_minor"])),
        "quick_ratio": decimal_text(ratio(gained, lost)),
        "ltv": money_or_none(lifetime_value(group, company, month), currency),
    }


def trailing_churn(group: Group, month: date) -> Fraction | None:
    """Customers lost over three months per customer at the start of each."""
    rows = [group.get(m, NOTHING) for m in trailing(month)]
    return ratio(
        sum(row["customers_lost"] for row in rows), sum(row["customers_at_start"] for row in rows)
    )


def trailing(month: date) -> list[date]:
    """The month and the two before."""
    return [months_back(month, n) for n in range(TRAILING)]


def lifetime_value(group: Group, company: Company, month: date) -> Fraction | None:
    """ARPA times gross margin, over churn; undefined while nobody leaves."""
    row = group.get(month, NOTHING)
    arpa, churn = ratio(row["end_minor"], row["customers"]), trailing_churn(group, month)
    margin = company.gross_margin(trailing(month))
    return arpa * margin / churn if arpa is not None and margin is not None and churn else None


NO_COMPANY_FIGURES: dict[str, Any] = dict.fromkeys(
    ("cash_collected", "cac", "ltv_cac", "runway_months")
)


def _company_figures(company: Company, month: date, view: View) -> dict[str, Any]:
    """The figures that need costs and cash, which belong to no group."""
    cac = acquisition_cost(company, month)
    value = lifetime_value(company.total, company, month)
    months, note = runway(company, month, view)
    return {
        "cash_collected": money(collected(company.cash.get(month, NOTHING)), view.currency),
        "cac": money_or_none(cac, view.currency),
        "ltv_cac": decimal_text(value / cac if value is not None and cac else None),
        "runway_months": decimal_text(months),
        "runway_note": note,
    }


def acquisition_cost(company: Company, month: date) -> Fraction | None:
    """Sales and marketing costs per new customer; undefined without either."""
    spent = company.cash.get(month, NOTHING)
    joined = company.total.get(month, NOTHING)["new_customers"]
    return ratio(spent["sales_marketing_minor"], joined) if spent["sales_marketing_rows"] else None


def closed_months(month: date, view: View) -> list[date]:
    """The last three months that are over at the end of the month shown."""
    last = months_back(month, 1) if view.is_partial(month) else month
    return trailing(last)


def net_burn(row: Row) -> int:
    """What a month cost beyond what it collected, in minor units."""
    return row["costs_minor"] - collected(row)


def collected(row: Row) -> int:
    """What came in less what was given back and what gateways kept, in minor units."""
    return row["collected_minor"] - row["refunds_paid_minor"] - row["gateway_fees_minor"]


def _is_empty(row: Row) -> bool:
    return not row["cost_rows"] and not row["collected_minor"]


def runway(company: Company, month: date, view: View) -> tuple[Fraction | None, str | None]:
    """Months the cash lasts, or why there is no such number."""
    rows = [company.cash.get(m, NOTHING) for m in closed_months(month, view)]
    held = company.cash.get(month, NOTHING)
    if not held["cash_rows"] or not any(row["cost_rows"] for row in rows):
        return None, "no cash balance or no costs entered"
    # Months before the first money moved were not spent at no cost; they are not part of the mean.
    begun = list(dropwhile(_is_empty, reversed(rows)))
    burn = Fraction(sum(net_burn(row) for row in begun), len(begun))
    if burn <= 0:
        return None, CASH_POSITIVE
    return held["cash_minor"] / burn, None
